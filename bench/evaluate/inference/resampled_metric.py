"""One metric on many resamples of users: three ways that give the same, and the fastest that fits is taken.

A metric that is a ratio of sums over users needs those sums once; a resample is then a product with how often each user was
drawn. Pooled AUC has an exact way of its own. Any other metric is computed anew on the rows of each resample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from bench.evaluate.inference.slices import Slice, rows_at
from bench.evaluate.inference.weighted_auc import resampled_auc
from bench.evaluate.metrics.asked import OWN, ask, ask_by_user
from bench.evaluate.metrics.metrics import AUC, LogLoss
from bench.interfaces import Metric, MetricRows, Score, UserParts

__all__ = ["Figures", "figures", "has_parts", "ratios", "recomputed"]

T = TypeVar("T")

_TOGETHER = 1 << 23  # weights of users held as float64 at a time: 64 MiB
_TRIED = 2  # resamples on which a metric's parts are held against the metric itself
_AGREE = 1e-5  # share by which a metric's parts may differ from its value: some compute in float32


class Figures(NamedTuple):
    values: np.ndarray  # (M,)
    draws: np.ndarray  # (R, M)
    reasons: tuple[str, ...]  # M, "" where the value is defined
    untested: str = (
        ""  # why draws are all NaN though values are defined: what is wrong with `by_user`
    )


class _WrongPartsError(Exception):
    """What a metric's `by_user` gives is not the metric by users: the reason."""


def figures(metric: Metric, one: Slice, weights: np.ndarray) -> Figures:
    """Rows are grouped by user, users are places in 0..U - 1; weights (U, R) whole numbers: how often a resample has each
    user. Nothing that the metric raises or hands back raises here."""
    if type(metric) is AUC:
        return _of_auc(metric, one, weights)
    asked = [_asked(metric, one.rows, logits) for logits in one.logits]
    values = np.array([np.nan if score.value is None else score.value for score, _ in asked])
    draws, untested = np.full((weights.shape[1], len(asked)), np.nan), ""
    defined = np.flatnonzero(~np.isnan(values))
    logits, parts = [one.logits[place] for place in defined], [asked[place][1] for place in defined]
    try:
        if len(defined):
            draws[:, defined] = _draws(metric, one.rows, logits, values[defined], parts, weights)
    except _WrongPartsError as error:
        untested = f"metric {metric.name!r}: {error}"
    return Figures(values, draws, tuple(score.reason for score, _ in asked), untested)


def has_parts(metric: Metric, one: Slice) -> bool:
    """Whether the metric says that it is a ratio of sums over users, judged by the first method for which it is defined."""
    first = next(
        (logits for logits in one.logits if ask(metric, one.rows, logits).value is not None), None
    )
    return first is not None and ask_by_user(metric, one.rows, first) is not None


