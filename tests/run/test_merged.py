"""Two machines ran the same suite with other seeds: their folders, copied together, are one run."""

from __future__ import annotations

import shutil

import pytest

from bench.job.outcome import Outcome
from bench.job.resources import Resources
from bench.records import load, write_record
from bench.records.merge import merge
from bench.records.repair import repair
from bench.records.verify import verify
from bench.registry import load_registry
from bench.report import build
from bench.run import Watcher
from bench.run.suite_run import plan_suite
from tests.run.conftest import load_suite

IN_SAMPLE = "base_predictions: in-sample, split_seed: trial"


@pytest.mark.parametrize("split", ["base_predictions: in-sample", "split_seed: trial"])
def test_runs_of_two_machines_are_joined_and_only_the_analysis_is_made_anew(
    go, write_suite, tmp_path, split
):
    file = write_suite(protocol=split)
    first, _ = go(file, "a", cache="cache-a", seeds=(5,))
    second, _ = go(file, "b", cache="cache-b", seeds=(6,))
    for run in (first, second):
        assert verify(run.folder).findings == ()
    shutil.copytree(tmp_path / "b", tmp_path / "a", dirs_exist_ok=True)
    assert {record["trial"]["seed"] for record in load(tmp_path / "a").records} == {6}

    repair(tmp_path / "a")
    merged = load(tmp_path / "a")
    assert len(merged.records) == len(first.records) + len(second.records)
    assert merged.manifest["seeds"] == [5, 6]
    assert not build(merged).failures
    assert {one.kind for one in verify(tmp_path / "a").findings} == {"outdated"}

    again, watcher = go(file, "a", cache="cache-a", seeds=(5,))
    assert watcher.steps == 0
    assert again.manifest["seeds"] == [5, 6]
    assert again.analyses
    alone = {record["id"]: record["metrics"] for record in (*first.records, *second.records)}
    assert {record["id"]: record["metrics"] for record in again.records} == alone
    repair(tmp_path / "a")  # what the two analyses kept
    assert verify(tmp_path / "a").findings == ()


CHANGED = {
    "a base model's training": ("lr: {use: lr}", "lr: {use: lr, train: {learning_rate: 0.3}}"),
    "shares of users": ("train: 0.5, valid: 0.25, test: 0.25", "train: 0.4, valid: 0.3, test: 0.3"),
    "support": ("setting: cold", "setting: cold, support: {share: 0.5}"),
    "base predictions": ("in-sample", "out-of-sample"),
    "holdout": ("in-sample", "holdout"),
    "another model in the pool": ("  fm: {use: fm,", "  gm: {use: fm, embedding_dim: 3}\n  fm: {use: fm,"),
    "a metric's": ("gate:", "metrics: [auc, logloss, {use: ndcg, k: 3}]\ngate:"),
}  # fmt: skip
ALL = {"lr", "fm", "average", "user-best", "perfect-user", "perfect-sample"}
MOVED = {
    "a base model's training": ALL - {"fm"},
    "base predictions": {"average", "user-best"},
    "another model in the pool": ALL - {"lr", "fm"},
}


@pytest.fixture
def recipes_of(write_suite, tmp_path):
    """Method to its recipe, of the suite that is written; nothing is run."""

    def recipes_of(change=("", ""), seed=0, threads=1, split_seed="trial"):
        file = write_suite(protocol=f"base_predictions: in-sample, split_seed: {split_seed}")
        text = file.read_text("utf-8")
        assert change[0] in text
        file.write_text(text.replace(*change, 1), "utf-8")
        resources, watcher = Resources(threads=threads), Watcher()
        registry = load_registry((), autoload=False)
        planned, _ = plan_suite(
            load_suite(file), registry, None, tmp_path / "cache", resources, (seed,), (), watcher
        )
        return {trial.method: dict(trial.recipe) for trial in planned.trials}

    return recipes_of


@pytest.mark.parametrize("split_seed", ["trial", 7])
def test_a_recipe_is_that_of_all_seeds(recipes_of, split_seed):
    one = recipes_of(seed=0, split_seed=split_seed)
    assert one.keys() == ALL
    assert recipes_of(seed=1, split_seed=split_seed) == one
    assert len({tuple(sorted(recipe.items())) for recipe in one.values()}) == len(
        ALL - {"perfect-sample"}
    )


