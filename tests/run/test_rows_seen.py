"""Which rows and labels the steps of a real run see: by a spy, and by flipping one block of labels at a time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.data import base_predictions
from bench.data.base_predictions import fits, sources
from bench.data.interactions import Interactions
from bench.data.protocols import UserHoldout
from bench.data.split import Split, divide
from bench.run import fit_step, run, select_step, work
from bench.run.splits import WITHHELD, open_split, write_split
from bench.run.steps import FitStep, PluginUse
from bench.settings import TrainSettings
from tests.datasets import make_interactions

SPY = Path(__file__).parent.parent / "fixtures" / "spy_plugin.py"
FOLDS = 3


# -- a spy


@pytest.fixture(params=["cold", "warm"])
def spied(request, write_suite, suite_of, tmp_path, monkeypatch):
    """(setting, split, the spy's diary) of a run."""
    monkeypatch.setenv("SPY_DIARY", str(tmp_path / "diary.jsonl"))
    file = write_suite(request.param, models="  spy: {use: spy}")
    suite = suite_of(file, (SPY,))
    run(suite, plugins=(SPY,), out=tmp_path / "run", cache_dir=tmp_path / "cache", executor="inline", autoload=False)
    (prepared,) = (tmp_path / "cache" / "data").iterdir()
    (folder,) = (tmp_path / "cache" / "steps").glob("split-*")
    split, _ = open_split(folder, Interactions.open(prepared))
    return request.param, split, [json.loads(line) for line in (tmp_path / "diary.jsonl").read_text().splitlines()]


def test_each_fit_sees_its_rows_and_no_others(spied):
    setting, split, diary = spied
    planned = {frozenset(fit.train.tolist()): fit for fit in fits(split, "out-of-sample", 2, 0)}
    assert len(diary) == len(planned) == (3 if setting == "cold" else 4)
    for entry in diary:
        fit = planned[frozenset(entry["train"]["rows"])]
        assert entry["asked"]["rows"] == fit.predict.tolist()
        assert not entry["labelled"], "labels are withheld where a prediction is asked for"
        assert entry["valid"]["rows"] == split.rows("valid", "query").tolist()
        assert not set(entry["train"]["rows"]) & set(split.rows("test", "query").tolist())


def test_cold_hides_users_in_every_task_row_and_in_a_share_of_training(spied):
    setting, _, diary = spied
    hidden = [len(entry["train"]["hidden"]) / len(entry["train"]["rows"]) for entry in diary]
    for entry in diary:
        everything = setting == "cold"
        assert (entry["asked"]["hidden"] == entry["asked"]["rows"]) == everything
        assert (entry["valid"]["hidden"] == entry["valid"]["rows"]) == everything
    assert np.mean(hidden) == pytest.approx(0.3 if setting == "cold" else 0.0, abs=0.08)


# -- flips of one block of labels, with a real LR at fixed epochs


class Case:
    """One dataset and split, and the logits that each row gets, for given labels."""

    def __init__(self, folder: Path, setting: str) -> None:
        self.folder = folder
        self.interactions = make_interactions(folder / "data", users=24, items=10, rows_per_user=8, seed=1)
        self.truth = np.array(self.interactions.labels())
        protocol = UserHoldout(UserHoldout.Params(setting=setting, users={"train": 0.5, "valid": 0.25, "test": 0.25}))
        self.split = divide(protocol, self.interactions.user_ptr, None, 0)
        self.runs = 0

    def logits(self, flipped: np.ndarray | None = None, source: str = "out-of-sample") -> np.ndarray:
        """(n,) what a selector would see of each row, with the labels of some rows flipped."""
        labels = self.truth.copy()
        if flipped is not None:
            labels[flipped] = 1 - labels[flipped]
        np.save(self.folder / "data" / "labels.npy", labels)
        self.runs += 1
        split_folder = self.folder / f"split-{self.runs}"
        write_split(self.split, self.interactions, split_folder)
        of_row = base_predictions.sources(self.split, source, FOLDS, 0)
        found = np.full(len(labels), np.nan, dtype=np.float32)
        for fit in base_predictions.fits(self.split, source, FOLDS, 0):
            folder = self.folder / f"fit-{self.runs}-{fit.variant}"
            work.perform(self.step(fit.variant, source, split_folder, folder).model_dump_json(), lambda _: None)
            own = of_row[fit.predict] == fit.variant
            found[fit.predict[own]] = np.load(folder / "logits.npy")[own]
        assert not np.isnan(found).any()
        return found

    def step(self, variant: str, source: str, split_folder: Path, folder: Path) -> FitStep:
        train = TrainSettings(batch_size=32, learning_rate=0.05, epochs=1)
        return FitStep(
            id=variant, title=variant, dataset=self.folder / "data", split=split_folder, folder=folder, variant=variant,
            base_predictions=source, folds=FOLDS, fold_seed=0, seed=0, autoload=False,
            model=PluginUse(use="lr", params={}, train=train),
        )  # fmt: skip

    def changed(self, rows: np.ndarray, source: str = "out-of-sample") -> set[str]:
        """Slots of which any logit differs, bit for bit, once the labels of `rows` are flipped."""
        before, after = self.logits(None, source), self.logits(rows, source)
        differs = before.view(np.int32) != after.view(np.int32)
        slots = {
            f"{letter} {part}": self.split.rows(role, part)
            for letter, role in zip("TVE", ("train", "valid", "test"), strict=True)
            for part in ("support", "query")
        }
        return {name for name, index in slots.items() if differs[index].any()}


@pytest.fixture(scope="module")
def cold(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("cold"), "cold")


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("warm"), "warm")


