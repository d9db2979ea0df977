"""Which segment each row is in: users by history and by the positive rate of their support, items by popularity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from bench.evaluate.metrics.equal_mass import equal_mass_bins
from bench.evaluate.query_rows import QueryRows

__all__ = ["SEGMENTED_BY", "Band", "By"]

By = Literal["history", "support_rate", "popularity"]

_HISTORY = np.array([0, 1, 6, 21, 51, 101])  # fewest support rows of each band
_HISTORY_NAMES = (
    "0 rows",
    "1 to 5 rows",
    "6 to 20 rows",
    "21 to 50 rows",
    "51 to 100 rows",
    "101 rows or more",
)
_RATES = np.array([0.2, 0.4, 0.6, 0.8])
_RATE_NAMES = ("no support", "0 to 20 %", "20 to 40 %", "40 to 60 %", "60 to 80 %", "80 to 100 %")
_POPULARITY_NAMES = ("unseen", "tail", "middle", "head")


class Band(NamedTuple):
    """Rows of one segment."""

    name: str
    inside: tuple[np.ndarray, ...]  # (n,) bool of each seed; some row is inside


def _by_history(rows: Sequence[QueryRows]) -> Iterator[Band]:
    """Of the row's user."""
    return _bands(
        [np.searchsorted(_HISTORY, one.history, side="right") - 1 for one in rows], _HISTORY_NAMES
    )


def _by_support_rate(rows: Sequence[QueryRows]) -> Iterator[Band]:
    """Each band holds its lower end, the last its upper too; users without support are apart."""
    return _bands([_rate_codes(one) for one in rows], _RATE_NAMES)


def _by_popularity(rows: Sequence[QueryRows]) -> Iterator[Band]:
    """Thirds of the query rows by how often base models were fitted on their item; items that they never saw are apart. An
    item is never parted, so thirds are only nearly equal."""
    every = np.concatenate([one.popularity for one in rows])
    codes = np.zeros(len(every), dtype=np.int64)
    codes[every > 0] = 1 + equal_mass_bins(every[every > 0], 3)
    names = [_popularity_name(band, every[codes == band]) for band in range(len(_POPULARITY_NAMES))]
    return _bands(np.split(codes, np.cumsum([len(one.popularity) for one in rows])[:-1]), names)


SEGMENTED_BY: Mapping[By, Callable[[Sequence[QueryRows]], Iterator[Band]]] = {
    "history": _by_history,
    "support_rate": _by_support_rate,
    "popularity": _by_popularity,
}


def _rate_codes(rows: QueryRows) -> np.ndarray:
    codes = np.searchsorted(_RATES, rows.support_rate, side="right") + 1
    codes[(rows.history == 0) | np.isnan(rows.support_rate)] = 0
    return np.asarray(codes)


def _popularity_name(band: int, counts: np.ndarray) -> str:
    name = _POPULARITY_NAMES[band]
    if band == 0 or not len(counts):
        return name
    low, high = int(counts.min()), int(counts.max())
    return (
        f"{name}, {low} to {high} rows"
        if low < high
        else f"{name}, {low} row{'s' if low > 1 else ''}"
    )


def _bands(codes: Sequence[np.ndarray], names: Sequence[str]) -> Iterator[Band]:
    """Those that hold a row in some seed."""
    for code, name in enumerate(names):
        inside = tuple(of_seed == code for of_seed in codes)
        if any(rows.any() for rows in inside):
            yield Band(name, inside)
