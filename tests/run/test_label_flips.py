"""Flip one block of labels and see, bit for bit, which base logits change: real fits of LR at fixed epochs, and the select
step that hands their predictions to a selector."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.data.splits import LeaveLast, UserHoldout
from bench.data.splits.base_predictions import FitPlan
from bench.data.splits.split import divide
from bench.interfaces import Timeline
from bench.job.code import harness_digest
from bench.job.spec import BaseModelSpec, MethodSpec, SelectorSpec
from bench.job.splits import write_split
from bench.job.steps import FitStep, SelectStep
from bench.learn.network import training
from bench.registry import load_registry
from bench.settings import PredictionSource, TrainSettings
from bench.worker.perform import perform
from tests.data.rows_oracle import described, fold_by_hand, slots
from tests.datasets import make_interactions
from tests.run import mutants

SPY = Path(__file__).parent.parent / "fixtures" / "spy_plugin.py"
REGISTRY = load_registry([SPY], autoload=False)
FOLDS = 3
# one epoch: early stopping can't hide or make a change
TRAIN = TrainSettings(batch_size=32, learning_rate=0.05, epochs=1)
SLOTS = [f"{letter} {part}" for letter in "TVE" for part in ("support", "query")]
ALL = set(SLOTS)
HELD = "T1"
OUT, HOLDOUT = "out-of-sample", "holdout"


class Case:
    """One dataset and one split; what a selector sees of them, for any labels."""

    def __init__(self, folder: Path, setting: str) -> None:
        self.folder, self.runs = folder, 0
        self.interactions = make_interactions(
            folder / "data", users=24, items=10, rows_per_user=8, seed=1
        )
        self.truth = np.array(self.interactions.labels())
        protocol = _protocol(setting)
        self.split = divide(protocol, Timeline(self.interactions.user_ptr, None), 0)

    def rows(self, slot: str, source: str = OUT) -> np.ndarray:
        """Ascending; `HELD`: the rows of a cold holdout's users for base models alone."""
        if slot == HELD:
            return np.array(
                [row.row for row in described(self.split, source) if row.role == "B"],
                dtype=np.int64,
            )
        own = [
            row.row for row, letter, part in slots(self.split, source) if f"{letter} {part}" == slot
        ]
        return np.array(own, dtype=np.int64)

    def changed(self, rows: np.ndarray, source: str = OUT) -> np.ndarray:
        """(n,) bool: rows whose base logit differs in any bit once the labels of `rows` are flipped."""
        return self.base_logits(source=source) != self.base_logits(rows, source)

    def reached(self, source: str = OUT) -> dict[str, set[str]]:
        """Slot whose labels are flipped to the slots of which any logit changes."""
        before = self.by_slot(source=source)
        found = {}
        for flipped in SLOTS if len(self.rows(HELD, source)) == 0 else [HELD, *SLOTS]:
            after = self.by_slot(self.rows(flipped, source), source)
            found[flipped] = {name for name in SLOTS if (before[name] != after[name]).any()}
        return found

    def base_logits(self, flipped: np.ndarray | tuple = (), source: str = OUT) -> np.ndarray:
        """(n,) int32, the bits of what the selector is handed of each row; where a row has one slot alone."""
        assert not self.split.in_blocks
        found = np.full(len(self.truth), -1, dtype=np.int32)
        for name, logits in self.by_slot(flipped, source).items():
            found[self.rows(name, source)] = logits
        return found

    def by_slot(self, flipped: np.ndarray | tuple = (), source: str = OUT) -> dict[str, np.ndarray]:
        """Slot to the bits of what the selector is handed there."""
        labels = self.truth.copy()
        labels[list(flipped)] = 1 - labels[list(flipped)]
        np.save(self.folder / "data" / "labels.npy", labels)
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        write_split(self.split, self.interactions, folder / "split")
        of = PredictionSource(base_predictions=source, folds=FOLDS, seed=0)
        variants = [fit.variant for fit in FitPlan(self.split, of).fits]
        common = {
            "title": "", "owner": "", "cache": self.folder,
            "dataset": self.folder / "data", "split": folder / "split", "source": of, "seed": 0,
            "harness": harness_digest(), "plugin_paths": (SPY,),
            "plugins": (REGISTRY.used("models", "lr"), REGISTRY.used("selectors", "spy-selector")),
        }  # fmt: skip
        lr = BaseModelSpec(use="lr", params={}, train=TRAIN)
        for variant in variants:
            _perform(
                FitStep(id=variant, folder=folder / variant, model=lr, variant=variant, **common)
            )
        spying = MethodSpec(selector=SelectorSpec(use="spy-selector", params={}, train=TRAIN))
        made = {"lr": {variant: folder / variant for variant in variants}}
        _perform(
            SelectStep(
                id="select", folder=folder / "select", needs=tuple(variants), fits=made, pool={"lr": lr}, method=spying,
                **common,
            )
        )  # fmt: skip
        return self._handed_over(json.loads((folder / "diary.jsonl").read_text("utf-8")), source)

    def _handed_over(self, diary: dict, source: str) -> dict[str, np.ndarray]:
        found = {}
        for letter, tasks in zip(
            "TVE", (diary["fit_train"], diary["fit_valid"], diary["asked_test"]), strict=True
        ):
            for part in ("support", "query"):
                assert tasks[part]["rows"] == self.rows(f"{letter} {part}", source).tolist(), (
                    "rows of other tasks"
                )
                found[f"{letter} {part}"] = np.array(tasks[part]["logits"], dtype=np.int32).reshape(
                    -1
                )
        return found


