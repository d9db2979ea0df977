"""The checks of a metric."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from bench.interfaces import MetricRows, Score, UserParts
from bench.testing.metric_subject import MIXED, Case, MetricSubject
from bench.testing.verdicts import Failed, NotApplicable
from bench.worker.notes import not_json

__all__ = ["direction", "no_state", "order_of_rows", "parts_by_user", "score_or_reason"]

_AGREE = 1e-5  # as the harness asks of parts and value: some compute in float32


def score_or_reason(subject: MetricSubject) -> None:
    for what, case in subject.cases.items():
        score = subject.score(case)
        if not isinstance(score, Score):
            raise Failed(
                f"for {what} compute gives {type(score).__name__}",
                "hand back a bench.interfaces.Score",
            )
        _check_value(what, score)
        for place, found in not_json(score.counts, "counts"):
            raise Failed(f"for {what}, {place} is {found}", "count in whole numbers: int(x)")


def order_of_rows(subject: MetricSubject) -> None:
    """Rows of a user in another order, their logits with them."""
    rows, logits = subject.cases[MIXED]
    shuffled = np.random.default_rng(5).permutation(len(logits))
    order = shuffled[np.argsort(rows.users[shuffled], kind="stable")]
    value = subject.value(Case(rows, logits))
    other = subject.value(Case(MetricRows(*(part[order] for part in rows)), logits[order]))
    if not _agree(value, other):
        raise Failed(
            f"with each user's rows in another order the value is {other}, not {value}",
            "take each row's own label, item and logit; the place of a row says nothing",
        )


def no_state(subject: MetricSubject) -> None:
    """Rows scored by a metric that has scored others, and by one that has not."""
    case = subject.cases[MIXED]
    first, used = replace(subject), replace(subject)
    for other in [*subject.cases.values()][::-1]:
        used.value(other)
    value, again = first.value(case), used.value(case)
    if not _agree(value, again):
        raise Failed(
            f"after other rows the value of the same ones is {again}, not {value}",
            "keep nothing from one call to the next: the harness makes a metric anew for each",
        )


def direction(subject: MetricSubject) -> None:
    """Logits that follow the labels, against the opposite."""
    higher: Any = subject.made.higher_is_better
    if not isinstance(higher, bool):
        raise Failed(
            f"higher_is_better is {higher!r}", "say True or False: `higher_is_better = True`"
        )
    rows, logits = subject.cases[MIXED]
    right = np.where(rows.y == 1, 2.0, -2.0) + 0.1 * logits
    good, bad = (subject.value(Case(rows, which)) for which in (right, -right))
    if good is None or bad is None:
        raise NotApplicable("it is undefined where rows of both classes are told apart")
    if (bad > good) if higher else (bad < good):
        raise Failed(
            f"logits that tell the classes apart score {good:.6g}, the opposite {bad:.6g}, and higher_is_better is {higher}",
            f"set `higher_is_better = {not higher}`, or turn the sign of the value",
        )


def parts_by_user(subject: MetricSubject) -> None:
    defined = {
        what: (case, value)
        for what, case in subject.cases.items()
        if (value := subject.value(case)) is not None
    }
    parts = {what: subject.made.by_user(*case) for what, (case, _) in defined.items()}
    if all(part is None for part in parts.values()):
        raise NotApplicable("it has none: it is computed anew on each resample of users")
    for what, part in parts.items():
        if part is None:
            raise Failed(
                f"for {what} by_user gives None, and parts for other rows",
                "give parts wherever compute has a value, or leave by_user out",
            )
        case, value = defined[what]
        _check_parts(what, part, value, len(np.unique(case.rows.users)))


def _check_value(what: str, score: Score) -> None:
    value: Any = score.value
    if value is None:
        if not score.reason:
            raise Failed(
                f"for {what} it has neither a value nor a reason",
                "say why it is undefined: Score(None, 'no user has both classes')",
            )
        return
    try:
        finite = math.isfinite(value)
    except TypeError:
        raise Failed(
            f"for {what} the value is {type(value).__name__}", "hand back a number: float(x)"
        ) from None
    if not finite:
        raise Failed(
            f"for {what} the value is {value}",
            "where it is undefined hand back Score(None, reason)",
        )


def _check_parts(what: str, part: UserParts, value: float, users: int) -> None:
    numerators, denominators = map(np.asarray, part)
    if numerators.shape != (users,) or denominators.shape != (users,):
        raise Failed(
            f"for {what} by_user gives parts of shapes {numerators.shape} and {denominators.shape}, of {users} users",
            "give one of each for every user that has a row, users ascending: number them by np.unique(rows.users, "
            "return_inverse=True)",
        )
    if not (np.isfinite(numerators).all() and np.isfinite(denominators).all()):
        raise Failed(
            f"for {what} parts by user are not finite", "a user who does not count has 0 and 0"
        )
    if (denominators < 0).any() or not denominators.sum() > 0:
        raise Failed(
            f"for {what} denominators add up to {denominators.sum():.6g}, the least is {denominators.min():.6g}",
            "a denominator is what a user counts: 0 or more, and more than 0 for somebody where there is a value",
        )
    ratio = float(numerators.sum() / denominators.sum())
    if not _agree(ratio, value):
        raise Failed(
            f"for {what} by_user adds up to {ratio:.6g} where compute gives {value:.6g}",
            "make them agree, or leave by_user out",
        )


def _agree(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(abs(one - other) <= _AGREE * max(1.0, abs(one)))