ALL = {"T support", "T query", "V support", "V query", "E support", "E query"}


def test_cold_flips(cold):
    split = cold.split
    assert cold.changed(split.rows("train", "support")) == ALL
    assert cold.changed(split.rows("train", "query")) == ALL
    for role in ("valid", "test"):
        for part in ("support", "query"):
            assert cold.changed(split.rows(role, part)) == set(), f"{role} {part}"


def test_warm_flips(warm):
    split = warm.split
    assert warm.changed(split.rows("train", "support")) == ALL
    assert warm.changed(split.rows("train", "query")) == {"V query", "E query"}, "theta* alone has seen Q of T"
    for role in ("valid", "test"):
        assert warm.changed(split.rows(role, "support")) == ALL
        assert warm.changed(split.rows(role, "query")) == set()


@pytest.mark.parametrize("setting", ["cold", "warm"])
def test_own_fold_does_not_reach_its_own_predictions(setting, request):
    case = request.getfixturevalue(setting)
    fold = base_predictions.fold_of_rows(case.split, FOLDS, 0)
    pool = case.split.is_role("train") if setting == "cold" else ~case.split.in_query
    flipped = np.flatnonzero(pool & (fold == 0))
    before, after = case.logits(), case.logits(flipped)
    same = before.view(np.int32) == after.view(np.int32)
    assert same[flipped].all()
    assert not same[np.flatnonzero(pool & (fold != 0))].all()


def test_in_sample_support_has_seen_itself(warm):
    assert "T support" in warm.changed(warm.split.rows("train", "support"), "in-sample")
    assert "T query" in warm.changed(warm.split.rows("train", "query"), "in-sample")


def test_withheld_labels_are_not_on_the_disk_that_a_worker_reads(cold):
    cold.logits()
    _, labels = open_split(cold.folder / f"split-{cold.runs}", cold.interactions)
    withheld = np.flatnonzero(labels == WITHHELD)
    np.testing.assert_array_equal(withheld, cold.split.rows("test", "query"))


# -- mutants: each must change what the tests above look at


def test_mutant_front_fitted_with_training_query(warm, monkeypatch):
    def leaky(split, source, folds, seed):
        found = fits(split, source, folds, seed)
        star = found[0].train
        return tuple(fit._replace(train=star) if fit.variant == "front" else fit for fit in found)

    _everywhere(monkeypatch, "fits", leaky)
    assert "T query" in warm.changed(warm.split.rows("train", "query"))


def test_mutant_row_folds_in_cold(cold, monkeypatch):
    by_user = base_predictions.fold_of_rows(cold.split, FOLDS, 0)
    monkeypatch.setattr(
        base_predictions,
        "fold_of_rows",
        lambda split, folds, seed: base_predictions.fold_of(len(split.in_query), folds, seed),
    )
    one_user_s_rows = np.flatnonzero(cold.split.is_role("train") & (by_user == 0))
    before, after = cold.logits(), cold.logits(one_user_s_rows)
    assert (before.view(np.int32) != after.view(np.int32))[one_user_s_rows].any(), (
        "the user's other rows were trained on"
    )


def test_mutant_star_for_warm_support(warm, monkeypatch):
    def lazy(split, source, folds, seed):
        found = sources(split, source, folds, seed)
        found[~split.in_query] = "star"
        return found

    _everywhere(monkeypatch, "sources", lazy)
    assert "T support" in warm.changed(warm.split.rows("train", "query")), "theta* has seen Q of T"


def test_mutant_ids_left_unmasked(cold, monkeypatch):
    before = cold.logits()
    monkeypatch.setattr(Split, "hides_users", property(lambda split: False))
    after = cold.logits(source="in-sample")
    monkeypatch.undo()
    masked = cold.logits(source="in-sample")
    rows = cold.split.rows("train", "query")
    assert (after[rows] != masked[rows]).any(), "a seen user's own weight shows"
    assert len(before) == len(after)


def _everywhere(monkeypatch, name, mutant):
    """In the plan's module and in the worker: whoever asks gets the mutant."""
    monkeypatch.setattr(base_predictions, name, mutant)
    for module in (fit_step, select_step):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, mutant)
