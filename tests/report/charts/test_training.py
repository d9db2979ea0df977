from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from bench.records import Run
from bench.report import build
from bench.report.charts.model import Line, Points
from bench.report.charts.training import training
from tests.report.charts.runs import curves, many, section
from tests.report.svg_points import Drawing

MakeRun = Callable[..., Run]

FM = {"epochs": 4, "best_epoch": 3, "valid_logloss": [0.66, 0.62, 0.61, 0.63]}  # from epoch 1 on
META = {
    "epochs": 2,
    "best_epoch": 0,
    "valid_logloss": [0.57, 0.58, 0.59],
}  # from before training on


def test_every_line_and_best_epoch_is_where_the_records_say(make_run: MakeRun) -> None:
    rng = random.Random(0)

    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] in ("lr", "fm", "metaselector"):
                count, first = rng.randint(3, 9), int(one["kind"] == "base_model")
                losses = [rng.uniform(0.5, 0.7) for _ in range(count)]
                one["details"] |= {
                    "epochs": count - 1 + first,
                    "valid_logloss": losses,
                    "best_epoch": losses.index(min(losses)) + first,
                }

    run = make_run(edit=edit)
    chart = training(section(run))
    drawing = Drawing(chart)
    assert [panel.title for panel in chart.panels] == ["fm", "lr", "metaselector"]
    for place, panel in enumerate(chart.panels):
        raw = [one["details"] for one in run.records if one["trial"]["method"] == panel.title]
        for seed, told in enumerate(raw):
            losses = told["valid_logloss"]
            first = told["epochs"] + 1 - len(losses)
            (line,) = drawing.ids(f"training-{place}-{seed}")
            assert drawing.corners(line) == [
                pytest.approx((first + number, loss), abs=1e-5)
                for number, loss in enumerate(losses)
            ]
            best = drawing.point(f"training-{place}-best-{seed}")
            assert best == pytest.approx((told["best_epoch"], min(losses)), abs=1e-5)


