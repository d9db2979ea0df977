"""Verdicts of quality over two runs: each for the reason that it has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bench.errors import CompareError
from bench.gate import Cell, GateResult, gate_runs
from bench.records import Run
from tests.gate.runs import Edit, make_run, users_of

SAME = {"fm": users_of()}
NARROW = {"quality": {"auc": 1e-3, "logloss": 1e-3}}


def gate(base: Run, candidate: Run) -> GateResult:
    return gate_runs(base, candidate, ("quality",))


def one(result: GateResult, measure: str = "logloss", method: str = "fm") -> Cell:
    (cell,) = [c for c in result.cells if (c.measure, c.method) == (measure, method)]
    return cell


def judged(tmp_path: Path, losses: Any, **options: Any) -> GateResult:
    """BASE with `users_of()`, CANDIDATE with these."""
    base = make_run(tmp_path / "base", SAME, **options)
    return gate(base, make_run(tmp_path / "candidate", {"fm": losses}, **options))


def test_a_run_with_itself_is_ok_and_equal(tmp_path: Path) -> None:
    run = make_run(tmp_path / "base", SAME)
    result = gate(run, run)
    assert (result.verdict, result.exit_code) == ("ok", 0)
    assert {cell.reason for cell in result.cells} == {"equal in every metric and seed"}
    assert not any("one seed" in note for note in result.notes)


@pytest.mark.parametrize("measure", ["auc", "logloss"])
def test_worse_by_more_than_the_margin_has_regressed(tmp_path: Path, measure: str) -> None:
    result = judged(tmp_path, users_of(0.01, spread=0.01, between_seeds=2e-4, by=1))
    cell = one(result, measure)
    assert (cell.verdict, result.exit_code) == ("regressed", 1)
    assert cell.change == pytest.approx(0.01, abs=1e-3)
    assert (cell.low or 0) > (cell.margin or 1)
    assert (cell.p or 1) < 0.05


def test_worse_by_less_than_the_margin_is_ok(tmp_path: Path) -> None:
    cell = one(judged(tmp_path, users_of(4e-4, spread=1e-3, between_seeds=5e-5, by=1)))
    assert cell.verdict == "ok"
    assert 0 < (cell.high or 0) < (cell.margin or 0)


def test_better_beyond_chance_is_better(tmp_path: Path) -> None:
    result = judged(tmp_path, users_of(-0.01, spread=0.01, between_seeds=2e-4, by=1))
    assert {cell.verdict for cell in result.cells} == {"better"}
    assert result.exit_code == 0


def test_one_seed_never_regresses_and_says_what_would_settle(tmp_path: Path) -> None:
    result = judged(tmp_path, users_of(0.05, spread=0.001, by=1), seeds=(0,))
    assert (one(result).verdict, result.exit_code) == ("inconclusive", 3)
    assert "run 3 seeds" in one(result).reason
    assert any("With one seed" in note for note in result.notes)


def test_one_seed_within_the_margin_is_ok_and_never_better(tmp_path: Path) -> None:
    cell = one(judged(tmp_path, users_of(-0.05, spread=0.001, by=1), seeds=(0,)))
    assert (cell.verdict, cell.p) == ("ok", None)
    assert "one seed" in cell.reason


def test_scores_from_a_file_have_no_training_to_repeat(tmp_path: Path) -> None:
    def from_file(records: list[dict[str, Any]]) -> None:
        for record in records:
            record["identity"]["settings"] = {"use": "predictions"}

    losses = users_of(0.05, spread=0.001, by=1)
    assert one(judged(tmp_path, losses, seeds=(0,), edit=from_file)).verdict == "regressed"


def test_seeds_that_vary_are_inconclusive_with_the_number_that_settles(tmp_path: Path) -> None:
    result = judged(tmp_path, users_of(3e-3, spread=1e-3, between_seeds=2e-3, by=3))
    cell = one(result)
    assert (cell.verdict, result.exit_code) == ("inconclusive", 3)
    assert "seeds would settle it at this spread" in cell.reason


def test_users_that_vary_are_inconclusive_with_the_number_that_settles(tmp_path: Path) -> None:
    cell = one(judged(tmp_path, users_of(3e-3, spread=0.1, between_seeds=1e-5, by=3)))
    assert cell.verdict == "inconclusive"
    assert re.search(r"about [\d,]+ test users would settle it \(there are 200\)", cell.reason)


def test_many_cells_are_adjusted_for_their_number(tmp_path: Path) -> None:
    """One that is beyond the margin by itself is not among forty that are not."""

    def verdict(others: int) -> str:
        base = {"fm": users_of()} | {f"m{i}": users_of() for i in range(others)}
        candidate = {"fm": users_of(3.2e-3, spread=0.012, by=1)} | {
            f"m{i}": users_of(spread=0.05, by=i + 2) for i in range(others)
        }
        runs = [
            make_run(tmp_path / f"{name}-{others}", of, metrics=("logloss",))
            for name, of in (("base", base), ("candidate", candidate))
        ]
        return one(gate(*runs)).verdict

    assert verdict(0) == "regressed"
    assert verdict(40) == "inconclusive"


def test_what_did_not_change_counts_for_nothing_in_the_adjustment(tmp_path: Path) -> None:
    base = {"fm": users_of()} | {f"m{i}": users_of() for i in range(40)}
    worse = base | {"fm": users_of(3.2e-3, spread=0.012, by=1)}
    runs = [
        make_run(tmp_path / name, of, metrics=("logloss",))
        for name, of in (("base", base), ("candidate", worse))
    ]
    assert one(gate(*runs)).verdict == "regressed"


# -- margins


def test_the_base_states_the_margins(tmp_path: Path) -> None:
    exception = {"method": "f*", "quality": {"auc": 0.5}}
    base = make_run(tmp_path / "base", SAME, gate={"exceptions": [exception]})
    losses = {"fm": users_of(0.01, spread=0.01, between_seeds=2e-4, by=1)}
    candidate = make_run(tmp_path / "candidate", losses, gate={"quality": {"logloss": 0.5}})
    result = gate(base, candidate)
    assert (one(result, "auc").verdict, one(result, "auc").margin) == ("ok", 0.5)
    assert (one(result).verdict, one(result).margin) == ("regressed", 1e-3)


def test_a_margin_of_0_allows_nothing_that_is_beyond_chance(tmp_path: Path) -> None:
    zero = {"quality": {"auc": 0, "logloss": 0}}
    losses = users_of(1e-4, spread=1e-4, between_seeds=1e-6, by=1)
    assert one(judged(tmp_path / "worse", losses, gate=zero)).verdict == "regressed"
    losses = users_of(-1e-4, spread=1e-4, between_seeds=1e-6, by=1)
    assert one(judged(tmp_path / "better", losses, gate=zero)).verdict == "better"
    assert one(judged(tmp_path / "same", users_of(), gate=zero)).verdict == "ok"


# -- what is missing


def vanish(method: str) -> Edit:
    def edit(records: list[dict[str, Any]]) -> None:
        records[:] = [record for record in records if record["trial"]["method"] != method]

    return edit


TWO = {"fm": users_of(), "lr": users_of()}


def test_a_vanished_method_is_incomplete_in_every_metric(tmp_path: Path) -> None:
    base = make_run(tmp_path / "base", TWO)
    result = gate(base, make_run(tmp_path / "candidate", SAME))
    assert (result.verdict, result.exit_code) == ("incomplete", 4)
    lost = [cell for cell in result.cells if cell.verdict == "incomplete"]
    assert {(cell.method, cell.measure) for cell in lost} == {("lr", "auc"), ("lr", "logloss")}
    assert lost[0].reason == "not in CANDIDATE"


def test_a_renamed_method_is_told_of(tmp_path: Path) -> None:
    def rename(records: list[dict[str, Any]]) -> None:
        for record in records:
            record["identity"]["settings"] = {"use": "fm"}

    base = make_run(tmp_path / "base", SAME, edit=rename)
    candidate = make_run(tmp_path / "candidate", {"machine": users_of()}, edit=rename)
    result = gate(base, candidate)
    assert "'machine' with the same settings: renamed?" in one(result).reason
    assert one(result, method="machine").reason.startswith("not in BASE")
    assert result.exit_code == 4


def test_a_base_that_lacks_a_method_is_incomplete(tmp_path: Path) -> None:
    result = gate(make_run(tmp_path / "base", SAME), make_run(tmp_path / "candidate", TWO))
    assert one(result, method="lr").verdict == "incomplete"
    assert "run the base anew" in one(result, method="lr").reason


def test_a_failed_trial_is_incomplete_whatever_the_other_seeds_say(tmp_path: Path) -> None:
    def fail(records: list[dict[str, Any]]) -> None:
        records[0]["outcome"].update(status="error", reason="it broke")
        records[0]["metrics"] = {}

    base = make_run(tmp_path / "base", SAME)
    result = gate(base, make_run(tmp_path / "candidate", SAME, edit=fail))
    assert {cell.verdict for cell in result.cells} == {"incomplete"}
    assert one(result).reason.startswith("seed 0: ok in BASE, error in CANDIDATE")


@pytest.mark.parametrize("who", ["base", "candidate"])
def test_a_seed_that_one_run_alone_was_asked_for_and_that_failed_is_incomplete(
    tmp_path: Path, who: str
) -> None:
    seeds = {"base": (0, 1), "candidate": (0, 1)} | {who: (0, 1, 2)}
    edits = {who: fail_last}
    runs = [
        make_run(tmp_path / name, SAME, of, edit=edits.get(name, list))
        for name, of in seeds.items()
    ]
    cell = one(gate(*runs))
    assert (cell.verdict, cell.reason) == ("incomplete", f"seed 2: error in {who.upper()}")


def fail_last(records: list[dict[str, Any]]) -> None:
    records[-1]["outcome"].update(status="error", reason="it broke")
    records[-1]["metrics"] = {}


def test_runs_that_measured_nothing_are_incomplete(tmp_path: Path) -> None:
    run = make_run(tmp_path / "base", {}, analysed=False)
    assert (gate(run, run).verdict, gate(run, run).exit_code) == ("incomplete", 4)


def set_metric(metric: str, value: float | None, seed: int = 0) -> Edit:
    def edit(records: list[dict[str, Any]]) -> None:
        for record in records:
            if record["trial"]["seed"] == seed:
                record["metrics"][metric].update(value=value, reason="one class" * (value is None))

    return edit


@pytest.mark.parametrize(("lacks", "who"), [("base", "BASE"), ("candidate", "CANDIDATE")])
def test_a_figure_that_one_run_lacks_is_incomplete(tmp_path: Path, lacks: str, who: str) -> None:
    base, candidate = (
        make_run(tmp_path / name, SAME, edit=set_metric("auc", None) if name == lacks else list)
        for name in ("base", "candidate")
    )
    cell = one(gate(base, candidate), "auc")
    assert (cell.verdict, cell.reason) == ("incomplete", f"seed 0: {who} has no auc: one class")


def test_a_metric_that_the_base_was_not_asked_for_is_incomplete(tmp_path: Path) -> None:
    base = make_run(tmp_path / "base", SAME, metrics=("logloss",))
    result = gate(base, make_run(tmp_path / "candidate", SAME))
    told = "seed 0: BASE has no auc: run BASE anew with the metrics of the other"
    assert (one(result, "auc").verdict, one(result, "auc").reason) == ("incomplete", told)
    assert one(result).verdict == "ok"


@pytest.mark.parametrize("aspect", ["quality", "memory"])
def test_a_metric_that_the_candidate_was_not_asked_for_can_not_be_compared(
    tmp_path: Path, aspect: str
) -> None:
    candidate = make_run(tmp_path / "candidate", SAME, metrics=("logloss",))
    with pytest.raises(CompareError, match="metric 'auc' is of version 1 in BASE and none in CAND"):
        gate_runs(make_run(tmp_path / "base", SAME), candidate, aspect)


def test_a_figure_that_neither_run_has_is_a_note(tmp_path: Path) -> None:
    run = make_run(tmp_path / "base", SAME, seeds=(0,), edit=set_metric("auc", None))
    result = gate(run, run)
    assert [cell.measure for cell in result.cells] == ["logloss"]
    assert "ml/cold fm: auc is undefined in both runs: one class." in result.notes


def test_a_method_without_any_figure_in_both_runs_is_incomplete(tmp_path: Path) -> None:
    """Its memory may be fine: of its quality nothing is known."""
    made: dict[str, Any] = {"seeds": (0,), "metrics": ("auc",), "peak": {"fm": 3e8}}
    base, candidate = (
        make_run(tmp_path / name, SAME, edit=set_metric("auc", None), **made)
        for name in ("base", "candidate")
    )
    result = gate_runs(base, candidate)
    assert (one(result, "peak_rss_bytes").verdict, result.exit_code) == ("ok", 4)
    assert one(result, "auc").verdict == "incomplete"
    assert "auc is undefined in both runs: one class; nor is any other" in one(result, "auc").reason


def invalid(records: list[dict[str, Any]]) -> None:
    for record in records:
        record["metrics"]["auc"].update(value=None, reason="it raised", invalid=True)


@pytest.mark.parametrize("sides", [("base",), ("candidate",), ("base", "candidate")])
def test_a_metric_that_failed_is_incomplete_in_both_runs_alike(
    tmp_path: Path, sides: tuple[str, ...]
) -> None:
    runs = [
        make_run(tmp_path / name, SAME, edit=invalid if name in sides else list)
        for name in ("base", "candidate")
    ]
    cell = one(gate(*runs), "auc")
    assert cell.verdict == "incomplete"
    assert cell.reason.startswith(f"seed 0: auc failed in {sides[0].upper()}: it raised; mend")


def test_what_neither_run_was_asked_for_is_no_figure(tmp_path: Path) -> None:
    run = make_run(tmp_path / "base", SAME)
    line = {**run.manifest["trials"][0], "method": "lr", "id": "f" * 32, "asked": False}
    run.manifest["trials"].append({**line, "record": None, "status": None})
    result = gate(run, run)
    assert {cell.method for cell in result.cells} == {"fm"}
    assert "BASE is a part of its suite: 1 of its trials were never asked for." in result.notes


# -- seeds


def test_runs_are_paired_on_the_seeds_that_both_have(tmp_path: Path) -> None:
    base = make_run(tmp_path / "base", SAME, seeds=(0, 1, 2, 3))
    losses = {"fm": users_of(0.01, spread=0.01, between_seeds=2e-4, by=1)}
    result = gate(base, make_run(tmp_path / "candidate", losses, seeds=(1, 2, 3, 4)))
    assert one(result).verdict == "regressed"
    assert any(note.startswith("One run alone has seed 0, 4 of fm") for note in result.notes)


def test_a_seed_that_was_not_asked_for_is_another_choice(tmp_path: Path) -> None:
    base = make_run(tmp_path / "base", SAME, seeds=(0, 1, 2))
    candidate = make_run(tmp_path / "candidate", SAME, seeds=(0, 1))
    line = {**candidate.manifest["trials"][0], "seed": 2, "asked": False, "record": None}
    candidate.manifest["trials"].append(line)
    result = gate(base, candidate)
    assert result.exit_code == 0
    assert any(note.startswith("One run alone has seed 2 of fm") for note in result.notes)


def test_runs_without_a_common_seed_are_incomplete(tmp_path: Path) -> None:
    base = make_run(tmp_path / "base", SAME, seeds=(0,))
    result = gate(base, make_run(tmp_path / "candidate", SAME, seeds=(1,)))
    assert one(result).verdict == "incomplete"
    assert "no seed in common" in one(result).reason


# -- evidence


def test_without_evidence_equal_figures_are_ok(tmp_path: Path) -> None:
    run = make_run(tmp_path / "base", SAME, analysed=False)
    assert gate(run, run).exit_code == 0


@pytest.mark.parametrize("lacks", ["base", "candidate"])
def test_without_evidence_the_file_to_keep_is_named(tmp_path: Path, lacks: str) -> None:
    base = make_run(tmp_path / "base", SAME, analysed=lacks != "base")
    losses = {"fm": users_of(0.01, by=1)}
    candidate = make_run(tmp_path / "candidate", losses, analysed=lacks != "candidate")
    cell = one(gate(base, candidate))
    assert cell.verdict == "inconclusive"
    assert str(tmp_path / lacks / "analysis.json") in cell.reason


def test_a_lost_blob_is_named(tmp_path: Path) -> None:
    base = make_run(tmp_path / "base", SAME)
    (blob,) = (tmp_path / "base" / "blobs").iterdir()
    blob.unlink()
    cell = one(gate(base, make_run(tmp_path / "candidate", {"fm": users_of(0.01, by=1)})))
    assert cell.verdict == "inconclusive"
    assert f"{blob}: missing" in cell.reason


def test_other_draws_of_users_are_not_paired(tmp_path: Path) -> None:
    base = make_run(tmp_path / "base", SAME)
    losses = {"fm": users_of(0.01, spread=0.01, by=1)}
    cell = one(gate(base, make_run(tmp_path / "candidate", losses, drawn="others")))
    assert cell.verdict == "inconclusive"
    assert "resampled other users" in cell.reason


def test_one_metric_that_is_equal_by_chance_does_not_make_the_others_equal(tmp_path: Path) -> None:
    worse = users_of(0.01, spread=0.01, between_seeds=2e-4, by=1)
    losses = lambda metric, seed: (worse if metric == "logloss" else users_of())(metric, seed)  # noqa: E731
    result = judged(tmp_path, losses)
    assert one(result).verdict == "regressed"
    assert (one(result, "auc").verdict, one(result, "auc").change) == ("ok", 0.0)
    assert "equal in every seed and resample" in one(result, "auc").reason


def test_one_metric_alone_that_is_equal_by_chance_is_tested(tmp_path: Path) -> None:
    """Equal means over users that differ: of other users the means would differ."""
    cell = one(judged(tmp_path, users_of(spread=0.1, by=1), metrics=("logloss",)))
    assert cell.change == pytest.approx(0, abs=1e-9)
    assert (cell.verdict, cell.p) == ("inconclusive", 1.0)


def test_a_metric_that_few_test_users_define_is_inconclusive_with_the_number_that_would_do(
    tmp_path: Path,
) -> None:
    """Draws in which nobody has the rarer label are NaN: a tenth of them."""
    base, candidate = (
        make_run(tmp_path / name, {"fm": losses}, lost=0.1)
        for name, losses in (("base", users_of()), ("candidate", users_of(0.01, spread=0.01, by=1)))
    )
    cell = one(gate(base, candidate))
    assert cell.verdict == "inconclusive"
    assert cell.reason.startswith("undefined in 10% of the resamples of users, of which 5% may be")
    assert cell.reason.endswith("; about 261 test users like these would do")


# -- what else is told


def test_other_figures_of_the_same_code_are_told_of(tmp_path: Path) -> None:
    result = judged(tmp_path, users_of(0.01, spread=0.01, by=1))
    assert any("is not deterministic" in note for note in result.notes)


def test_other_settings_are_told_of(tmp_path: Path) -> None:
    def wider(records: list[dict[str, Any]]) -> None:
        for record in records:
            record["identity"]["settings"] = {"use": "fm", "params": {"embedding_dim": 8}}

    base = make_run(tmp_path / "base", SAME)
    result = gate(base, make_run(tmp_path / "candidate", SAME, edit=wider))
    assert "settings: fm: embedding_dim absent -> 8" in result.differs


def test_other_data_can_not_be_compared(tmp_path: Path) -> None:
    def other(records: list[dict[str, Any]]) -> None:
        for record in records:
            record["identity"]["data"] = "e" * 64

    base = make_run(tmp_path / "base", SAME)
    candidate = make_run(tmp_path / "candidate", SAME, edit=other)
    with pytest.raises(CompareError, match="the data of 'ml' differ"):
        gate(base, candidate)


def test_relaimpr_is_judged_as_the_auc_that_it_is_of(tmp_path: Path) -> None:
    named = {"metrics": ["relaimpr"]}
    run = make_run(tmp_path / "base", SAME, manifest=named)
    assert [cell.measure for cell in gate(run, run).cells] == ["auc"]
