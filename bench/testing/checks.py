"""The checks that any base model or selector has to pass. Each returns where the plugin passes, else raises Failed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.data.rows import View
from bench.errors import PredictionError
from bench.evaluate import check_logits, check_weights
from bench.testing.global_state import GlobalState
from bench.testing.subject import TEST_USERS, Subject
from bench.testing.synthetic import MODELS, make_tasks
from bench.testing.verdicts import Failed, NotApplicable

__all__ = [
    "determinism",
    "global_state",
    "query_labels_never_read",
    "ragged_and_empty_support",
    "shape_and_finiteness",
    "simplex",
    "unseen_ids",
]


def shape_and_finiteness(subject: Subject) -> None:
    fitted = subject.fitted()
    expected = len(subject.test_tasks().query if subject.is_selector else subject.test_rows())
    try:
        if subject.is_selector:
            selection = fitted.predict(subject.test_tasks())
            if (selection.weights is None) == (selection.logits is None):
                raise PredictionError("a selection holds weights or logits, exactly one of them")
            if selection.weights is not None:
                check_weights(selection.weights, expected, len(MODELS))
                return
            check_logits(selection.logits, expected)
            return
        check_logits(fitted.predict(subject.test_rows()), expected)
    except PredictionError as error:
        raise Failed(str(error), "hand back one finite float32 or float64 logit (or weights) a row") from error


def determinism(subject: Subject) -> None:
    first, second = (subject.prediction(subject.fitted(seed=3)) for _ in range(2))
    if first.tobytes() != second.tobytes():
        apart = float(np.abs(first.astype(float) - second.astype(float)).max())
        raise Failed(
            f"two fits with one seed predict up to {apart:.3g} apart",
            "draw every random number from context.seed (in build, torch's generator is seeded for you)",
        )


def unseen_ids(subject: Subject) -> None:
    """Users and items that no training row has, as codes that read 0 (unknown)."""
    fitted = subject.fitted()
    if subject.is_selector:
        tasks = subject.test_tasks()
        hidden = replace(tasks, support=_hidden(tasks.support), query=_hidden(tasks.query))
        _finite(_selected(fitted.predict(hidden)), "for unseen users")
        return
    _finite(fitted.predict(_hidden(subject.test_rows())), "for unseen users and items")


def ragged_and_empty_support(subject: Subject) -> None:
    fitted = subject.fitted()
    if not subject.is_selector:
        rows = subject.test_rows()
        for count in (1, 2, 7):
            found = np.asarray(fitted.predict(rows.take(np.arange(count))))
            if found.shape != (count,):
                raise Failed(f"{count} rows give shape {found.shape}", "predict any number of rows, one included")
        return
    for support in ([0] * len(TEST_USERS), [1] * len(TEST_USERS)):
        tasks = make_tasks(subject.interactions, TEST_USERS, np.array(support), None)
        _finite(_selected(fitted.predict(tasks)), f"where every user has {support[0]} support rows")


def simplex(subject: Subject) -> None:
    if not subject.is_selector:
        raise NotApplicable("a base model gives no weights")
    selection = subject.fitted().predict(subject.test_tasks())
    if selection.weights is None:
        raise NotApplicable("it gives logits")
    try:
        check_weights(selection.weights, len(subject.test_tasks().query), len(MODELS))
    except PredictionError as error:
        raise Failed(str(error), "weights are not negative and add up to 1 in each row: a softmax, say") from error


def global_state(subject: Subject) -> None:
    before = GlobalState.now()
    subject.prediction(subject.fitted())
    changed = before.differences(GlobalState.now())
    if changed:
        raise Failed(
            f"fit or predict changed {', '.join(changed)}",
            "use generators of your own (numpy.random.default_rng(context.seed), torch.Generator) and leave settings alone",
        )


def query_labels_never_read(subject: Subject) -> None:
    """Query labels of those asked for are withheld; handed over poisoned, they must not matter."""
    fitted = subject.fitted()
    clean = subject.prediction(fitted)
    poisoned = 1 - subject.interactions.labels()
    if subject.is_selector:
        selection, tasks = fitted.predict(subject.test_tasks(poisoned)), subject.test_tasks()
        found = _selected(selection)
        expected = _selected(fitted.predict(tasks))
    else:
        rows = subject.test_rows()
        found = np.asarray(fitted.predict(View(rows.interactions, rows.index, poisoned[rows.index])))
        expected = clean
    if found.tobytes() != expected.tobytes():
        raise Failed("predictions depend on the labels of the rows asked for", "read rows.labels in fit alone")


def _selected(selection: object) -> np.ndarray:
    weights, logits = selection.weights, selection.logits  # type: ignore[attr-defined]
    return np.asarray(weights if logits is None else logits)


def _finite(values: object, where: str) -> None:
    array = np.asarray(values)
    if not np.isfinite(array).all():
        raise Failed(
            f"{int((~np.isfinite(array)).sum())} predictions {where} are not finite", "treat code 0 as a value"
        )


def _hidden(view: View) -> View:
    return View(view.interactions, view.index, view.labels, hide_users=True)
