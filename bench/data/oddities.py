"""What reads without an error and may still be wrong: times that can't be, one id that has most rows."""

from __future__ import annotations

import time
from typing import Any, Literal

import numpy as np

from bench.data.ids import id_texts
from bench.data.views.interactions import Interactions

__all__ = ["largest_id", "odd_times", "oddities"]

EARLIEST = 631_152_000  # 1990-01-01, in seconds since 1970
AHEAD = 366 * 86_400  # seconds: a year after now
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # so many a second


def oddities(interactions: Interactions) -> dict[str, Any]:
    """As JSON: `odd_times` (None where the order has none), `largest_user` and `largest_item`."""
    order = interactions.order
    return {
        "odd_times": None
        if order is None
        else odd_times(order, interactions.meta.get("order_unit", ""), time.time()),
        "largest_user": largest_id(interactions, "user"),
        "largest_item": largest_id(interactions, "item"),
    }


def odd_times(order: np.ndarray, unit: str, now: float) -> dict[str, Any] | None:
    """Rows whose time can't be: before 1990, or later than a year after `now` (seconds since 1970). None without any.

    Dates and times are held against that as they are (`unit` s or ns). Numbers (`unit` "") are taken for times since 1970
    where more than half of the rows lie between 1990 and now + 1 year as seconds, milliseconds, microseconds or
    nanoseconds; their unit is the one of most of these rows. Any other numbers (ranks, years, 14102100) are no times, and
    nothing is said of them.

    JSON: unit, before, after (rows), earliest and latest (values, as in the data, of those rows), other_units: unit to rows
    that lie in that range only if they are read in it, so that two units are mixed (these count as before or after too)."""
    values = order.astype(np.float64)
    within = {each: _within(values, per_second, now) for each, per_second in UNITS.items()}
    rows = {each: int(mask.sum()) for each, mask in within.items()}
    if not unit:
        if 2 * sum(rows.values()) <= len(values):
            return None
        unit = max(rows, key=rows.__getitem__)
    odd = ~within[unit]
    if not odd.any():
        return None
    before = values < EARLIEST * UNITS[unit]
    return {
        "unit": unit,
        "before": int(before.sum()),
        "after": int((odd & ~before).sum()),
        "earliest": order[odd].min().item(),
        "latest": order[odd].max().item(),
        "other_units": {each: count for each, count in rows.items() if count and each != unit},
    }


def largest_id(interactions: Interactions, owner: Literal["user", "item"]) -> dict[str, Any]:
    """The user or item that has most rows (the first of several): id, rows, share of all rows, and whether that `stands_out`.

    It does where the share is more than half, or at least a tenth and ten times the mean: a hashed null looks like that."""
    numbers = interactions.users if owner == "user" else interactions.items
    rows_of_id = np.bincount(numbers)
    most = int(rows_of_id.argmax())
    rows = int(rows_of_id[most])
    share, mean_share = rows / len(numbers), 1 / np.count_nonzero(rows_of_id)
    stands_out = share > 0.5 or (share >= 0.1 and share >= 10 * mean_share)
    return {
        "id": id_texts(interactions, owner)[most].as_py(),
        "rows": rows,
        "share": share,
        "stands_out": bool(stands_out),
    }


def _within(values: np.ndarray, per_second: int, now: float) -> np.ndarray:
    return np.asarray((values >= EARLIEST * per_second) & (values <= (now + AHEAD) * per_second))