def _protocol(setting: str):
    if setting == "blocks":
        return LeaveLast(
            LeaveLast.Params.model_validate_json('{"query": {"rows": 2}, "users": {"valid": 0.25}}')
        )
    shares = {"train": 0.5, "valid": 0.25, "test": 0.25}
    return UserHoldout(UserHoldout.Params.model_validate({"setting": setting, "users": shares}))


def _perform(step: FitStep | SelectStep) -> None:
    outcome = perform(step.model_dump_json(), lambda _: None)
    assert outcome.ok, outcome.traceback


@pytest.fixture(scope="module")
def cold(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("cold"), "cold")


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("warm"), "warm")


@pytest.fixture(scope="module")
def blocks(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("blocks"), "blocks")


# -- whole slots


WARM = {
    "T support": ALL,
    "T query": {"V query", "E query"},  # theta* alone has seen it
    "V support": ALL,
    "V query": set(),
    "E support": ALL,
    "E query": set(),
}
COLD = {
    "T support": ALL,
    "T query": ALL,
    "V support": set(),
    "V query": set(),
    "E support": set(),
    "E query": set(),
}


WARM_HOLDOUT = WARM | {"T query": set()}  # nothing has seen it, as nothing has seen V's and E's
COLD_HOLDOUT = {HELD: ALL} | {slot: set() for slot in SLOTS}  # theta* has seen T1 alone


# A slot's rows have other slots too: P is query of a T or V user and support of the same user's test.
BLOCKS = {
    "T support": ALL,
    "T query": {"V query", "E query"},  # P of T: theta* alone has seen it
    "V support": ALL,
    "V query": set(),  # P of V: nothing has seen it
    "E support": ALL,  # H of all users
    "E query": set(),
}


def test_blocks_slots(blocks):
    assert blocks.reached() == BLOCKS


def test_blocks_in_sample(blocks):
    assert blocks.reached("in-sample") == BLOCKS | {"T query": ALL}


def test_warm_slots(warm):
    assert warm.reached() == WARM


def test_cold_slots(cold):
    assert cold.reached() == COLD


def test_warm_holdout_slots(warm):
    assert warm.reached(HOLDOUT) == WARM_HOLDOUT


def test_cold_holdout_slots(cold):
    assert cold.reached(HOLDOUT) == COLD_HOLDOUT


def test_cold_holdout_every_task_row_changes_with_the_rows_of_base_models(cold):
    held = cold.rows(HELD, HOLDOUT)
    changed = cold.changed(held, HOLDOUT)
    in_tasks = np.setdiff1d(np.arange(len(changed)), held)
    assert changed[in_tasks].all()
    assert not changed[held].any(), "they are in no task"


def test_in_sample_every_slot_comes_from_the_one_fit(warm, cold):
    assert warm.reached("in-sample") == WARM | {"T query": ALL}
    assert cold.reached("in-sample") == COLD


# -- one fold of the support, and one user


@pytest.mark.parametrize("source", [OUT, HOLDOUT])
def test_warm_a_fold_of_support_reaches_all_but_its_own_predictions(warm, source):
    support = np.flatnonzero(~warm.split.in_query)
    fold = np.array([fold_by_hand(row, FOLDS, 0) for row in support.tolist()])
    changed = warm.changed(support[fold == 0], source)
    assert not changed[support[fold == 0]].any()
    assert changed[support[fold != 0]].all()
    assert changed[warm.split.in_query].all(), "theta_f and theta* have seen all support"


