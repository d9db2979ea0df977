"""Where an axis of differences ends, so that a few long intervals do not leave the others no room."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

__all__ = ["Interval", "beyond", "ends"]

Interval = tuple[float, float]
_FAR = 4  # times the usual reach
_MARGIN = 0.04  # share of the whole, beyond the longest


def ends(points: Sequence[float], intervals: Sequence[Interval]) -> Interval:
    """Of at least one finite interval: around all and 0. Intervals are cut at four times the middle one's reach from 0; points
    never are."""
    reaches = [max(abs(low), abs(high)) for low, high in intervals]
    far = _FAR * median(reaches) or max(reaches) or 1.0
    least = min(*points, max(-far, min(0.0, *(low for low, _ in intervals))))
    most = max(*points, min(far, max(0.0, *(high for _, high in intervals))))
    room = _MARGIN * (most - least or 1.0)
    return least - room, most + room


def beyond(intervals: Sequence[Interval], axis: Interval) -> list[int]:
    """Places of those that an axis does not hold."""
    return [place for place, (low, high) in enumerate(intervals) if low < axis[0] or high > axis[1]]