def test_base_models_come_first_and_who_was_still_improving_is_said(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        curves({"fm": FM | {"best_epoch": 4}, "lr": FM, "metaselector": META}, records, manifest)
        for one in records:
            if one["trial"]["method"] == "fm":
                one["identity"] = one["identity"] | {
                    "settings": {"name": "fm", "use": "fm", "params": {"epochs": 4}, "train": {}}
                }

    found = section(make_run(edit=edit))
    assert {one.method for one in found.unfinished} == {"fm"}
    chart = training(found)
    assert [panel.title for panel in chart.panels] == ["fm: still improving", "lr", "metaselector"]
    assert (
        chart.alt
        == "Training of 3 methods, of up to 4 epochs: fm was still improving when the limit on epochs ended it."
    )


@pytest.mark.parametrize("drawn", ["fm", "none"])
def test_who_was_still_improving_and_is_not_drawn_is_said(make_run: MakeRun, drawn: str) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        curves({"fm": FM | {"best_epoch": 4 if drawn == "fm" else 3}}, records, manifest)
        for one in records:
            name = one["trial"]["method"]
            if name in ("fm", "ffm", "lr"):
                one["details"] |= {"epochs": 4} | ({} if name == "fm" else {"best_epoch": 4})
                one["identity"] = one["identity"] | {
                    "settings": {"name": name, "use": "fm", "params": {"epochs": 4}, "train": {}}
                }

    assert training(section(make_run(edit=edit))).alt == (
        f"Training of 1 method, of up to 4 epochs: {drawn} was still improving when the limit on epochs ended it; of those "
        "not drawn here, lr and ffm were."
    )


def test_all_panels_have_one_scale_and_what_diverged_is_cut_off(make_run: MakeRun) -> None:
    wild = {"epochs": 3, "best_epoch": 1, "valid_logloss": [0.7, 90.0, 1e6]}
    chart = training(
        section(make_run(edit=partial(curves, {"fm": FM, "metaselector": META, "lr": wild})))
    )
    (ends,) = {(panel.y.low, panel.y.high) for panel in chart.panels}
    assert ends[0] < 0.57
    assert 0.66 < ends[1] < 3
    assert "are cut off (lr)." in chart.note
    plain = training(section(make_run(edit=partial(curves, {"fm": FM, "metaselector": META}))))
    assert "cut off" not in plain.note


def test_no_point_of_a_best_epoch_lies_beyond_the_axis(make_run: MakeRun) -> None:
    far = {"epochs": 3, "best_epoch": 2, "valid_logloss": [90.0, 80.0, 85.0]}
    told = dict.fromkeys(("lr", "fm", "ffm", "deepfm"), FM) | {"metaselector": far}
    chart = training(section(make_run(edit=partial(curves, told))))
    high = chart.panels[0].y.high
    points = [
        y
        for panel in chart.panels
        for mark in panel.marks
        if isinstance(mark, Points)
        for y in mark.y
    ]
    assert points
    assert max(points) <= high < 80
    assert "So high is even the best epoch of metaselector, which has no point." in chart.note
    plain = training(section(make_run(edit=partial(curves, {"fm": FM}))))
    assert "So high" not in plain.note


@pytest.mark.parametrize("best", [1, 333, 777, 1000])
def test_a_long_line_keeps_its_ends_and_its_best(make_run: MakeRun, best: int) -> None:
    losses = [0.7 - 0.0001 * epoch for epoch in range(1000)]
    losses[best - 1] = 0.5
    told = {"epochs": 1000, "best_epoch": best, "valid_logloss": losses}
    chart = training(section(make_run(edit=partial(curves, {"fm": told}))))
    (panel,) = chart.panels
    for line in (mark for mark in panel.marks if isinstance(mark, Line)):
        assert len(line.x) <= 200
        assert {1.0, float(best), 1000.0} <= set(line.x)
        assert list(line.x) == sorted(line.x)
        assert line.y == tuple(losses[int(epoch) - 1] for epoch in line.x)
    assert "200 of their epochs" in chart.note


def test_of_many_the_best_are_shown_and_the_note_says_so(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        many(40, records, manifest)
        for one in records:
            if one["kind"] != "bound":
                one["details"] = one["details"] | FM

    run = make_run(seeds=(0,), edit=edit)
    chart = training(section(run))
    losses = {
        one["trial"]["method"]: one["metrics"]["logloss"]["value"]
        for one in run.records
        if one["kind"] != "bound"
    }
    best = sorted(losses, key=losses.__getitem__)[:24]
    assert {panel.title for panel in chart.panels} == set(best)
    assert "Shown are the 24 best of 50 that were trained." in chart.note


STRANGE: dict[str, dict[str, Any]] = {
    "no list": {"valid_logloss": "0.5 0.6 0.7 0.8"},
    "a mapping": {"valid_logloss": {"0": 0.5}},
    "words": {"valid_logloss": ["a", "b", "c", "d"]},
    "none": {"valid_logloss": [0.5, None, 0.4, 0.3]},
    "truths": {"valid_logloss": [True, False, True, True]},
    "too large": {"valid_logloss": [0.5, 10**400, 0.4, 0.3]},
    "nested": {"valid_logloss": [[0.5], [0.4], [0.3], [0.2]]},
    "empty": {"valid_logloss": []},
    "fewer": {"valid_logloss": [0.5, 0.4]},
    "more": {"valid_logloss": [0.5] * 9},
    "no epochs": {"epochs": None},
    "epochs in words": {"epochs": "4"},
    "epochs that are true": {"epochs": True, "valid_logloss": [0.5]},
    "none at all": {"epochs": 0, "valid_logloss": [0.5]},
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_what_is_of_another_type_is_no_curve(make_run: MakeRun, strange: dict[str, Any]) -> None:
    told = {"fm": FM | strange, "lr": FM}
    assert {
        one.method for one in build(make_run(edit=partial(curves, told))).sections[0].training
    } == {"lr"}


@pytest.mark.parametrize("best", [0, 5, -1, 10**30, None, "3", 3.0, True, [3]])
def test_a_best_epoch_that_is_none_of_them_is_not_marked(make_run: MakeRun, best: object) -> None:
    found = section(make_run(edit=partial(curves, {"fm": FM | {"best_epoch": best}})))
    assert {one.best_epoch for one in found.training} == {None}
    (panel,) = training(found).panels
    assert not [mark for mark in panel.marks if isinstance(mark, Points)]


def test_one_epoch_is_drawn_too(make_run: MakeRun) -> None:
    told = {"epochs": 1, "best_epoch": 1, "valid_logloss": [0.6]}
    drawing = Drawing(training(section(make_run(seeds=(0,), edit=partial(curves, {"fm": told})))))
    assert drawing.point("training-0-best-0") == pytest.approx((1, 0.6), abs=1e-6)


def test_without_curves_it_says_why_nothing_is_drawn(make_run: MakeRun) -> None:
    chart = training(section(make_run()))
    assert chart.nothing == "Nothing here left a loss for each epoch of its training."