@pytest.mark.parametrize("source", [OUT, HOLDOUT])
@pytest.mark.parametrize("letter", ["T", "V", "E"])
def test_warm_a_user_s_own_row_is_predicted_without_it(warm, letter, source):
    row = warm.rows(f"{letter} support")[:1]
    changed = warm.changed(row, source)
    assert not changed[row].any()
    assert changed.any()


def check_own_labels_stay_out(case: Case) -> None:
    """Cold: none of a training user's rows is predicted by a fit that has seen any of them."""
    lengths = np.where(case.split.role == 0, np.diff(case.split.user_ptr), 0)
    user = int(np.argmax(lengths))
    own = np.arange(case.split.user_ptr[user], case.split.user_ptr[user + 1])
    assert not case.changed(own)[own].any(), "predicted by a fit that saw its user"


def test_cold_a_user_s_labels_do_not_reach_the_user_s_own_predictions(cold):
    check_own_labels_stay_out(cold)


def test_cold_a_fold_of_users_reaches_all_but_its_own_predictions(cold):
    users = np.asarray(cold.interactions.users)
    fold = np.array([fold_by_hand(user, FOLDS, 0) for user in users.tolist()])
    trains = cold.split.is_role("train")
    changed = cold.changed(np.flatnonzero(trains & (fold == 0)))
    assert not changed[trains & (fold == 0)].any()
    assert changed[trains & (fold != 0)].all()
    assert changed[~trains].all()


# -- the checks catch what they are for


@pytest.mark.parametrize(
    ("mutate", "slot"),
    [
        (mutants.front_fitted_with_training_query, "T query"),
        (mutants.star_for_warm_support, "T support"),
    ],
)
def test_warm_mutants_are_caught(warm, monkeypatch, mutate, slot):
    mutate(monkeypatch)
    reached = warm.reached()
    assert reached != WARM
    assert slot in reached["T query"], "Q of T leaks into it"


@pytest.mark.parametrize(
    ("mutate", "flipped"),
    [
        (mutants.front_fitted_with_training_query, "T query"),
        (mutants.star_for_warm_support, "T query"),
        (mutants.star_fitted_with_validation_rows, "V query"),
    ],
)
def test_mutants_in_blocks_are_caught(blocks, monkeypatch, mutate, flipped):
    mutate(monkeypatch)
    assert blocks.reached()[flipped] != BLOCKS[flipped]


def test_a_warm_holdout_s_star_with_training_query_is_caught(warm, monkeypatch):
    mutants.star_fitted_with_training_query(monkeypatch)
    assert warm.reached(HOLDOUT)["T query"] == {"T query", "V query", "E query"}


def test_a_warm_holdout_s_star_for_support_is_caught(warm, monkeypatch):
    row = warm.rows("T support")[:1]
    mutants.star_for_warm_support(monkeypatch)
    assert warm.changed(row, HOLDOUT)[row].all(), "predicted by a fit that saw it"


def test_a_cold_holdout_s_users_of_base_models_among_the_tasks_are_caught(cold, monkeypatch):
    mutants.held_users_kept_among_tasks(monkeypatch)
    with pytest.raises(AssertionError, match="rows of other tasks"):
        cold.reached(HOLDOUT)


def test_row_folds_in_cold_are_caught(cold, monkeypatch):
    mutants.row_folds_in_cold(monkeypatch)
    with pytest.raises(AssertionError, match="predicted by a fit that saw its user"):
        check_own_labels_stay_out(cold)


@pytest.mark.parametrize(("source", "shows"), [("in-sample", True), (HOLDOUT, False)])
def test_ids_left_unmasked_show_in_the_logits_of_models_that_know_the_user(
    cold, monkeypatch, source, shows
):
    """In a holdout none of the tasks' users was trained on: there the spy's rows alone tell that ids are hidden."""
    hidden = cold.base_logits(source=source)
    mutants.ids_left_unmasked(monkeypatch)
    shown, rows = cold.base_logits(source=source), cold.rows("T query", source)
    assert (shown[rows] != hidden[rows]).any() == shows


# -- id dropout of a differentiable model


@pytest.mark.parametrize(("setting", "chance"), [("cold", 0.3), ("warm", 0.0)])
def test_id_dropout_reaches_the_training_loop(request, monkeypatch, setting, chance):
    case, seen = request.getfixturevalue(setting), []
    draw = training.draw

    def spy(n, batch_size, hidden, generator):
        seen.append(0.0 if hidden is None else hidden.chance)
        return draw(n, batch_size, hidden, generator)

    monkeypatch.setattr(training, "draw", spy)
    case.base_logits()
    assert set(seen) == {chance}
