from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from bench.records import Run
from bench.report.charts.model import Chart, Line, Points, Rule, Words
from bench.report.charts.pareto import pareto
from tests.report.charts.runs import many, section, values
from tests.report.svg_points import Drawing, Point

MakeRun = Callable[..., Run]


def costs(run: Run) -> dict[str, tuple[float, float]]:
    """By method: training CPU s in all, and milliseconds a thousand rows, from the records."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in run.records:
        if one["kind"] != "bound":
            found.setdefault(one["trial"]["method"], []).append(one["cost"])
    return {
        name: (
            statistics.fmean(one["total"]["train_cpu_s"] for one in of),
            1e6
            * sum(one["own"]["predict_cpu_s"] for one in of)
            / sum(one["own"]["predict_rows"] for one in of),
        )
        for name, of in found.items()
    }


def unbeaten(points: dict[str, Point], higher: bool) -> set[str]:
    """Those that no other one equals at no more cost, one by one."""

    def as_good(one: float, other: float) -> bool:
        return one >= other if higher else one <= other

    return {
        name
        for name, (cost, quality) in points.items()
        if not any(
            its_cost <= cost and as_good(its, quality) and other != name
            for other, (its_cost, its) in points.items()
        )
    }


@pytest.mark.parametrize("primary", ["logloss", "auc"])
@pytest.mark.parametrize("which", [0, 1])
def test_every_point_and_the_line_are_where_the_records_say(
    make_run: MakeRun, primary: str, which: int
) -> None:
    run = make_run(edit=lambda _, manifest: manifest.update(primary=primary))
    key = ("train", "predict")[which]
    quality = {name: statistics.fmean(of) for name, of in values(run, primary).items()}
    want = {name: (cost[which], quality[name]) for name, cost in costs(run).items()}
    best = unbeaten(want, primary == "auc")
    assert 1 < len(best) < len(want)

    drawing = Drawing(pareto(section(run)), log="x")
    for part, names in (("line", best), ("other", want.keys() - best)):
        drawn = sorted(drawing.points(f"pareto-{key}-{part}"))
        assert len(drawn) == len(names)
        for found, told in zip(drawn, sorted(want[name] for name in names), strict=True):
            assert found == pytest.approx(told, rel=1e-4)

    corners = drawing.corners(f"pareto-{key}-steps-0")
    steps = sorted(want[name] for name in best)
    assert corners[::2][: len(steps)] == [pytest.approx(step, rel=1e-4) for step in steps]
    for (_, level), (cost, _) in zip(corners[::2], corners[1::2], strict=False):
        assert (cost, level) in [pytest.approx(corner, rel=1e-4) for corner in corners]


def identified(chart: Chart) -> list[list[str]]:
    """Of each panel, the names that stand beside points, and for each number there the names that its key gives."""
    panels, keys = chart.panels[:2], chart.panels[2:] or (None, None)
    found: list[list[str]] = []
    for panel, key in zip(panels, keys, strict=True):
        beside = [name for one in panel.marks if isinstance(one, Points) for name in one.names]
        told = [] if key is None else [one.text for one in key.marks if isinstance(one, Words)]
        entries = [text.partition(" ") for text in told]
        numbers = [name for name in beside if name.isdigit()]
        assert len(set(numbers)) == len(numbers)
        assert {number for number, _, _ in entries} == set(numbers)
        names = [name for name in beside if name and not name.isdigit()]
        found.append([*names, *(name for _, _, name in entries)])
    return found


@pytest.mark.parametrize("methods", [0, 5, 40])
def test_every_point_has_its_name_or_a_number_with_a_key(make_run: MakeRun, methods: int) -> None:
    run = make_run(edit=partial(many, methods))
    for found in identified(pareto(section(run))):
        assert sorted(found) == sorted(costs(run))


def test_points_that_lie_on_one_another_share_a_number(make_run: MakeRun) -> None:
    def alike(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for one in records:
            one["metrics"]["logloss"]["value"] = 0.6
            if one["cost"]["total"]:
                one["cost"]["total"]["train_cpu_s"] = 5.0

    chart = pareto(section(make_run(edit=alike)))
    train, _ = identified(chart)
    assert len(train) == len(set(train)) == 10
    assert "share a number" in chart.note


def test_names_of_the_line_stand_beside_their_points(make_run: MakeRun) -> None:
    chart = pareto(section(make_run()))
    for panel in chart.panels[:2]:
        (line,) = (
            mark for mark in panel.marks if isinstance(mark, Points) and mark.role == "better"
        )
        assert all(line.names)
        assert len(line.names) == len(line.x)


def test_who_is_over_too_soon_to_time_stands_at_the_edge_and_leads(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "user-calibration":
                one["cost"]["own"] = one["cost"]["own"] | {"predict_cpu_s": 0.0}

    chart = pareto(section(make_run(edit=edit)))
    predict = chart.panels[1]
    (edge,) = (mark for mark in predict.marks if isinstance(mark, Rule))
    (line,) = (mark for mark in predict.marks if isinstance(mark, Points) and mark.role == "better")
    assert edge.label == "too soon to time"
    assert (line.names[0], line.x[0]) == ("user-calibration", edge.at)
    assert edge.at < min(
        mark.x[0] for mark in predict.marks if isinstance(mark, Points) and mark is not line
    )
    assert "at the left edge: user-calibration." in chart.note
    assert "Over too soon" not in pareto(section(make_run())).note


def test_of_those_too_soon_to_time_the_best_alone_is_on_the_line(make_run: MakeRun) -> None:
    untimed = ("lr", "average", "user-best", "fm")

    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] in untimed:
                one["cost"]["own"] = one["cost"]["own"] | {"predict_cpu_s": 1e-5}
            if one["trial"]["method"] == "lr":
                one["metrics"]["logloss"]["value"] = 0.55

    predict = pareto(section(make_run(edit=edit))).panels[1]
    (line,) = (mark for mark in predict.marks if isinstance(mark, Points) and mark.role == "better")
    assert set(untimed) & set(line.names) == {"lr"}


def test_what_was_never_measured_is_left_out(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "metaselector":
                one["cost"]["own"] = one["cost"]["own"] | {"predict_cpu_s": None}

    chart = pareto(section(make_run(edit=edit)))
    train, predict = map(set, identified(chart))
    assert "metaselector" in train
    assert "metaselector" not in predict
    assert chart.numbers is not None
    row = next(one for one in chart.numbers.rows if one.name == "metaselector")
    assert row.cells[2].text == "–"


def test_scores_from_a_file_have_no_cost_and_the_note_says_so(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "lr":
                one["details"]["predictions"] = {"file": "lr.csv", "sha256": "0", "rows": 1}

    chart = pareto(section(make_run(edit=edit)))
    assert chart.numbers is not None
    assert "lr" not in {row.name for row in chart.numbers.rows}
    assert "What lr cost is not known" in chart.note


def test_who_lacks_a_seed_is_never_on_the_line(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        first = next(one for one in records if one["trial"]["method"] == "metaselector")
        first["metrics"]["logloss"] = {"value": None, "reason": "one class", "counts": {}}

    chart = pareto(section(make_run(edit=edit)))
    on_line = [
        name
        for panel in chart.panels
        for mark in panel.marks
        if isinstance(mark, Points) and mark.role == "better"
        for name in mark.names
    ]
    assert "metaselector" not in on_line
    assert "metaselector" in [
        name
        for mark in chart.panels[0].marks
        if isinstance(mark, Points) and mark.role == "tie"
        for name in mark.names
    ]


def test_it_says_who_is_on_the_line_and_what_the_ends_cost(make_run: MakeRun) -> None:
    chart = pareto(section(make_run()))
    run = make_run()
    cheapest = min(costs(run), key=lambda name: costs(run)[name][0])
    assert f"By training, nothing cheaper is as good as {cheapest}, " in chart.alt
    assert f"{costs(run)[cheapest][0]:.3g} CPU s" in chart.alt
    assert ".5306 for 631 CPU s" in chart.alt


def test_a_cheaper_one_without_every_seed_is_not_compared(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        first = next(one for one in records if one["trial"]["method"] == "lr")
        first["metrics"]["logloss"] = {"value": None, "reason": "one class", "counts": {}}

    alt = pareto(section(make_run(edit=edit))).alt
    assert "By training, nothing cheaper with a result in every seed is as good as fm, " in alt


def test_without_any_cost_it_says_why_nothing_is_drawn(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            one["cost"] = {"own": {}, "total": {}}

    chart = pareto(section(make_run(edit=edit)))
    assert chart.nothing == "No cost of a method with a result is known."
    assert not chart.panels


def test_one_method_is_a_point_with_its_line(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for listed, of in ((records, lambda one: one["trial"]), (manifest["trials"], dict)):
            listed[:] = [one for one in listed if of(one)["method"] == "lr"]

    chart = pareto(section(make_run(edit=edit)))
    for panel in chart.panels:
        (line,) = (mark for mark in panel.marks if isinstance(mark, Line))
        assert len(line.x) == 2
    assert Drawing(chart, log="x").points("pareto-train-line") == [
        pytest.approx((2.1 * 1.1, 0.6022 + 0.0007), rel=1e-4)
    ]
