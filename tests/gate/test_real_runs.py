"""Two runs that were run: what they keep is enough to pair them, as if both methods had been in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.evaluate.inference.paired import parts
from bench.evaluate.inference.resampling import KEPT_DRAWS
from bench.gate import gate_runs
from bench.gate.evidence import BASE, CANDIDATE, Evidence
from bench.records import Run, load, read_blob
from bench.run import run
from bench.suite import load as load_suite
from tests.run.conftest import write_ratings, write_small_suite

SEEDS = (0, 1, 2)
LR, FAST = "lr: {use: lr}", "{use: lr, train: {learning_rate: 2e-1, epochs: 4}}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """`base` has lr alone, `candidate` another lr by that name, `both` has the two as lr and fast."""
    folder = tmp_path_factory.mktemp("runs")
    write_ratings(folder / "ratings.csv", users=40)
    models = {"base": LR, "candidate": f"lr: {FAST}", "both": f"{LR}\n  fast: {FAST}"}
    found = {}
    for name, text in models.items():
        suite = write_small_suite(folder, models=f"  {text}", methods="  {}")
        suite.write_text(suite.read_text("utf-8").replace("seeds: [0]", f"seeds: {list(SEEDS)}"))
        run(load_suite(suite), out=folder / name, cache_dir=folder / "cache", executor="inline")
        found[name] = load(folder / name)
    return found


@pytest.mark.parametrize("metric", ["logloss", "auc", "gauc"])
def test_two_runs_are_paired_as_two_methods_of_one_run(runs: dict[str, Run], metric: str) -> None:
    def values(run_of: Run, method: str) -> dict[int, float]:
        return {
            record["trial"]["seed"]: record["metrics"][metric]["value"]
            for record in run_of.records
            if record["trial"]["method"] == method
        }

    ours, theirs = values(runs["base"], "lr"), values(runs["candidate"], "lr")
    assert (ours, theirs) == (values(runs["both"], "lr"), values(runs["both"], "fast"))
    pairs = {seed: (ours[seed], theirs[seed]) for seed in SEEDS}
    resampled = Evidence(runs["base"], runs["candidate"]).of("small/cold", "lr", metric, pairs)
    assert not isinstance(resampled, str), resampled
    found = parts(resampled, CANDIDATE, BASE, metric)
    (fast,) = [
        one for one in runs["both"].analyses["small/cold"]["methods"] if one["against_best_single"]
    ]
    within = fast["against_best_single"][metric]
    sign = 1 if fast["name"] == "fast" else -1
    assert sign * found.difference == pytest.approx(within["difference"], abs=1e-12)
    assert found.users.error is not None
    low, high = found.users.error.interval(found.difference)
    half = (within["high"] - within["low"]) / 2  # of twice as many draws
    assert (high - low) / 2 == pytest.approx(half, rel=0.1)


def test_a_run_of_one_method_keeps_its_draws(runs: dict[str, Run]) -> None:
    facts = runs["base"].analyses["small/cold"]["kept_draws"]
    draws = read_blob(runs["base"].folder, facts["blob"])
    assert (facts["names"], facts["seeds"]) == (["lr"], list(SEEDS))
    assert draws.shape == (len(facts["metrics"]), len(SEEDS), KEPT_DRAWS, 1)
    assert "kept_resamples" not in runs["base"].analyses["small/cold"]


def test_the_gate_has_a_cell_for_each_metric_and_size(runs: dict[str, Run]) -> None:
    result = gate_runs(runs["base"], runs["candidate"])
    measures = [cell.measure for cell in result.cells]
    assert measures[:4] == ["auc", "logloss", "gauc", "parameters"]
    assert any(line.startswith("settings: lr: train") for line in result.differs)
    assert all(cell.low is not None for cell in result.cells if cell.aspect == "quality")


def test_a_run_without_its_draws_is_analysed_again(runs: dict[str, Run], tmp_path: Path) -> None:
    base = runs["base"]
    blob = base.folder / "blobs" / f"{base.analyses['small/cold']['kept_draws']['blob']}.npy"
    content = blob.read_bytes()
    blob.unlink()
    suite = base.folder.parent / "again.yaml"
    text = (base.folder.parent / "suite.yaml").read_text("utf-8")
    suite.write_text(text.replace(f"{LR}\n  fast: {FAST}", LR), "utf-8")
    run(
        load_suite(suite),
        out=base.folder,
        cache_dir=base.folder.parent / "cache",
        executor="inline",
    )
    assert blob.read_bytes() == content
