"""What is missing is incomplete, whatever a gate is asked for; and so is what a folder has twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.errors import CompareError
from bench.gate import GateResult, gate_runs
from bench.records import Run, load, write_record
from tests.gate.runs import Edit, make_run, users_of

TWO = {"fm": users_of(), "lr": users_of()}
ASKED = [("quality",), ("memory",), ("quality", "memory")]
MADE: dict[str, Any] = {"seeds": (0, 1), "peak": {"fm": 3e8, "lr": 3e8}}


def of_lr(result: GateResult) -> set[tuple[str, str, str]]:
    return {
        (cell.measure, cell.verdict, cell.reason) for cell in result.cells if cell.method == "lr"
    }


def vanished(records: list[dict[str, Any]]) -> None:
    records[:] = [record for record in records if record["trial"]["method"] != "lr"]


def failed(status: str) -> Edit:
    def edit(records: list[dict[str, Any]]) -> None:
        for record in records:
            if record["trial"]["method"] == "lr" and record["trial"]["seed"]:
                record["outcome"].update(status=status, reason="it broke")
                record["metrics"] = {}

    return edit


@pytest.mark.parametrize("aspects", ASKED)
@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (vanished, "not in CANDIDATE"),
        (failed("memory"), "seed 1: ok in BASE, memory in CANDIDATE (it broke)"),
        (failed("error"), "seed 1: ok in BASE, error in CANDIDATE (it broke)"),
    ],
)
def test_what_is_missing_is_incomplete_whatever_is_asked_for(
    tmp_path: Path, edit: Edit, reason: str, aspects: Sequence[str]
) -> None:
    base = make_run(tmp_path / "base", TWO, **MADE)
    candidate = make_run(tmp_path / "candidate", TWO, edit=edit, **MADE)
    result = gate_runs(base, candidate, aspects)
    assert (result.verdict, result.exit_code) == ("incomplete", 4)
    measures = ("auc", "logloss") if "quality" in aspects else ("",)
    assert of_lr(result) == {(measure, "incomplete", reason) for measure in measures}
    assert {cell.verdict for cell in result.cells if cell.method == "fm"} == {"ok"}


@pytest.mark.parametrize("aspects", ASKED)
def test_runs_that_share_no_method_are_incomplete(tmp_path: Path, aspects: Sequence[str]) -> None:
    base = make_run(tmp_path / "base", {"fm": users_of()}, **MADE)
    candidate = make_run(tmp_path / "candidate", {"lr": users_of()}, **MADE)
    result = gate_runs(base, candidate, aspects)
    assert {cell.verdict for cell in result.cells} == {"incomplete"}
    assert {cell.method for cell in result.cells} == {"fm", "lr"}


# -- two results of one trial


def with_another_result(run: Run, method: str) -> Run:
    """As a training that is not deterministic leaves it, in a folder that two machines wrote."""
    record = next(one for one in run.records if one["trial"]["method"] == method)
    figures = {name: score | {"value": 0.9} for name, score in record["metrics"].items()}
    write_record(run.folder, {**record, "metrics": figures})
    return load(run.folder)


@pytest.mark.parametrize("aspects", ASKED)
@pytest.mark.parametrize("who", ["BASE", "CANDIDATE"])
def test_two_results_of_one_trial_are_incomplete(
    tmp_path: Path, who: str, aspects: Sequence[str]
) -> None:
    runs = {name: make_run(tmp_path / name, TWO, **MADE) for name in ("BASE", "CANDIDATE")}
    runs[who] = with_another_result(runs[who], "lr")
    result = gate_runs(runs["BASE"], runs["CANDIDATE"], aspects)
    assert result.exit_code == 4
    ((_, verdict, reason), *_) = of_lr(result)
    assert verdict == "incomplete"
    files = ", ".join(runs[who].conflicts[0].files)
    fix = f"run {who} anew into an empty folder"
    assert reason == f"seed 0: {who} has two results of it ({files}); {fix}"
    assert {cell.verdict for cell in result.cells if cell.method == "fm"} == {"ok"}


# -- what a gate is asked for


@pytest.mark.parametrize(
    ("aspects", "told"),
    [
        (["quality", "memmory"], "unknown aspect 'memmory'; did you mean 'memory'?"),
        (["qulaity"], "unknown aspect 'qulaity'; did you mean 'quality'?"),
        ("quality memory", "unknown aspect 'quality memory'; did you mean 'quality'?"),
        (["throughput"], "throughput is not judged by two runs; `bench gate --speed` measures it"),
        ([], "no aspect to judge; there are: quality, memory"),
    ],
)
def test_an_aspect_that_there_is_none_of_is_refused(
    tmp_path: Path, aspects: Sequence[str] | str, told: str
) -> None:
    run = make_run(tmp_path / "base", TWO, **MADE)
    with pytest.raises(CompareError) as caught:
        gate_runs(run, run, aspects)
    assert str(caught.value) == told


def test_one_aspect_by_name_is_that_one(tmp_path: Path) -> None:
    run = make_run(tmp_path / "base", TWO, **MADE)
    assert {cell.aspect for cell in gate_runs(run, run, "memory").cells} == {"memory"}


def test_what_is_missing_alike_in_several_seeds_is_said_once(tmp_path: Path) -> None:
    def all_hang(records: list[dict[str, Any]]) -> None:
        for record in records:
            if record["trial"]["method"] == "lr":
                record["outcome"].update(status="timeout", reason="over its limit of 10 s")
                record["metrics"] = {}

    base = make_run(tmp_path / "base", TWO, seeds=(0, 1, 2))
    candidate = make_run(tmp_path / "candidate", TWO, seeds=(0, 1, 2), edit=all_hang)
    (reason,) = {reason for _, _, reason in of_lr(gate_runs(base, candidate))}
    assert reason == "seed 0, 1, 2: ok in BASE, timeout in CANDIDATE (over its limit of 10 s)"


def test_of_runs_without_a_common_seed_no_note_says_that_common_ones_are_judged(
    tmp_path: Path,
) -> None:
    base = make_run(tmp_path / "base", TWO, seeds=(0, 1))
    candidate = make_run(tmp_path / "candidate", TWO, seeds=(2, 3))
    result = gate_runs(base, candidate)
    assert result.verdict == "incomplete"
    assert all("no seed in common" in cell.reason for cell in result.cells)
    assert not any("that both have" in note for note in result.notes)
