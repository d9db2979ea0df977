"""`calibrate: user`: what is left of a method once each user's intercept and slope are right.

Each user's calibration is fitted on the method's own predictions of the user's support. Those must be as good as its
predictions of the query are, so they are cross-fitted: the support is divided, and each part predicted by the method
adapted to the other parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bench.data.splits.base_predictions import hash_of
from bench.data.views.rows import TaskView
from bench.learn import Strengths, calibrate_by_user, choose_strengths

__all__ = ["Calibration", "calibrated", "cross_fitted", "fit_calibration"]

FOLDS = 5
STRENGTHS = (
    0.1,
    0.3,
    1.0,
    3.0,
    10.0,
    30.0,
    100.0,
    np.inf,
)  # infinite: that coefficient is left alone

Ask = Callable[[TaskView], np.ndarray]  # tasks without query labels to the method's logits (n,)


class Calibration(NamedTuple):
    """What was chosen on validation users."""

    strengths: Strengths
    valid: np.ndarray  # (n,) logits of validation users' query, calibrated
    details: dict[str, Any]


def fit_calibration(ask: Ask, valid: TaskView, valid_logits: np.ndarray, seed: int) -> Calibration:
    """Strengths are chosen on validation users' query, among all pairs of STRENGTHS."""
    labels = valid.query.labels
    assert labels is not None
    support = _support(ask, valid, seed)
    chosen = choose_strengths(*support, valid_logits, labels, valid.query_ptr, STRENGTHS, STRENGTHS)
    details = {
        "calibrated": {**_strengths(chosen), "candidates": len(STRENGTHS) ** 2, "folds": FOLDS}
    }
    return Calibration(
        chosen, calibrate_by_user(*support, valid_logits, valid.query_ptr, chosen), details
    )


def calibrated(
    ask: Ask, tasks: TaskView, logits: np.ndarray, strengths: Strengths, seed: int
) -> np.ndarray:
    """(n,) logits of the query, calibrated on each user's support."""
    return calibrate_by_user(*_support(ask, tasks, seed), logits, tasks.query_ptr, strengths)


def _support(ask: Ask, tasks: TaskView, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The method's logits of the support, its labels, its pointer."""
    assert tasks.support.labels is not None
    return cross_fitted(ask, tasks, seed), tasks.support.labels, tasks.support_ptr


def cross_fitted(ask: Ask, tasks: TaskView, seed: int) -> np.ndarray:
    """(support rows,) float64: each row's logit by the method adapted to the user's support less the row's own part.

    A user's parts are of like size, by a seeded hash of the rows; with one row, it is predicted unadapted."""
    logits = np.empty(len(tasks.support))
    parts = _parts(tasks.support.index, tasks.support_ptr, seed)
    for part in range(FOLDS):
        if (parts == part).any():
            logits[parts == part] = ask(_tasks_of_part(tasks, parts == part))
    return logits


def _parts(index: np.ndarray, ptr: np.ndarray, seed: int) -> np.ndarray:
    """(n,) in [0, FOLDS)."""
    users = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
    hashed = hash_of(int(index.max(initial=0)) + 1, seed)[index]
    order = np.lexsort((hashed, users))
    parts = np.empty(len(index), dtype=np.int64)
    parts[order] = (np.arange(len(index)) - ptr[:-1][users]) % FOLDS
    return parts


def _tasks_of_part(tasks: TaskView, asked: np.ndarray) -> TaskView:
    """Tasks of the users who have a row in a part: its rows are the query, their other rows the support."""
    users = np.repeat(np.arange(len(tasks.support_ptr) - 1), np.diff(tasks.support_ptr))
    present = np.zeros(len(tasks.support_ptr) - 1, dtype=bool)
    present[users[asked]] = True
    kept = ~asked & present[users]
    return TaskView(
        models=tasks.models,
        support=tasks.support.take(kept),
        query=tasks.support.take(asked).without_labels(),
        support_ptr=_pointer(users[kept], present),
        query_ptr=_pointer(users[asked], present),
        support_base_logits=tasks.support_base_logits[kept],
        query_base_logits=tasks.support_base_logits[asked],
    )


def _pointer(users: np.ndarray, present: np.ndarray) -> np.ndarray:
    lengths = np.bincount(users, minlength=len(present))[present]
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _strengths(chosen: Strengths) -> dict[str, float | None]:
    """None: the coefficient was left alone."""
    return {
        f"{name}_strength": value if np.isfinite(value) else None
        for name, value in chosen._asdict().items()
    }
