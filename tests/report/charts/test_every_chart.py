"""What holds of each of these charts, whatever the run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from bench.evaluate import Reliability
from bench.records import Run
from bench.report.charts.differences import differences
from bench.report.charts.model import Chart
from bench.report.charts.pareto import pareto
from bench.report.charts.reliability import reliability
from bench.report.charts.seeds import seeds
from bench.report.charts.training import training
from bench.report.content.model import Section
from bench.report.draw.inline import inline_svg
from bench.report.words.names import short, visible
from tests.report.charts.runs import analysed, curves, many, section
from tests.report.conftest import failed
from tests.report.drawn_texts import outside, overlapping, texts
from tests.report.test_names import NAMES, replaced

MakeRun = Callable[..., Run]
Draw = Callable[[Section], Chart]

CHARTS: tuple[Draw, ...] = (differences, pareto, seeds, training, reliability)
every = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.__name__)
BINS = Reliability((0.1, 0.5, 0.9), (0.0, 0.6, 1.0), (500, 500, 500))
HOSTILE = ("script", "line ends", "right to left", "colours", "wide", "maths")
LOSSES = {"epochs": 4, "best_epoch": 3, "valid_logloss": [0.66, 0.62, 0.61, 0.63]}


def full(run: Run) -> Run:
    """With curves of training, and bins of reliability for all."""
    run = analysed(run)
    for one in run.records:
        if one["kind"] != "bound":
            one["details"] |= LOSSES
    (found,) = run.analyses.values()
    bins = {"predicted": BINS.predicted, "observed": BINS.observed, "rows": BINS.rows}
    for method in found["methods"]:
        method["calibration"] = method["calibration"] | {"reliability": bins}
    return run


@every
def test_it_says_what_is_seen_and_has_its_numbers(make_run: MakeRun, chart: Draw) -> None:
    drawn = chart(section(full(make_run())))
    assert drawn.name == chart.__name__
    assert len(drawn.alt) > 40
    assert drawn.alt.endswith(".")
    assert drawn.note
    assert drawn.numbers is not None
    assert drawn.numbers.rows
    assert all(len(row.cells) == len(drawn.numbers.heads) - 1 for row in drawn.numbers.rows)


@every
@pytest.mark.parametrize("methods", [0, 90])
def test_texts_stand_apart_and_inside_the_drawing(
    make_run: MakeRun, chart: Draw, methods: int
) -> None:
    drawn = chart(section(full(make_run(seeds=(0, 1), edit=partial(many, methods)))))
    found = texts(drawn)
    assert len(found) > 10
    assert overlapping(found) == []
    assert outside(drawn) == []


@every
def test_a_hundred_methods_are_drawn_in_little(make_run: MakeRun, chart: Draw) -> None:
    svg = inline_svg(chart(section(full(make_run(seeds=(0, 1), edit=partial(many, 90))))), "s1")
    assert len(svg) < 100_000


@every
@pytest.mark.parametrize("kind", HOSTILE)
def test_names_are_text(make_run: MakeRun, chart: Draw, kind: str) -> None:
    name, run = NAMES[kind], full(make_run(seeds=(0, 1)))
    words = {"metaselector": name, "fm": f"{name}2", "ml-1m": name, "ml-1m/cold": f"{name}/cold"}
    run = run._replace(
        manifest=replaced(run.manifest, words),
        records=tuple(replaced(one, words) for one in run.records),
        analyses=replaced(run.analyses, words),
    )
    drawn = chart(section(run))
    svg = inline_svg(drawn, "s1")
    assert "<script" not in svg
    assert "onload=" not in svg.replace("&lt;svg/onload=", "")
    assert "\x1b" not in svg
    assert visible(drawn.alt) == drawn.alt
    assert visible(drawn.note) == drawn.note
    assert drawn.numbers is not None
    assert short(name) in {row.name for row in drawn.numbers.rows}
    assert len(drawn.alt) < 1000


@every
def test_one_seed_of_one_model_is_drawn_or_said_to_be_none(make_run: MakeRun, chart: Draw) -> None:
    run = full(make_run(seeds=(0,)))
    (found,) = run.analyses.values()
    found["lead"] = "fm"
    found["methods"] = [
        one | {"against_lead": {}} for one in found["methods"] if one["name"] == "fm"
    ]
    run.manifest["trials"] = [one for one in run.manifest["trials"] if one["method"] == "fm"]
    alone = tuple(one for one in run.records if one["trial"]["method"] == "fm")
    drawn = chart(section(run._replace(records=alone)))
    assert bool(drawn.nothing) == (chart in (differences, seeds))
    assert drawn.nothing or "<svg" in inline_svg(drawn, "s1")


@every
def test_without_any_result_it_says_why_nothing_is_drawn(make_run: MakeRun, chart: Draw) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            one.update(failed("out of memory"))

    drawn = chart(section(make_run(edit=edit)))
    assert drawn.nothing.endswith(".")
    assert drawn.alt == drawn.nothing
    assert not drawn.panels


@every
def test_results_that_are_all_alike_are_drawn(make_run: MakeRun, chart: Draw) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        curves(
            dict.fromkeys(("fm", "lr"), LOSSES | {"valid_logloss": [0.6] * 4}), records, manifest
        )
        for one in records:
            one["metrics"]["logloss"]["value"] = 0.6

    drawn = chart(section(full(make_run(edit=edit))))
    assert overlapping(texts(drawn)) == []


@every
def test_figures_of_other_sizes_are_drawn(make_run: MakeRun, chart: Draw) -> None:
    """Log losses of rare clicks, and of a method that is far off."""

    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            one["metrics"]["logloss"]["value"] *= 1e-3 if one["trial"]["method"] != "lr" else 1e6

    assert "<svg" in inline_svg(chart(section(full(make_run(edit=edit)))), "s1")
