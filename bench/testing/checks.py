"""The checks that any base model or selector has to pass. Each returns where the plugin passes, else raises Failed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.data.views.rows import View
from bench.errors import PredictionError
from bench.evaluate import check_logits, check_weights
from bench.testing.adaptation import ragged_support_adapts
from bench.testing.sampled import apart
from bench.testing.shared_checks import determinism
from bench.testing.subject import Subject
from bench.testing.synthetic import MODELS
from bench.testing.verdicts import Failed, NotApplicable

__all__ = [
    "determinism_of_fits",
    "query_labels_never_read",
    "ragged_and_empty_support",
    "shape_and_finiteness",
    "simplex",
    "unseen_ids",
]

UNSEEN, UNKNOWN = "for unseen users and items", "for rows that are unknown in every field"
LABELS_FIX = "read labels in fit alone, those of the rows that it is handed (and of support, where there is one)"


def shape_and_finiteness(subject: Subject) -> None:
    fitted = subject.fitted()
    try:
        if not subject.is_selector:
            rows = subject.test_rows()
            check_logits(fitted.predict(rows), len(rows))
            return
        tasks = subject.test_tasks()
        selection = fitted.predict(tasks)
        if (selection.weights is None) == (selection.logits is None):
            raise PredictionError("a selection holds weights or logits, exactly one of them")
        if selection.logits is not None:
            check_logits(selection.logits, len(tasks.query))
        else:
            _check_columns(selection.weights, len(tasks.query))
    except PredictionError as error:
        raise Failed(
            str(error), "hand back one finite float32 or float64 logit (or weights) a row"
        ) from error


def determinism_of_fits(subject: Subject) -> None:
    """Two fits with one seed, and one fit asked twice."""
    determinism(subject)
    fitted = subject.fitted()
    if difference := apart(subject.predict(fitted), subject.predict(fitted)):
        raise Failed(
            f"one fit asked twice for the same rows gives {difference}",
            "let predict change nothing of what fit has learned",
        )


def unseen_ids(subject: Subject) -> None:
    """Users and items of no training row; a user hidden, as in the cold setting; rows that are unknown throughout."""
    fitted = subject.fitted()
    if subject.is_selector:
        tasks = subject.test_tasks()
        hidden = replace(tasks, support=_hidden(tasks.support), query=_hidden(tasks.query))
        _check_finite(subject.select(fitted, hidden), UNSEEN)
        _check_finite(subject.select(fitted, subject.strangers_task()), UNKNOWN)
    else:
        _check_finite(fitted.predict(_hidden(subject.test_rows())), UNSEEN)
        _check_finite(fitted.predict(subject.strangers_rows()), UNKNOWN)


def ragged_and_empty_support(subject: Subject) -> None:
    fitted = subject.fitted()
    if subject.is_selector:
        for where, tasks in subject.ragged_tasks().items():
            _check_finite(subject.select(fitted, tasks), where)
    else:
        for count in (1, 2, 7):
            found = np.asarray(fitted.predict(subject.test_rows().take(np.arange(count))))
            if found.shape != (count,):
                raise Failed(
                    f"{count} rows give shape {found.shape}",
                    "predict any number of rows, one included",
                )
    if subject.is_differentiable:
        ragged_support_adapts(subject)


def simplex(subject: Subject) -> None:
    if not subject.is_selector:
        raise NotApplicable("a base model gives no weights")
    tasks = subject.test_tasks()
    weights = subject.fitted().predict(tasks).weights
    if weights is None:
        raise NotApplicable("it gives logits")
    try:
        check_weights(weights, len(tasks.query), len(MODELS))
    except PredictionError as error:
        raise Failed(
            str(error), "weights are not negative and add up to 1 in each row: a softmax, say"
        ) from error


def query_labels_never_read(subject: Subject) -> None:
    """Labels of the rows asked for are withheld, and in none of the dataset's files; handed over flipped, they must not
    matter."""
    try:
        fitted = subject.fitted()
        withheld, again = subject.predict(fitted), subject.predict(fitted)
        flipped = subject.predict(fitted, 1 - subject.prepared.labels)
    except PermissionError as error:
        raise Failed(f"it asks the dataset for labels: {error}", LABELS_FIX) from error
    if withheld.tobytes() != again.tobytes():
        raise NotApplicable(
            "two predictions of one fit differ, labels or not (see determinism by seed)"
        )
    if withheld.tobytes() != flipped.tobytes():
        raise Failed("predictions depend on the labels of the rows asked for", LABELS_FIX)


def _check_columns(weights: np.ndarray, n: int) -> None:
    """That they are (n, K), finite and of a float type; on the simplex or not is another check's."""
    if np.shape(weights) != (n, len(MODELS)):
        raise PredictionError(
            f"weights: expected shape {(n, len(MODELS))}; got {np.shape(weights)}"
        )
    for column in weights.T:
        check_logits(column, n)


def _check_finite(values: object, where: str) -> None:
    bad = ~np.isfinite(np.asarray(values))
    if bad.any():
        raise Failed(
            f"{int(bad.sum())} predictions {where} are not finite",
            "expect code 0, NaN and empty bags or support",
        )


def _hidden(view: View) -> View:
    return View(view.interactions, view.index, view.labels, hide_users=True)
