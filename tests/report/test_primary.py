"""A metric other than log loss that verdicts are about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.evaluate import Analysis, Paired
from bench.records import Run
from bench.report import Grid, Note, build
from bench.report.sections.document import document
from tests.report.analyses import paired

MakeRun = Callable[..., Run]
GAUC_OF_FM, GAUC_OF_LEAD = 0.718, 0.737


def by(primary: str) -> Callable[[list[dict[str, Any]], dict[str, Any]], None]:
    def edit(_: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        manifest["primary"] = primary

    return edit


def in_gauc(found: Analysis) -> Analysis:
    """metaselector leads by .019 GAUC; user-calibration ties with it, lr has no verdict."""

    def pair(difference: float, half: float) -> Paired:
        return paired(difference, half, metric="gauc")

    def edit(one: Any) -> Any:
        single, lead = dict(one.against_best_single), dict(one.against_lead)
        if single:
            single["gauc"] = pair(0.019, 0.005) if one.name == found.lead else pair(0.001, 0.003)
        if lead:
            lead["gauc"] = (
                pair(-0.002, 0.01) if one.name == "user-calibration" else pair(-0.02, 0.004)
            )
        return replace(one, against_best_single=single, against_lead=lead)

    return replace(found, primary="gauc", methods=tuple(map(edit, found.methods)))


def notes(run: Run) -> list[Note]:
    return [block for block in document(build(run)) if isinstance(block, Note)]


def test_the_answer_speaks_of_the_primary_and_of_its_direction(make_analysed: MakeRun) -> None:
    told = notes(make_analysed(edit=by("gauc"), change=in_gauc))
    first = next(note.text for note in told if note.strong)
    assert first == (
        "metaselector has the highest GAUC, .7363: .0190 above the best single model (fm), 95% interval .0140 to .0240, over "
        "604 users and 21,037 rows."
    )
    rest = told[[note.strong for note in told].index(True) + 1].text
    assert rest.startswith(
        "The run can't tell metaselector apart from user-calibration (a tie, marked =)."
    )


def test_rows_and_columns_are_in_the_order_of_the_primary(make_analysed: MakeRun) -> None:
    run = make_analysed(edit=by("gauc"), change=in_gauc)
    report = build(run)
    assert report.metrics == ("gauc", "auc", "logloss", "relaimpr")
    (section,) = report.sections
    for kind in ("method", "base_model"):
        means = [row.figures["gauc"].estimate.mean for row in section.rows if row.kind == kind]
        assert means == sorted(means, key=lambda mean: -(mean or 0.0))
    table = next(block for block in document(report) if isinstance(block, Grid))
    heads = [head.replace("\n", " ") for head in table.heads]
    assert heads[1] == "GAUC"
    assert heads[3:6] == ["verdict", "valid. log loss", "AUC"]
    lead = next(row for row in table.rows if row.name == "metaselector")
    assert [cell.text.strip() for cell in lead.cells[1:3]] == ["+.0190 [+.0140, +.0240]", "better"]
    assert any("above 0 is better" in note.text for note in notes(run))


def test_marks_are_verdicts_of_every_tested_metric(make_analysed: MakeRun) -> None:
    (section,) = build(make_analysed(edit=by("gauc"), change=in_gauc)).sections
    assert set(section.tested) == {"gauc", "logloss", "auc", "relaimpr"}
    marks = {row.name: row.figures["gauc"].mark for row in section.rows}
    assert (marks["metaselector"], marks["user-calibration"], marks["gating"]) == (
        "best",
        "tie",
        None,
    )


def test_what_stays_in_log_loss_says_so_where_the_primary_is_another(
    make_analysed: MakeRun,
) -> None:
    told = (
        "Bounds, shares of the gap, regret, users helped and segments are in log loss, not in GAUC."
    )
    assert Note(told) in notes(make_analysed(edit=by("gauc"), change=in_gauc))
    assert not any("not in log loss" in note.text for note in notes(make_analysed()))


@pytest.mark.parametrize(
    ("primary", "change"), [("gauc", lambda found: found), ("logloss", in_gauc)]
)
def test_an_analysis_by_another_metric_is_not_shown(
    make_analysed: MakeRun, primary: str, change: Callable[[Analysis], Analysis]
) -> None:
    told = notes(make_analysed(edit=by(primary), change=change))
    assert any(note.text.startswith("This run has no analysis") for note in told)


def test_without_an_analysis_the_best_mean_of_the_primary_is_named(make_run: MakeRun) -> None:
    first = next(note.text for note in notes(make_run(edit=by("gauc"))) if note.strong)
    assert (
        first
        == "metaselector has the highest mean GAUC, .7363; the best single model (fm) has .7173."
    )


def test_a_primary_that_the_records_lack_is_named_without_a_figure(make_analysed: MakeRun) -> None:
    def without(_: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        manifest["metrics"] = ["auc"]

    told = notes(make_analysed(edit=without))
    first = next(note.text for note in told if note.strong)
    assert re.match(
        r"metaselector has the lowest log loss: \.0704 below the best single model \(fm\)", first
    )
