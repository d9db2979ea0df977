"""For whom: query rows in segments, of users by history and by how much they like, of items by popularity. Exploratory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from bench.evaluate.analysis import QueryRows, Segment
from bench.evaluate.auc import pooled_auc
from bench.evaluate.metrics import row_log_loss
from bench.evaluate.paired import Paired, adjust, paired
from bench.evaluate.resampling import Slice, resample

__all__ = ["segments"]

By = Literal["history", "support_rate", "popularity"]
_HISTORY = ((0, 0), (1, 5), (6, 20), (21, 50), (51, 100), (101, None))
_RATES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class _Part(NamedTuple):
    """Some rows of every seed; masks (n,) in the order of the seeds."""

    by: By
    name: str
    masks: tuple[np.ndarray, ...]


def segments(
    rows: Sequence[QueryRows], names: Sequence[str], best_single: str | None, *, resamples: int, seed: int
) -> tuple[Segment, ...]:
    """Segments that hold a row, with log loss and AUC of each method, and its difference in log loss from best-single (Holm
    over all segments and methods)."""
    parts = [part for part in _parts(rows) if any(mask.any() for mask in part.masks)]
    compared: dict[tuple[int, str], Paired] = {}
    for number, part in enumerate(parts):
        if best_single is not None:
            compared |= {(number, n): p for n, p in _compared(rows, part, names, best_single, resamples, seed).items()}
    compared = adjust(compared)
    return tuple(_segment(rows, part, names, number, compared) for number, part in enumerate(parts))


def _parts(rows: Sequence[QueryRows]) -> Iterator[_Part]:
    for low, high in _HISTORY:
        masks = [(one.history >= low) & (one.history <= (np.inf if high is None else high)) for one in rows]
        yield _Part("history", _range(low, high), tuple(masks))
    yield _Part("support_rate", "no support", tuple(one.history == 0 for one in rows))
    for lower, upper in pairwise(_RATES):
        end = np.inf if upper == 1 else upper  # the last one holds its upper end
        masks = [(one.history > 0) & (one.support_rate >= lower) & (one.support_rate < end) for one in rows]
        yield _Part("support_rate", f"{lower:.0%} to {upper:.0%} positive", tuple(masks))
    yield _Part("popularity", "never seen", tuple(one.popularity == 0 for one in rows))
    yield from _bands(rows)


def _bands(rows: Sequence[QueryRows]) -> Iterator[_Part]:
    """Tail, middle and head: a third of the rows of items that were seen, or about that, each."""
    seen = np.concatenate([one.popularity[one.popularity > 0] for one in rows])
    if not len(seen):
        return
    edges = [0, *np.quantile(seen, [1 / 3, 2 / 3], method="lower").tolist(), int(seen.max())]
    for band, low, high in zip(("tail", "middle", "head"), edges[:-1], edges[1:], strict=True):
        masks = tuple((one.popularity > low) & (one.popularity <= high) for one in rows)
        yield _Part("popularity", f"{band}: {_range(int(low) + 1, int(high))}", masks)


def _range(low: int, high: int | None) -> str:
    if high == low:
        return f"{low:,} rows"
    return f"{low:,} to {high:,} rows" if high is not None else f"{low:,} rows and more"


def _compared(
    rows: Sequence[QueryRows], part: _Part, names: Sequence[str], best_single: str, resamples: int, seed: int
) -> Mapping[str, Paired]:
    slices = [
        Slice(one.y[mask], one.users[mask], np.stack([one.logits[name][mask] for name in names]))
        for one, mask in zip(rows, part.masks, strict=True)
        if mask.any()
    ]
    drawn = resample(slices, names, metrics=("logloss",), resamples=resamples, seed=seed)
    return {
        name: paired(drawn, name, best_single, "logloss", higher_is_better=False)
        for name in names
        if name != best_single
    }


def _segment(
    rows: Sequence[QueryRows],
    part: _Part,
    names: Sequence[str],
    number: int,
    compared: Mapping[tuple[int, str], Paired],
) -> Segment:
    there = [(one, mask) for one, mask in zip(rows, part.masks, strict=True) if mask.any()]
    users = np.concatenate([one.users[mask] for one, mask in there])
    return Segment(
        by=part.by,
        name=part.name,
        users=len(np.unique(users)),
        rows=len(users) // len(there),
        logloss={n: _mean([row_log_loss(o.y[m], o.logits[n][m]).mean() for o, m in there]) for n in names},
        auc={n: _mean([_auc(o.y[m], o.logits[n][m]) for o, m in there]) for n in names},
        against_best_single={name: found for (where, name), found in compared.items() if where == number},
    )


def _auc(y: np.ndarray, logits: np.ndarray) -> float:
    """NaN where there is one class."""
    return pooled_auc(y, logits) if 0 < int(y.sum()) < len(y) else float("nan")


def _mean(values: Sequence[float]) -> float | None:
    """None where one is undefined."""
    mean = float(np.mean(values))
    return mean if np.isfinite(mean) else None
