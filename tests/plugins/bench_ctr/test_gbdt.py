from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.errors import DataError
from bench.interfaces import Context
from bench_ctr.gbdt import GBDT
from tests.datasets import make_interactions


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[View, View]:
    """Training and validation rows."""
    interactions = make_interactions(
        tmp_path_factory.mktemp("prepared"), users=60, items=20, rows_per_user=30, seed=1
    )
    labels, held_out = interactions.labels(), np.arange(len(interactions)) % 4 == 0
    train, valid = (
        View(interactions, rows, labels[rows])
        for rows in map(np.flatnonzero, (~held_out, held_out))
    )
    return train, valid


def fitted(train: View, valid: View, seed: int = 0, **params: object) -> GBDT:
    model = GBDT(GBDT.Params(**params))  # type: ignore[arg-type]
    model.fit(train, valid, Context(seed=seed, threads=1, device="cpu", scratch=Path()))
    return model


def mean_log_loss(logits: np.ndarray, rows: View) -> float:
    assert rows.labels is not None
    return float(np.logaddexp(0, np.where(rows.labels == 1, -logits, logits)).mean())


def test_it_predicts_with_the_trees_that_did_best_on_validation_rows(
    halves: tuple[View, View],
) -> None:
    train, valid = halves
    model = fitted(train, valid, trees=200, learning_rate=0.3, patience=7)
    history = model.history
    assert history.epochs == history.best_epoch + 7 < 200
    found = mean_log_loss(model.predict(valid.without_labels()), valid)
    assert found == pytest.approx(min(history.valid_logloss), rel=1e-9)
    assert history.valid_logloss.index(min(history.valid_logloss)) + 1 == history.best_epoch


def test_as_many_trees_as_the_best_alone_are_the_same_model(halves: tuple[View, View]) -> None:
    train, valid = halves
    model = fitted(train, valid, learning_rate=0.3)
    short = fitted(train, valid, learning_rate=0.3, trees=model.history.best_epoch)
    np.testing.assert_array_equal(model.predict(valid), short.predict(valid))


def test_a_hidden_user_is_like_one_of_no_training_row(halves: tuple[View, View]) -> None:
    train, valid = halves
    known = train.users != 7
    model = fitted(train.take(known), valid)
    stranger = train.take(~known)
    hidden = View(train.interactions, stranger.index, hide_users=True)
    np.testing.assert_array_equal(model.predict(stranger.without_labels()), model.predict(hidden))


def test_no_rows_give_no_logits(halves: tuple[View, View]) -> None:
    assert fitted(*halves, trees=1).predict(halves[1].take(np.arange(0))).shape == (0,)


def test_a_field_without_a_value_in_training_is_borne(interactions: Interactions) -> None:
    missing = np.flatnonzero(np.isnan(interactions.numeric[:, 0]))
    labels = np.arange(len(interactions)).astype(np.uint8) % 2
    train = View(interactions, missing, labels[: len(missing)], hide_users=True)
    everything = View(interactions, np.arange(len(interactions)), labels)
    assert np.isfinite(fitted(train, everything, min_rows_per_leaf=1).predict(everything)).all()


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_is_refused(halves: tuple[View, View], label: int) -> None:
    train, valid = halves
    assert train.labels is not None
    with pytest.raises(
        DataError, match=r"^base model gbdt: its \d+ training rows hold one class alone; give"
    ):
        fitted(train.take(train.labels == label), valid)
