from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.evaluate import Analysis, MethodAnalysis
from bench.records import Run
from bench.report.charts.differences import differences
from bench.report.charts.model import Rule
from tests.report.analyses import ATTAINABLE, paired
from tests.report.charts.runs import section, values
from tests.report.svg_points import Drawing

MakeRun = Callable[..., Run]
ROLES = ("better", "tie", "worse", "withheld", "reference", "bound")


def drawn(drawing: Drawing) -> dict[str, tuple[str, float]]:
    """Name to role and place of its point."""
    return {
        drawing.named(ident): (role, drawing.point(ident)[0])
        for role in ROLES
        for ident in drawing.ids(f"differences-{role}")
    }


def intervals(drawing: Drawing) -> dict[str, tuple[float, float]]:
    """Name to the ends of its line."""
    found: dict[str, tuple[float, float]] = {}
    for role in ROLES:
        for ident in drawing.ids(f"differences-interval-{role}"):
            (low, _), (high, _) = drawing.corners(ident)
            found[drawing.named(ident)] = (low, high)
    return found


def with_single(run: Run) -> Run:
    """The analysis with best-single's log loss, which bounds are held against."""
    single = statistics.fmean(values(run)["fm"])
    return run._replace(
        analyses={
            place: one | {"best_single_logloss": single} for place, one in run.analyses.items()
        }
    )


def test_every_point_is_the_difference_of_the_records_means(make_analysed: MakeRun) -> None:
    run = make_analysed()
    means = {name: statistics.fmean(of) for name, of in values(run).items()}
    found = drawn(Drawing(differences(section(run))))
    assert found.pop("fm") == ("reference", pytest.approx(0, abs=1e-9))
    assert found.keys() == means.keys() - {"fm", "perfect-user", "perfect-sample"}
    for name, (_, place) in found.items():
        assert place == pytest.approx(means[name] - means["fm"], abs=1e-6)


def test_of_another_primary_there_are_no_bounds(make_analysed: MakeRun) -> None:
    run = make_analysed(edit=lambda _, manifest: manifest.update(primary="auc"))
    run = with_single(run)
    run = run._replace(
        analyses={place: one | {"primary": "auc"} for place, one in run.analyses.items()}
    )
    chart = differences(section(run))
    (analysis,) = run.analyses.values()
    found = drawn(Drawing(chart))
    for one in analysis["methods"]:
        if one["name"] != "fm":
            pair = one["against_best_single"]["auc"]
            assert found[one["name"]][1] == pytest.approx(pair["difference"], abs=1e-6)
    assert not [name for name in found if "bound" in name]
    assert chart.panels[0].x.label == "difference in AUC from fm (higher is better)"


def test_every_interval_and_verdict_is_the_analysis_s(make_analysed: MakeRun) -> None:
    run = make_analysed()
    (analysis,) = run.analyses.values()
    drawing = Drawing(differences(section(run)))
    points, lines = drawn(drawing), intervals(drawing)
    told = [one for one in analysis["methods"] if one["name"] != "fm"]
    assert len(told) == 9
    for one in told:
        pair = one["against_best_single"]["logloss"]
        assert points[one["name"]][0] == pair["verdict"]
        assert lines[one["name"]] == pytest.approx((pair["low"], pair["high"]), abs=1e-6)
    assert {points[one["name"]][0] for one in told} == {"better", "tie", "worse"}


def test_bounds_stand_apart_where_the_analysis_has_them(make_analysed: MakeRun) -> None:
    run = with_single(make_analysed())
    single = statistics.fmean(values(run)["fm"])
    chart = differences(section(run))
    found = drawn(Drawing(chart))
    samples = statistics.fmean(values(run)["perfect-sample"])
    assert {name: of for name, of in found.items() if "bound" in name} == {
        "attainable (bound)": ("bound", pytest.approx(ATTAINABLE - single, abs=1e-6)),
        "perfect-user (bound)": (
            "bound",
            pytest.approx(statistics.fmean(values(run)["perfect-user"]) - single, abs=1e-6),
        ),
        "perfect-sample (bound)": ("bound", pytest.approx(samples - single, abs=1e-6)),
    }
    (panel,) = chart.panels
    apart = [mark.at for mark in panel.marks if isinstance(mark, Rule) and mark.level]
    assert apart == [5.5, 9.5]
    assert [name.endswith("(bound)") for name in panel.y.names] == [False] * 10 + [True] * 3


