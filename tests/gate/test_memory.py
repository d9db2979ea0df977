"""Peak memory of two runs: judged where the machines are alike, told of where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.gate import GateResult, gate_runs
from tests.gate.runs import Edit, make_run, users_of

MB = 1e6
SAME = {"fm": users_of()}


def peaks(*values: float) -> Edit:
    """Of each seed."""

    def edit(records: list[dict[str, Any]]) -> None:
        for record, value in zip(records, values, strict=True):
            record["cost"]["own"]["peak_rss_bytes"] = value

    return edit


def judged(
    tmp_path: Path, candidate: Sequence[float], base: Sequence[float] = (), **options: Any
) -> GateResult:
    base = base or [300 * MB] * len(candidate)
    seeds = range(len(candidate))
    runs = [
        make_run(tmp_path / name, SAME, seeds, edit=peaks(*values), **options)
        for name, values in (("base", base), ("candidate", candidate))
    ]
    return gate_runs(*runs, ("memory",))


@pytest.mark.parametrize(
    ("megabytes", "verdict"),
    [
        ((301, 302, 300), "ok"),
        ((330, 331, 332), "regressed"),
        ((400, 301, 300), "ok"),  # the first compiled
        ((330, 331, 300), "inconclusive"),
        ((310,), "ok"),
        ((400,), "inconclusive"),
    ],
)
def test_the_median_over_seeds_is_judged(
    tmp_path: Path, megabytes: tuple[float, ...], verdict: str
) -> None:
    (cell,) = judged(tmp_path, [value * MB for value in megabytes]).cells
    assert (cell.verdict, cell.measure, cell.margin) == (verdict, "peak_rss_bytes", 0.05)


def test_the_base_states_the_margin(tmp_path: Path) -> None:
    gate = {"memory": 0, "exceptions": [{"method": "fm", "memory": 0.5}]}
    (cell,) = judged(tmp_path, [400 * MB] * 3, gate=gate).cells
    assert (cell.verdict, cell.margin) == ("ok", 0.5)
    (cell,) = judged(tmp_path / "tight", [301 * MB] * 3, gate={"memory": 0}).cells
    assert cell.verdict == "regressed"


def test_other_machines_are_told_of_and_are_no_cell(tmp_path: Path) -> None:
    def elsewhere(records: list[dict[str, Any]]) -> None:
        peaks(*[900 * MB] * 3)(records)
        for record in records:
            record["environment"] = {"processor": "another"}

    runs = [
        make_run(tmp_path / name, SAME, edit=edit)
        for name, edit in (("base", peaks(*[300 * MB] * 3)), ("candidate", elsewhere))
    ]
    result = gate_runs(*runs)
    assert {cell.aspect for cell in result.cells} == {"quality"}
    assert any(note.endswith("what differs is processor.") for note in result.notes)
    assert gate_runs(*runs, ("memory",)).verdict == "incomplete"


def test_what_was_not_measured_is_told_of(tmp_path: Path) -> None:
    run = make_run(tmp_path / "base", SAME)
    result = gate_runs(run, run)
    assert {cell.aspect for cell in result.cells} == {"quality"}
    assert any("1 method was not measured in both runs" in note for note in result.notes)


def test_a_peak_that_the_candidate_alone_lacks_is_incomplete(tmp_path: Path) -> None:
    base = make_run(tmp_path / "base", SAME, peak={"fm": 3e8})
    result = gate_runs(base, make_run(tmp_path / "candidate", SAME))
    (cell,) = [cell for cell in result.cells if cell.aspect == "memory"]
    assert (cell.measure, cell.verdict, result.exit_code) == ("peak_rss_bytes", "incomplete", 4)
    assert "CANDIDATE did not measure it; run CANDIDATE again" in cell.reason


# -- parameters


def counted(parameters: Any, processor: str = "") -> Edit:
    def edit(records: list[dict[str, Any]]) -> None:
        for record in records:
            record["details"] = {"parameters": parameters}
            record["environment"] = {"processor": processor}

    return edit


@pytest.mark.parametrize(
    ("parameters", "verdict"), [(1000, "ok"), (1049, "ok"), (1051, "regressed"), (500, "ok")]
)
def test_parameters_are_counted_on_any_machine_with_one_seed(
    tmp_path: Path, parameters: int, verdict: str
) -> None:
    base = make_run(tmp_path / "base", SAME, (0,), edit=counted(1000))
    candidate = make_run(tmp_path / "other", SAME, (0,), edit=counted(parameters, "another"))
    (cell,) = gate_runs(base, candidate, ("memory",)).cells
    assert (cell.measure, cell.verdict) == ("parameters", verdict)
    assert (cell.base, cell.candidate) == (1000, parameters)


def judged_counts(tmp_path: Path, base: Any, candidate: Any, **options: Any) -> GateResult:
    runs = [
        make_run(tmp_path / name, SAME, (0,), edit=counted(parameters), **options)
        for name, parameters in (("base", base), ("candidate", candidate))
    ]
    return gate_runs(*runs, ("memory",))


@pytest.mark.parametrize("told", [None, "many", True, 1000.5, -1, 1e300, 10**400])
def test_a_count_that_the_candidate_no_longer_tells_is_incomplete(
    tmp_path: Path, told: Any
) -> None:
    result = judged_counts(tmp_path, 1000, told, peak={"fm": 3e8})
    cell, peak = result.cells
    assert (cell.measure, cell.verdict, result.exit_code) == ("parameters", "incomplete", 4)
    assert cell.reason.startswith("seed 0: BASE has a figure and CANDIDATE tells no number")
    assert (peak.measure, peak.verdict) == ("peak_rss_bytes", "ok")


def test_a_count_of_some_seeds_alone_is_incomplete(tmp_path: Path) -> None:
    def but_one(records: list[dict[str, Any]]) -> None:
        counted(1000)(records)
        records[1]["details"] = {}

    base = make_run(tmp_path / "base", SAME, edit=counted(1000))
    candidate = make_run(tmp_path / "candidate", SAME, edit=but_one)
    (cell,) = gate_runs(base, candidate, ("memory",)).cells
    assert (cell.verdict, cell.reason[:7]) == ("incomplete", "seed 1:")


def test_a_count_that_the_candidate_alone_tells_is_told_of(tmp_path: Path) -> None:
    result = judged_counts(tmp_path, None, 1000)
    assert result.cells == ()
    assert any("CANDIDATE alone tells how many parameters 1 method had" in n for n in result.notes)


@pytest.mark.parametrize(
    ("base", "candidate", "verdict"),
    [
        (1000.0, 1000, "ok"),
        (1000, 5e9, "regressed"),
        (1000, 0, "ok"),
        (0, 0, "ok"),
        (0, 1, "regressed"),
        (0.0, 10**9, "regressed"),
    ],
)
def test_whole_numbers_are_counts_and_0_is_one(
    tmp_path: Path, base: float, candidate: float, verdict: str
) -> None:
    (cell,) = judged_counts(tmp_path, base, candidate, gate={"memory": 0.5}).cells
    assert (cell.verdict, cell.base, cell.candidate) == (verdict, base, candidate)
    grew_from_0 = base == 0 and candidate > 0
    assert (cell.change is None) == grew_from_0
    assert ("a count that was 0" in cell.reason) == grew_from_0


@pytest.mark.parametrize("told", ["many", None, True, {"a": 1}])
def test_what_a_plugin_calls_so_and_is_no_count_is_left_alone(tmp_path: Path, told: Any) -> None:
    run = make_run(tmp_path / "base", SAME, edit=counted(told))
    assert gate_runs(run, run, ("memory",)).cells == ()


def test_a_step_that_shared_its_process_has_no_peak_of_its_own(tmp_path: Path) -> None:
    def inline(records: list[dict[str, Any]]) -> None:
        peaks(*[900 * MB] * 3)(records)
        for record in records:
            record["environment"] = {"process": "shared"}

    runs = [
        make_run(tmp_path / name, SAME, edit=edit)
        for name, edit in (("base", peaks(*[300 * MB] * 3)), ("candidate", inline))
    ]
    result = gate_runs(*runs)
    assert {cell.aspect for cell in result.cells} == {"quality"}
    assert any("a process of its own" in note for note in result.notes)


def test_a_peak_that_both_took_from_one_cache_is_not_judged_by_itself(tmp_path: Path) -> None:
    def of_a_step(seconds: float) -> Edit:
        def edit(records: list[dict[str, Any]]) -> None:
            peaks(*[300 * MB] * 3)(records)
            for record in records:
                record["identity"]["steps"] = ["step-of-fm"]
                record["cost"]["own"]["train_cpu_s"] = seconds

        return edit

    base = make_run(tmp_path / "base", SAME, edit=of_a_step(2.0))
    cached = gate_runs(base, make_run(tmp_path / "cached", SAME, edit=of_a_step(2.0)))
    assert {cell.aspect for cell in cached.cells} == {"quality"}
    told = "Peak memory of 1 method was not measured anew: both runs took the step from one cache"
    assert next(note for note in cached.notes if "eak memory" in note).startswith(told)
    assert sum("eak memory" in note for note in cached.notes) == 1

    anew = gate_runs(base, make_run(tmp_path / "anew", SAME, edit=of_a_step(2.1)))
    assert [cell.verdict for cell in anew.cells if cell.aspect == "memory"] == ["ok"]
    assert not any("anew" in note for note in anew.notes)
