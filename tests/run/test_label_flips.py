"""Flip one block of labels and see, bit for bit, which base logits change: real fits of LR at fixed epochs, and the select
step that hands their predictions to a selector."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.data.base_predictions import fits
from bench.data.protocols import LeaveLast, UserHoldout
from bench.data.split import ROLES, divide
from bench.interfaces import Timeline
from bench.learn import training
from bench.run import work
from bench.run.splits import write_split
from bench.run.steps import FitStep, PluginUse, SelectStep
from bench.settings import TrainSettings
from tests.data.rows_oracle import fold_by_hand
from tests.datasets import make_interactions
from tests.run import mutants

SPY = Path(__file__).parent.parent / "fixtures" / "spy_plugin.py"
FOLDS = 3
TRAIN = TrainSettings(
    batch_size=32, learning_rate=0.05, epochs=1
)  # one epoch: early stopping can't hide or make a change
SLOTS = [f"{letter} {part}" for letter in "TVE" for part in ("support", "query")]
ALL = set(SLOTS)


class Case:
    """One dataset and one split; what a selector sees of them, for any labels."""

    def __init__(self, folder: Path, setting: str) -> None:
        self.folder, self.runs = folder, 0
        self.interactions = make_interactions(folder / "data", users=24, items=10, rows_per_user=8, seed=1)
        self.truth = np.array(self.interactions.labels())
        protocol = _protocol(setting)
        self.split = divide(protocol, Timeline(self.interactions.user_ptr, None), 0)

    def rows(self, slot: str) -> np.ndarray:
        letter, part = slot.split()
        return self.split.rows(ROLES["TVE".index(letter)], part)

    def changed(self, rows: np.ndarray) -> np.ndarray:
        """(n,) bool: rows whose base logit differs in any bit once the labels of `rows` are flipped."""
        return self.base_logits() != self.base_logits(rows)

    def reached(self, source: str = "out-of-sample") -> dict[str, set[str]]:
        """Slot whose labels are flipped to the slots of which any logit changes."""
        before = self.by_slot(source=source)
        found = {}
        for flipped in SLOTS:
            after = self.by_slot(self.rows(flipped), source)
            found[flipped] = {name for name in SLOTS if (before[name] != after[name]).any()}
        return found

    def base_logits(self, flipped: np.ndarray | tuple = (), source: str = "out-of-sample") -> np.ndarray:
        """(n,) int32, the bits of what the selector is handed of each row; where a row has one slot alone."""
        assert not self.split.in_blocks
        found = np.full(len(self.truth), -1, dtype=np.int32)
        for name, logits in self.by_slot(flipped, source).items():
            found[self.rows(name)] = logits
        return found

    def by_slot(self, flipped: np.ndarray | tuple = (), source: str = "out-of-sample") -> dict[str, np.ndarray]:
        """Slot to the bits of what the selector is handed there."""
        labels = self.truth.copy()
        labels[list(flipped)] = 1 - labels[list(flipped)]
        np.save(self.folder / "data" / "labels.npy", labels)
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        write_split(self.split, self.interactions, folder / "split")
        variants = [fit.variant for fit in fits(self.split, source, FOLDS, 0)]
        common = {
            "title": "", "dataset": self.folder / "data", "split": folder / "split", "base_predictions": source,
            "folds": FOLDS, "fold_seed": 0, "seed": 0, "plugins": (SPY,), "autoload": False,
        }  # fmt: skip
        lr = PluginUse(use="lr", params={}, train=TRAIN)
        for variant in variants:
            _perform(FitStep(id=variant, folder=folder / variant, model=lr, variant=variant, **common))
        spying = PluginUse(use="spy-selector", params={}, train=TRAIN)
        made = {"lr": {variant: folder / variant for variant in variants}}
        _perform(
            SelectStep(
                id="select", folder=folder / "select", needs=tuple(variants), models=("lr",), fits=made, pool={"lr": lr},
                selector=spying, **common,
            )
        )  # fmt: skip
        return self._handed_over(json.loads((folder / "diary.jsonl").read_text("utf-8")))

    def _handed_over(self, diary: dict) -> dict[str, np.ndarray]:
        found = {}
        for letter, tasks in zip("TVE", (diary["fit_train"], diary["fit_valid"], diary["asked_test"]), strict=True):
            for part in ("support", "query"):
                assert tasks[part]["rows"] == self.rows(f"{letter} {part}").tolist()
                found[f"{letter} {part}"] = np.array(tasks[part]["logits"], dtype=np.int32).reshape(-1)
        return found


def _protocol(setting: str):
    if setting == "blocks":
        return LeaveLast(LeaveLast.Params.model_validate_json('{"query": {"rows": 2}, "users": {"valid": 0.25}}'))
    shares = {"train": 0.5, "valid": 0.25, "test": 0.25}
    return UserHoldout(UserHoldout.Params.model_validate({"setting": setting, "users": shares}))


def _perform(step: FitStep | SelectStep) -> None:
    work.perform(step.model_dump_json(), lambda _: None)


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
COLD = {"T support": ALL, "T query": ALL, "V support": set(), "V query": set(), "E support": set(), "E query": set()}


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


def test_in_sample_every_slot_comes_from_the_one_fit(warm, cold):
    assert warm.reached("in-sample") == WARM | {"T query": ALL}
    assert cold.reached("in-sample") == COLD


# -- one fold of the support, and one user


def test_warm_a_fold_of_support_reaches_all_but_its_own_predictions(warm):
    support = np.flatnonzero(~warm.split.in_query)
    fold = np.array([fold_by_hand(row, FOLDS, 0) for row in support.tolist()])
    changed = warm.changed(support[fold == 0])
    assert not changed[support[fold == 0]].any()
    assert changed[support[fold != 0]].all()
    assert changed[warm.split.in_query].all(), "theta_f and theta* have seen all support"


@pytest.mark.parametrize("letter", ["T", "V", "E"])
def test_warm_a_user_s_own_row_is_predicted_without_it(warm, letter):
    row = warm.rows(f"{letter} support")[:1]
    changed = warm.changed(row)
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
    [(mutants.front_fitted_with_training_query, "T query"), (mutants.star_for_warm_support, "T support")],
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


def test_row_folds_in_cold_are_caught(cold, monkeypatch):
    mutants.row_folds_in_cold(monkeypatch)
    with pytest.raises(AssertionError, match="predicted by a fit that saw its user"):
        check_own_labels_stay_out(cold)


def test_ids_left_unmasked_show_in_the_logits(cold, monkeypatch):
    hidden = cold.base_logits(source="in-sample")
    mutants.ids_left_unmasked(monkeypatch)
    shown, rows = cold.base_logits(source="in-sample"), cold.rows("T query")
    assert (shown[rows] != hidden[rows]).any()


# -- id dropout of a differentiable model


@pytest.mark.parametrize(("setting", "chance"), [("cold", 0.3), ("warm", 0.0)])
def test_id_dropout_reaches_the_training_loop(request, monkeypatch, setting, chance):
    case, seen = request.getfixturevalue(setting), []
    one_epoch = training._one_epoch

    def spy(network, examples, settings, optimiser, generator, hidden):
        seen.append(0.0 if hidden is None else hidden.chance)
        one_epoch(network, examples, settings, optimiser, generator, hidden)

    monkeypatch.setattr(training, "_one_epoch", spy)
    case.base_logits()
    assert set(seen) == {chance}