def test_a_bound_that_lies_far_off_does_not_press_the_others_together(
    make_analysed: MakeRun,
) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "perfect-sample":
                one["metrics"]["logloss"]["value"] = 0.1

    run = with_single(make_analysed(edit=edit))
    chart = differences(section(run))
    found = drawn(Drawing(chart))
    assert {name for name in found if "bound" in name} == {
        "attainable (bound)",
        "perfect-user (bound)",
    }
    by = 0.1 - statistics.fmean(values(run)["fm"])
    assert f"Beyond the axis: perfect-sample (bound) ({by:.4f}).".replace("-0.", "-.") in chart.note
    assert chart.numbers is not None
    row = next(one for one in chart.numbers.rows if one.name == "perfect-sample (bound)")
    assert row.cells[0].text.strip() == f"{by:.4f}".replace("-0.", "-.")


def test_a_bound_has_no_interval_since_its_difference_has_none(make_analysed: MakeRun) -> None:
    run = with_single(make_analysed())
    (analysis,) = run.analyses.values()
    assert analysis["attainable"]["low"] < analysis["attainable"]["high"]
    chart = differences(section(run))
    assert not [name for name in intervals(Drawing(chart)) if "bound" in name]
    assert chart.numbers is not None
    row = next(one for one in chart.numbers.rows if one.name == "attainable (bound)")
    assert [cell.text.strip() for cell in row.cells[1:]] == ["–", "–", "bound"]
    assert "Bounds have none" in chart.note


def test_it_names_whom_it_differs_from_and_counts_all_verdicts(make_analysed: MakeRun) -> None:
    chart = differences(section(make_analysed()))
    assert chart.panels[0].x.label == "difference in log loss from fm (lower is better)"
    assert chart.alt.startswith("Differences from fm: the best, metaselector, differs by -.07")
    told = set(re.split(r", | and |; |: | is | are ", chart.alt))
    assert {"user-calibration", "gating", "average", "deepfm"} <= told


def differing(of: dict[str, float], others: float) -> Callable[[Analysis], Analysis]:
    """Differences from fm in log loss."""

    def edit(one: MethodAnalysis) -> MethodAnalysis:
        pair = paired(of.get(one.name, others), 0.001)
        table = {} if one.name == "fm" else {"logloss": pair}
        return replace(one, against_best_single=table, against_lead={})

    def change(found: Analysis) -> Analysis:
        lead = "fm" if min(of.values()) == 0 else "metaselector"
        return replace(found, methods=tuple(map(edit, found.methods)), lead=lead)

    return change


def test_where_the_reference_is_best_the_words_say_so(make_analysed: MakeRun) -> None:
    run = make_analysed(change=differing({"fm": 0.0}, others=0.002))
    assert differences(section(run)).alt.startswith(
        "Differences from fm: no mean is better than its own."
    )


def test_all_that_share_the_best_mean_are_named(make_analysed: MakeRun) -> None:
    run = make_analysed(
        change=differing({"lr": -0.5, "gating": -0.5, "metaselector": -0.5}, others=0.002)
    )
    assert differences(section(run)).alt.startswith(
        "Differences from fm: the best, gating, metaselector and lr, differ by -.5000."
    )


def test_without_an_analysis_it_says_why_nothing_is_drawn(make_run: MakeRun) -> None:
    chart = differences(section(make_run()))
    assert not chart.panels
    assert chart.nothing.startswith("There is no analysis of these records")
