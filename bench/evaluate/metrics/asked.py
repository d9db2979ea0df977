"""A metric, asked: whatever a plugin raises or hands back, there is a score, or the reason why it is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np

from bench.evaluate.metrics.fresh import fresh
from bench.evaluate.metrics.metric_rows import handed
from bench.evaluate.metrics.metrics import AUC, GAUC, LogLoss
from bench.evaluate.metrics.ndcg import NDCG
from bench.interfaces import Metric, MetricRows, Score, UserParts
from bench.interruption import by_the_user
from bench.registry.registration import in_one_line

__all__ = ["OWN", "InvalidScore", "ask", "ask_by_user"]

OWN = (AUC, GAUC, LogLoss, NDCG)  # the harness's, which write to nothing that they are handed
_REASON = 300  # characters of a plugin's own words
_UNEXPLAINED = "compute gave no value and no reason"


class InvalidScore(Score):
    """Stands for what is no score: `reason` says what a metric handed back, or what it raised."""

    __slots__ = ()


def ask(metric: Metric, rows: MetricRows, logits: np.ndarray) -> Score:
    """What `compute` gives, its value a finite float or None; an InvalidScore where it raises or gives what is no score.

    The metric is made anew, and a stranger's sees its arrays read-only: nothing goes from one score into the next."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # NaN; a sum beyond float64
            score: object = fresh(metric).compute(*_handed(metric, rows, logits))
    except BaseException as error:  # a stranger's code may raise anything, or exit
        if by_the_user(error):
            raise
        return InvalidScore(None, f"compute raised {_told(error)}")
    wrong = _wrong(score)
    if wrong:
        return InvalidScore(None, f"compute gave {wrong}")
    assert isinstance(score, Score)
    reason = _cleaned(score.reason)
    counts = {str(what): int(count) for what, count in score.counts.items()}
    if score.value is None:
        return Score(None, reason or _UNEXPLAINED, counts)
    return Score(float(score.value), reason, counts)


def ask_by_user(metric: Metric, rows: MetricRows, logits: np.ndarray) -> UserParts | str | None:
    """What `by_user` gives, as float64; or why that is none: a reason without its subject."""
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            parts: object = fresh(metric).by_user(*_handed(metric, rows, logits))
    except BaseException as error:
        if by_the_user(error):
            raise
        return f"by_user raised {_told(error)}"
    if parts is None:
        return None
    if not isinstance(parts, tuple) or len(parts) != 2:
        return f"by_user gave {_kind(parts)}; it gives bench.interfaces.UserParts, or None"
    users = len(np.unique(rows.users))
    arrays = []
    for what, part in zip(UserParts._fields, parts, strict=True):
        array = _numbers(part)
        if array is None:
            return f"by_user gave {what} that are no array of numbers ({_kind(part)})"
        if array.shape != (users,):
            shown = f"shape {array.shape}" if array.ndim != 1 else f"{len(array)}"
            return f"by_user gave {shown} {what} for {users} users; give one for every user"
        bad = np.flatnonzero(~np.isfinite(array))
        if len(bad):
            first = f"the first of the user in place {bad[0]} ({array[bad[0]]})"
            return f"by_user gave {len(bad)} {what} that are not finite, {first}; give 0 and 0 for who does not count"
        arrays.append(array)
    return UserParts(*arrays)


def _handed(metric: Metric, rows: MetricRows, logits: np.ndarray) -> tuple[MetricRows, np.ndarray]:
    return (rows, logits) if type(metric) in OWN else handed(rows, logits)


# -- what is no score


def _wrong(score: object) -> str:
    if not isinstance(score, Score):
        return f"{_kind(score)}; it gives a bench.interfaces.Score"
    return _wrong_value(score.value) or _wrong_reason(score.reason) or _wrong_counts(score.counts)


def _wrong_value(value: object) -> str:
    """Numbers of numpy are numbers; a truth value and an array of one are none."""
    if value is None:
        return ""
    if not isinstance(value, Real) or isinstance(value, bool):
        return f"a value that is no number ({_kind(value)}); a score is one number"
    try:
        finite = math.isfinite(value)
    except OverflowError:  # a whole number beyond float64
        finite = False
    return "" if finite else f"{value!s:.40}; where it is undefined it gives Score(None, reason)"


def _wrong_reason(reason: object) -> str:
    return "" if isinstance(reason, str) else f"a reason that is no text ({_kind(reason)})"


def _wrong_counts(counts: object) -> str:
    if not isinstance(counts, Mapping):
        return f"counts that are no mapping ({_kind(counts)})"
    bad = next((what for what, count in counts.items() if not isinstance(count, Integral)), None)
    return "" if bad is None else f"a count {bad!r:.60} that is no whole number"


# -- words and arrays


def _told(error: BaseException) -> str:
    try:
        return _cleaned(in_one_line(error))
    except Exception:  # its own text may raise
        return type(error).__name__


def _cleaned(text: str) -> str:
    """Short, and text that a file can hold."""
    return text[:_REASON].encode("utf-8", "backslashreplace").decode("utf-8")


def _kind(value: object) -> str:
    """`float`, or `numpy.ndarray of shape (3,)`."""
    kind = type(value)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    return f"{name} of shape {value.shape}" if isinstance(value, np.ndarray) else name


def _numbers(part: object) -> np.ndarray | None:
    """As float64; None for what is no array of real numbers."""
    try:
        array = np.asarray(part)
    except BaseException as error:
        if by_the_user(error):
            raise
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None