@pytest.mark.parametrize("what", CHANGED)
def test_a_recipe_moves_with_all_that_its_trial_depends_on(recipes_of, what):
    before, after = recipes_of(), recipes_of(CHANGED[what])
    moved = {method for method in before if after[method] != before[method]}
    assert moved == MOVED.get(what, ALL)


def test_threads_and_another_seed_of_the_division_are_of_a_recipe(recipes_of):
    before = recipes_of(split_seed=7)
    for other in (recipes_of(split_seed=8), recipes_of(split_seed=7, threads=2)):
        assert {method for method in before if other[method] != before[method]} == ALL


def test_a_selector_over_a_base_model_of_other_settings_is_not_averaged_with_the_others(
    go, write_suite, tmp_path
):
    """Its own settings are the same; `mean` has no settings at all that changed."""
    file = write_suite(models="  lr: {use: lr}\n  mean: {use: mean}", protocol=IN_SAMPLE)
    go(file, "a", cache="cache", seeds=(5,))
    models = "  lr: {use: lr, train: {learning_rate: 0.3}}\n  mean: {use: mean}"
    go(write_suite(models=models, protocol=IN_SAMPLE), "b", cache="cache", seeds=(6,))
    shutil.copytree(tmp_path / "a", tmp_path / "b", dirs_exist_ok=True)
    shutil.copytree(tmp_path / "b", tmp_path / "c")
    shutil.copy(tmp_path / "a" / "manifest.json", tmp_path / "c")
    repair(tmp_path / "c")
    joined = {record["trial"]["method"] for record in load(tmp_path / "c").records
              if record["trial"]["seed"] == 6}  # fmt: skip
    assert joined == {"mean"}
    found = verify(tmp_path / "c")
    assert found.exit_code == 4
    lacking = {one.what.split(",")[0] for one in found.of_kind("lacking")}
    assert {f"small/cold {method}" for method in ("lr", "average", "user-best")} <= lacking
    assert load(tmp_path / "c").manifest["status"] == "incomplete"


def test_a_run_that_was_merged_needs_its_analysis_alone(go, write_suite):
    file = write_suite(protocol=IN_SAMPLE)
    first, _ = go(file, "a", cache="cache-a", seeds=(5,))
    second, _ = go(file, "b", cache="cache-b", seeds=(6,))
    assert not merge(first.folder, second.folder).refused
    again, watcher = go(file, "a", cache="cache-a", seeds=(5,))
    assert watcher.steps == 0
    assert again.manifest["seeds"] == [5, 6]
    assert again.analyses
    figures = {record["id"]: record["metrics"] for record in (*first.records, *second.records)}
    assert {record["id"]: record["metrics"] for record in again.records} == figures


def test_the_next_run_knows_what_a_copy_had_forgotten(go, write_suite, tmp_path):
    """It is asked for still, whichever seeds that run is asked for."""
    file = write_suite(protocol=IN_SAMPLE)
    go(file, "a", cache="cache", seeds=(5,))
    go(file, "b", cache="cache", seeds=(6,), only=("lr",))
    shutil.copytree(tmp_path / "a", tmp_path / "b", dirs_exist_ok=True)
    repair(tmp_path / "b")
    forgotten = ALL - {"lr"}
    assert {line["method"] for line in load(tmp_path / "b").lacking} == forgotten
    other, _ = go(file, "b", cache="cache", seeds=(5,))
    lines = [line for line in other.manifest["trials"] if line["seed"] == 6 and line["asked"]]
    assert {line["method"] for line in lines if line["status"] is None} == forgotten
    assert all(line["id"] for line in lines)
    done, _ = go(file, "b", cache="cache", seeds=(6,))
    assert done.manifest["seeds"] == [5, 6]
    assert not load(tmp_path / "b").lacking


def test_a_failure_that_came_with_a_copy_has_nothing_done_again(go, write_suite):
    file = write_suite(protocol=IN_SAMPLE)
    first, _ = go(file, "a", cache="cache")
    for record in first.records:
        outcome = Outcome(status="memory", reason="over 1 GiB").model_dump(mode="json")
        write_record(first.folder.with_name("b"), record | {"outcome": outcome})
    shutil.copytree(first.folder.with_name("b"), first.folder, dirs_exist_ok=True)
    shutil.rmtree(first.folder.with_name("cache"))
    again, watcher = go(file, "a", cache="cache")
    assert (watcher.steps, watcher.reused) == (0, len(first.records))
    assert again.records == first.records
    assert again.manifest["status"] == "complete"
