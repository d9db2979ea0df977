"""Series of figures over runs, where they break, and where they changed."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError, NoRunError
from bench.history import History, history, runs_in_time, to_json, with_changes
from bench.history.model import CPU, MEMORY, Series
from bench.records import Run
from tests.history.generated import MakeRun, Records, identity, of_one_step, otava_script, runs_of
from tests.report.conftest import TRIALS, failed, mean_loss

STEP = [0.0] * 8 + [0.03] * 6


def of(found: History, method: str, quantity: str = "logloss") -> Series:
    (one,) = (one for one in found.series if (one.method, one.quantity) == (method, quantity))
    return one


def fake(tmp_path: Path, at: int) -> Path:
    """An otava that finds a change there in lines that have one, by the largest step."""
    code = (
        "import json, sys\n"
        "lines = json.load(sys.stdin)\n"
        f"print(json.dumps([[[{at}, 1e-6]] if len(one) > {at} and one[{at}] != one[{at} - 1] else [] for one in lines]))\n"
    )
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "fake.py").write_text(code)
    return otava_script(tmp_path / "venv", f'exec "{sys.executable}" "{tmp_path / "fake.py"}"')


def test_each_line_has_the_figures_of_its_runs(make_run: MakeRun) -> None:
    found = history(runs_of(make_run, [0.0, 0.01, -0.02], seeds=(0, 1)))
    assert found.runs == ("run-000", "run-001", "run-002")
    line = of(found, "fm")
    assert [point.run for point in line.points] == [0, 1, 2]
    loss = mean_loss("fm", (0, 1))
    assert [one.value for one in line.points] == pytest.approx([loss, loss + 0.01, loss - 0.02])
    seconds = [
        sum(6.3 * (1 + 0.1 * seed) * (1 + by) + 0.05 for seed in (0, 1)) / 2
        for by in (0.0, 0.01, -0.02)
    ]
    assert [one.value for one in of(found, "fm", CPU).points] == pytest.approx(seconds)
    assert of(found, "fm", MEMORY).points[0].value == pytest.approx(612 + 2)
    methods = {name for name, (kind, *_) in TRIALS.items() if kind != "bound"}
    assert {one.method for one in found.series} == methods
    assert found.series[0].breaks == ()


def test_another_metric_may_be_followed(make_run: MakeRun) -> None:
    line = of(history(runs_of(make_run, [0.0, 0.0]), "auc"), "fm", "auc")
    assert line.higher_is_better is True
    with pytest.raises(BenchError, match="--metric ndgc: no run has it; there are auc, gauc"):
        history(runs_of(make_run, [0.0]), "ndgc")


def processor(records: Records, _: dict[str, Any]) -> None:
    for one in records:
        one["environment"]["processor"] = "P2"


def setting(records: Records, _: dict[str, Any]) -> None:
    for one in records:
        if one["trial"]["method"] == "fm":
            one["identity"]["settings"] = {"use": "fm", "params": {"embedding_dim": 4}}


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (identity(data="f" * 64), "data"),
        (identity(split="f" * 64), "split"),
        (identity(metrics={"logloss": 2, "auc": 1, "gauc": 1}), "metrics"),
        (processor, "processor"),
    ],
    ids=["data", "split", "metrics", "processor"],
)
def test_a_line_breaks_where_figures_are_of_something_else(
    make_run: MakeRun, edit: Any, why: str
) -> None:
    found = history(runs_of(make_run, [0.0] * 6, {2: edit, 3: edit}))
    line = of(found, "fm")
    assert [(cut.run, cut.why) for cut in line.breaks] == [(2, why), (4, why)]
    assert [[point.run for point in piece] for piece in line.pieces] == [[0, 1], [2, 3], [4, 5]]


def test_settings_break_the_line_of_their_method_alone(make_run: MakeRun) -> None:
    def before(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one["identity"]["settings"] = {"use": "fm", "params": {"embedding_dim": 10}}

    def after(records: Records, manifest: dict[str, Any]) -> None:
        before(records, manifest)
        setting(records, manifest)

    found = history(runs_of(make_run, [0.0] * 3, {0: before, 1: before, 2: after}))
    assert [(cut.run, cut.why) for cut in of(found, "fm").breaks] == [(2, "setting embedding_dim")]
    assert of(found, "ffm").breaks == ()


def fm_of(dim: int) -> Any:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "fm":
                one["identity"]["settings"] = {"use": "fm", "params": {"embedding_dim": dim}}

    return edit


def without(model: str) -> Any:
    """It is in no pool, and has no trial."""

    def edit(records: Records, manifest: dict[str, Any]) -> None:
        records[:] = [one for one in records if one["trial"]["method"] != model]
        manifest["trials"] = [one for one in manifest["trials"] if one["method"] != model]
        for one in records:
            one["details"].get("source_shift", {}).pop(model, None)

    return edit


def in_place_of_lr(records: Records, manifest: dict[str, Any]) -> None:
    for one in records:
        if "source_shift" in one["details"]:
            one["details"]["source_shift"]["gbdt"] = one["details"]["source_shift"].pop("lr")


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (fm_of(10), fm_of(4), "pool: other settings of fm"),
        (fm_of(10), without("lr"), "pool: 4 -> 3 base models"),
        (fm_of(10), in_place_of_lr, "pool: gbdt in place of lr"),
    ],
    ids=["settings", "fewer", "others"],
)
def test_another_pool_breaks_the_lines_of_the_methods_that_mix_it(
    make_run: MakeRun, before: Any, after: Any, why: str
) -> None:
    found = history(runs_of(make_run, [0.0] * 3, {0: before, 1: before, 2: after}))
    for method in ("average", "gating", "metaselector"):
        assert [(cut.run, cut.why) for cut in of(found, method).breaks] == [(2, why)]
    assert of(found, "ffm").breaks == ()


def base(name: str) -> Any:
    def edit(_: Records, manifest: dict[str, Any]) -> None:
        manifest["relaimpr_base"] = name

    return edit


def best(model: str) -> Any:
    """By its validation log loss."""

    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == model:
                one["validation"]["logloss"] = 0.1

    return edit


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (base("best-single"), base("lr"), "best-single (fm) -> lr"),
        (base("lr"), base("ffm"), "lr -> ffm"),
        (base("fm"), base("best-single"), "fm -> best-single (fm)"),
        (base("best-single"), best("ffm"), "best-single (fm) -> best-single (ffm)"),
        (fm_of(10), fm_of(4), "other settings of fm"),
    ],
)
def test_relaimpr_breaks_where_it_is_against_another_base(
    make_run: MakeRun, before: Any, after: Any, why: str
) -> None:
    runs = runs_of(make_run, [0.0] * 3, {0: before, 1: before, 2: after})
    line = of(history(runs, "relaimpr"), "ffm", "relaimpr")
    assert [(cut.run, cut.why) for cut in line.breaks] == [(2, f"base of RelaImpr: {why}")]
    assert of(history(runs, "auc"), "ffm", "auc").breaks == ()


def test_relaimpr_against_a_method_breaks_where_the_pool_below_that_one_changes(
    make_run: MakeRun,
) -> None:
    def after(records: Records, manifest: dict[str, Any]) -> None:
        base("gating")(records, manifest)
        without("lr")(records, manifest)

    edits = {0: base("gating"), 1: after}
    line = of(history(runs_of(make_run, [0.0] * 2, edits), "relaimpr"), "ffm", "relaimpr")
    assert [cut.why for cut in line.breaks] == ["base of RelaImpr: 4 -> 3 base models under gating"]


def test_other_seeds_break_the_line(make_run: MakeRun) -> None:
    first, second = runs_of(make_run, [0.0, 0.0], seeds=(0, 1)), runs_of(make_run, [0.0] * 3)
    found = history([*first, second[2]])
    assert [(cut.run, cut.why) for cut in of(found, "fm").breaks] == [(2, "seeds")]


def test_other_code_breaks_no_line_since_that_is_what_is_followed(make_run: MakeRun) -> None:
    found = history(runs_of(make_run, [0.0] * 3, {1: identity(harness="f" * 64)}))
    assert {one.breaks for one in found.series} == {()}


def test_a_mean_over_fewer_seeds_is_left_out_and_counted(make_run: MakeRun) -> None:
    def lost(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if (one["trial"]["method"], one["trial"]["seed"]) == ("fm", 1):
                one.update(failed("out of memory"))

    found = history(runs_of(make_run, [0.0] * 3, {1: lost}, seeds=(0, 1)))
    assert [point.run for point in of(found, "fm").points] == [0, 2]
    assert [point.run for point in of(found, "fm", CPU).points] == [0, 2]
    assert found.left_out == 3, "log loss, CPU time and memory"


def test_a_run_without_a_result_leaves_a_gap(make_run: MakeRun) -> None:
    def nothing(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one.update(failed("out of memory"))

    found = history(runs_of(make_run, [0.0] * 3, {2: nothing}))
    assert [point.run for point in of(found, "fm").points] == [0, 1]
    assert len(found.runs) == 3


def test_changes_have_the_means_around_them(make_run: MakeRun, tmp_path: Path) -> None:
    found = with_changes(history(runs_of(make_run, STEP)), fake(tmp_path, 8))
    (change,) = of(found, "fm").changes
    loss = mean_loss("fm", (0,))
    assert change.run == 8
    assert (change.before, change.after) == pytest.approx((loss, loss + 0.03))
    assert change.share == pytest.approx(0.03 / loss)
    assert of(found, "ffm").changes == ()
    assert found.looked
    told = to_json(found)
    (line,) = (
        one for one in told["series"] if (one["method"], one["quantity"]) == ("fm", "logloss")
    )
    assert line["changes"][0]["share"] == pytest.approx(0.03 / loss)


def test_changes_are_looked_for_between_breaks(make_run: MakeRun, tmp_path: Path) -> None:
    """The step at run 8 is where the machine changed: it is no change point."""
    edits = dict.fromkeys(range(8, 14), processor)
    found = with_changes(history(runs_of(make_run, STEP, edits)), fake(tmp_path, 8))
    assert found.looked
    assert {one.changes for one in found.series} == {()}
    later = [0.0] * 4 + [0.5] * 2 + [0.53] * 3
    edits = dict.fromkeys(range(4, 9), processor)
    found = with_changes(history(runs_of(make_run, later, edits)), fake(tmp_path / "b", 2))
    assert [one.run for one in of(found, "fm").changes] == [6]


def test_no_change_is_found_among_costs_that_came_from_the_cache(
    make_run: MakeRun, tmp_path: Path
) -> None:
    """What was measured is before the change and after it, once each."""
    cached = dict.fromkeys(range(14), of_one_step)
    found = with_changes(history(runs_of(make_run, STEP, cached)), fake(tmp_path, 8))
    assert of(found, "fm", CPU).changes == ()
    assert len(of(found, "fm").changes) == 1
    measured = with_changes(history(runs_of(make_run, STEP)), fake(tmp_path / "b", 8))
    assert len(of(measured, "fm", CPU).changes) == 1


def test_a_mean_of_which_a_seed_was_measured_earlier_is_not_measured(make_run: MakeRun) -> None:
    def one_anew(records: Records, manifest: dict[str, Any]) -> None:
        of_one_step(records, manifest)
        for one in records:
            if one["trial"] == one["trial"] | {"method": "fm", "seed": 1}:
                one["cost"]["own"]["train_cpu_s"] += 1

    def both_anew(records: Records, manifest: dict[str, Any]) -> None:
        of_one_step(records, manifest)
        for one in records:
            if one["trial"]["method"] == "fm":
                one["cost"]["own"]["train_cpu_s"] += 2

    edits = {0: of_one_step, 1: one_anew, 2: both_anew}
    found = history(runs_of(make_run, [0.0] * 3, edits, seeds=(0, 1)))
    assert [point.measured for point in of(found, "fm", CPU).points] == [True, False, True]


def test_without_otava_the_note_says_how_to_have_it(make_run: MakeRun) -> None:
    found = with_changes(history(runs_of(make_run, STEP)), None)
    assert not found.looked
    (note,) = found.notes
    assert "pip install apache-otava==0.8.0" in note


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo 'No module named otava' >&2; exit 1", "No module named otava"),
        ("exit 3", "it ended with 3"),
        ("kill -9 $$", "it ended with -9"),
        ("echo nonsense", "no answer"),
        ("echo '[]'", "no answer"),
        ("echo '[[[999, 0.1]]]'", "no answer"),
        ("echo '{\"a\": 1}'", "no answer"),
        ("sleep 20", "longer than 0.5 s"),
    ],
)
def test_whatever_otava_does_is_a_note(
    make_run: MakeRun, tmp_path: Path, body: str, said: str
) -> None:
    where = otava_script(tmp_path / "venv", body.replace("sleep", "exec sleep"))
    found = with_changes(
        history(runs_of(make_run, STEP)), where, timeout_s=0.5 if "sleep" in body else 60
    )
    assert not found.looked
    assert said in found.notes[0]
    assert {one.changes for one in found.series} == {()}


def test_no_such_otava_is_a_note(make_run: MakeRun, tmp_path: Path) -> None:
    found = with_changes(history(runs_of(make_run, STEP)), tmp_path / "nothing")
    assert "otava failed" in found.notes[0]
    assert "No such file" in found.notes[0]


def test_lines_too_short_to_look_at_are_told_of(make_run: MakeRun, tmp_path: Path) -> None:
    found = with_changes(history(runs_of(make_run, [0.0, 0.01])), fake(tmp_path, 1))
    assert any("fewer than 3 runs between breaks" in note for note in found.notes)
    longer = with_changes(history(runs_of(make_run, STEP)), fake(tmp_path / "b", 8))
    assert any("fewer runs than otava's window of 50" in note for note in longer.notes)


OnDisk = Callable[[Run], Run]


def test_runs_are_found_one_level_down_and_stand_in_time(
    make_run: MakeRun, on_disk: OnDisk, tmp_path: Path
) -> None:
    for run, name in zip(runs_of(make_run, [0.0] * 3), ("c", "a", "b"), strict=True):
        on_disk(run._replace(folder=tmp_path / "held" / name))
    (tmp_path / "held" / "notes").mkdir()
    named = [tmp_path / "held", tmp_path / "held" / "a"]
    assert [run.folder.name for run in runs_in_time(named).runs] == ["c", "a", "b"]
    with pytest.raises(NoRunError, match="no run, nor a folder that holds runs"):
        runs_in_time([tmp_path])


def test_runs_of_one_time_stand_by_their_folder(
    make_run: MakeRun, on_disk: OnDisk, tmp_path: Path
) -> None:
    for name in ("b", "a"):
        on_disk(make_run((0,))._replace(folder=tmp_path / name))
    assert [run.folder.name for run in runs_in_time([tmp_path]).runs] == ["a", "b"]


def test_times_of_other_zones_stand_where_they_were(
    make_run: MakeRun, on_disk: OnDisk, tmp_path: Path
) -> None:
    def at(started: str) -> Any:
        def edit(_: Records, manifest: dict[str, Any]) -> None:
            manifest["started"] = started

        return edit

    times = {"later": "2026-01-01T10:00:00+00:00", "earlier": "2026-01-01T11:00:00+02:00"}
    for name, started in times.items():
        on_disk(make_run((0,), at(started))._replace(folder=tmp_path / name))
    assert [run.folder.name for run in runs_in_time([tmp_path]).runs] == ["earlier", "later"]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("BENCH_OTAVA"), reason="BENCH_OTAVA names no otava")
def test_otava_itself_finds_a_known_step(make_run: MakeRun) -> None:
    noise = [0.002 * math.sin(7 * place) for place in range(20)]
    shifts = [by + (0.05 if place >= 12 else 0.0) for place, by in enumerate(noise)]
    found = with_changes(history(runs_of(make_run, shifts)), Path(os.environ["BENCH_OTAVA"]))
    assert found.looked, found.notes
    (change,) = of(found, "fm").changes
    assert change.run == 12
    assert change.after - change.before == pytest.approx(0.05, abs=0.001)
    assert [one.run for one in of(found, "fm", CPU).changes] == [12]
    assert of(found, "ffm").changes == ()