def ratios(parts: Sequence[UserParts], weights: np.ndarray) -> np.ndarray:
    """(R, M) float64, NaN where nobody who counts is drawn. M parts of U users each; weights (U, R)."""
    users, resamples = weights.shape
    numerators = [part.numerators for part in parts]
    # Methods mostly count the same rows: each distinct set of denominators is summed once.
    denominators, of_part = np.unique(
        [part.denominators for part in parts], axis=0, return_inverse=True
    )
    draws = np.empty((resamples, len(parts)))
    together = max(1, _TOGETHER // users)
    for first in range(0, resamples, together):
        some = slice(first, first + together)
        drawn = weights[:, some].T.astype(np.float64)
        counted = np.stack([drawn @ of_user for of_user in denominators], axis=1)
        with np.errstate(invalid="ignore", over="ignore"):  # nobody who counts: 0 / 0
            draws[some] = np.stack([drawn @ of_user for of_user in numerators], axis=1)
            draws[some] /= counted[:, of_part.ravel()]
    return draws


def recomputed(
    metric: Metric, rows: MetricRows, logits: Sequence[np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """(R, M) float64, NaN where the metric is undefined: the slow way, that needs nothing of a metric but `compute`.

    Rows of a drawn user are repeated, and a user drawn twice is two users. rows as in `figures`; logits (n,) of
    M methods."""
    draws = np.full((weights.shape[1], len(logits)), np.nan)
    for draw, counts in enumerate(weights.T):
        index, users = _repeated(rows.users, counts)
        if not len(index):
            continue
        again = rows_at(rows, index)._replace(users=users)
        for method, of_method in enumerate(logits):
            value = ask(metric, again, of_method[index]).value
            draws[draw, method] = np.nan if value is None else value
    return draws


def _of_auc(metric: AUC, one: Slice, weights: np.ndarray) -> Figures:
    """Of one sort a method."""
    y, users = one.rows.y, one.rows.users
    reasons = tuple(metric.why_undefined(one.rows, logits) for logits in one.logits)
    defined = [place for place, reason in enumerate(reasons) if not reason]
    found = np.full((1 + weights.shape[1], len(reasons)), np.nan)
    if defined:
        found[:, defined] = resampled_auc(
            y, [one.logits[place] for place in defined], users, weights
        )
    return Figures(found[0], found[1:], reasons)


def _asked(
    metric: Metric, rows: MetricRows, logits: np.ndarray
) -> tuple[Score, UserParts | str | None]:
    """What the metric gives and, where that is a value, its parts; or why they are none."""
    if type(metric) is LogLoss:
        with np.errstate(over="ignore", invalid="ignore"):  # losses near the end of float64
            return metric.with_parts(rows, logits)
    score = ask(metric, rows, logits)
    return score, None if score.value is None else ask_by_user(metric, rows, logits)


def _draws(
    metric: Metric,
    rows: MetricRows,
    logits: Sequence[np.ndarray],
    values: np.ndarray,
    parts: Sequence[UserParts | str | None],
    weights: np.ndarray,
) -> np.ndarray:
    """(R, M) of M methods for which the metric is defined. logits (n,) each, values (M,)."""
    _check_right(parts)
    known = [part for part in parts if isinstance(part, UserParts)]
    if len(known) < len(parts):
        return recomputed(metric, rows, logits, weights)
    for part, value in zip(known, values, strict=True):
        _check_total(part, float(value))
    present = np.flatnonzero(np.bincount(rows.users, minlength=len(weights)))
    draws = ratios([_of_all(part, present, len(weights)) for part in known], weights)
    if type(metric) not in OWN:
        _check_draws(draws[:_TRIED], recomputed(metric, rows, logits, weights[:, :_TRIED]))
    return draws


def _check_right(parts: Sequence[UserParts | str | None]) -> None:
    for part in parts:
        if isinstance(part, str):
            raise _WrongPartsError(part)


def _check_total(part: UserParts, value: float) -> None:
    """Parts that tell of something else than the value would give intervals of something else."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = float(np.float64(part.numerators.sum()) / part.denominators.sum())
    if not _agree(ratio, value):
        raise _WrongPartsError(f"by_user adds up to {ratio:.6g} where compute gives {value:.6g}")


def _check_draws(by_parts: np.ndarray, by_rows: np.ndarray) -> None:
    """The total may be right and the users' shares of it wrong: then resamples of users show it. Both (_TRIED, M)."""
    for ratio, value in zip(by_parts.ravel().tolist(), by_rows.ravel().tolist(), strict=True):
        if np.isfinite(value) and not _agree(ratio, value):
            raise _WrongPartsError(
                f"on a resample of users by_user adds up to {ratio:.6g} where compute gives {value:.6g}: its shares by user "
                "are wrong (users ascending?)"
            )


def _agree(ratio: float, value: float) -> bool:
    return abs(ratio - value) <= _AGREE * max(1.0, abs(value))


def _of_all(part: UserParts, present: np.ndarray, users: int) -> UserParts:
    """Of U users, of whom some have no row here. present: the others, ascending."""
    numerators, denominators = np.zeros(users), np.zeros(users)
    numerators[present], denominators[present] = part
    return UserParts(numerators, denominators)


def _repeated(users: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a resample and their users, numbered anew; (m,) each. users (n,) ascending; counts (U,)."""
    pointer = np.searchsorted(users, np.arange(len(counts) + 1))
    drawn = np.repeat(np.arange(len(counts)), counts)
    lengths = np.diff(pointer)[drawn]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    index = np.repeat(pointer[drawn], lengths) + within
    return index, np.repeat(np.arange(len(drawn), dtype=users.dtype), lengths)
