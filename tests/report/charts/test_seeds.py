from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import pytest

from bench.records import Run
from bench.report.charts.seeds import seeds
from tests.report.charts.runs import section, values
from tests.report.svg_points import Drawing

MakeRun = Callable[..., Run]
BASE_MODELS = ("lr", "fm", "ffm", "deepfm")


@pytest.mark.parametrize("primary", ["logloss", "auc"])
def test_every_dot_is_a_record_and_every_bar_their_mean(make_run: MakeRun, primary: str) -> None:
    run = make_run(edit=lambda _, manifest: manifest.update(primary=primary))
    raw = values(run, primary)
    drawing = Drawing(seeds(section(run)))
    found: dict[str, list[float]] = {}
    for ident in drawing.ids("seeds-seed"):
        found.setdefault(drawing.named(ident), []).append(drawing.point(ident)[0])
    assert found.keys() == {name for name in raw if not name.startswith("perfect")}
    for name, dots in found.items():
        assert dots == pytest.approx(raw[name], abs=1e-6)
    bars = [drawing.corners(ident)[0][0] for ident in drawing.ids("seeds-mean")]
    assert bars == pytest.approx([statistics.fmean(raw[name]) for name in found], abs=1e-6)


def test_methods_stand_in_the_order_of_the_table_apart_from_base_models(make_run: MakeRun) -> None:
    run = make_run()
    means = {name: statistics.fmean(of) for name, of in values(run).items()}
    methods = means.keys() - {*BASE_MODELS, "perfect-user", "perfect-sample"}
    (panel,) = seeds(section(run)).panels
    assert panel.y.names == (
        *sorted(methods, key=means.__getitem__),
        *sorted(BASE_MODELS, key=means.__getitem__),
    )
    assert [mark.at for mark in panel.marks if hasattr(mark, "level")] == [5.5]


def test_it_says_who_spreads_most_and_whether_the_first_two_overlap(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "average":
                one["metrics"]["logloss"]["value"] = 0.55 + 0.05 * one["trial"]["seed"]

    assert seeds(section(make_run(edit=edit))).alt == (
        "Over seeds, average spreads most, from .5500 to .6500. In the order of means come first metaselector, from .5299 to "
        ".5313, and user-calibration, from .5390 to .5404: they lie apart."
    )


def test_a_base_model_that_is_best_is_said_to_be(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "ffm":
                one["metrics"]["logloss"]["value"] -= 0.2

    assert (
        "In the order of means come first ffm, from .3996 to .4010, and metaselector"
        in seeds(section(make_run(edit=edit))).alt
    )


def test_of_seeds_that_are_all_alike_none_spreads_most(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            one["metrics"]["logloss"]["value"] = 0.6

    assert seeds(section(make_run(edit=edit))).alt.startswith(
        "No method's figure differs between its seeds. In the order of means come first "
    )


def test_a_seed_without_a_value_is_no_dot_and_the_note_says_whose(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        first = next(one for one in records if one["trial"]["method"] == "fm")
        first["metrics"]["logloss"] = {"value": None, "reason": "one class", "counts": {}}

    chart = seeds(section(make_run(edit=edit)))
    drawing = Drawing(chart)
    dots = [ident for ident in drawing.ids("seeds-seed") if drawing.named(ident) == "fm"]
    assert len(dots) == 2
    assert "Not every seed of fm has a result." in chart.note
    assert chart.numbers is not None
    assert chart.numbers.heads == ("method", "seed 0", "seed 1", "seed 2", "mean", "sample sd")
    (row,) = (one for one in chart.numbers.rows if one.name == "fm")
    assert row.cells[0].text == "–"


def test_one_seed_tells_nothing_of_another_training(make_run: MakeRun) -> None:
    chart = seeds(section(make_run(seeds=(0,))))
    assert not chart.panels
    assert "give more `seeds`" in chart.nothing
