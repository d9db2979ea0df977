"""Rectangles of a panel, in inches, to tell what lies on what."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Box", "box_around"]


class Box(NamedTuple):
    """Of a panel, in inches from its lower left corner."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: Box) -> bool:
        """Whether they have more than an edge in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def within(self, other: Box) -> bool:
        """Whether no part of it is outside of the other."""
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.bottom <= self.bottom
            and self.top <= other.top
        )

    def away(self, x: float, y: float) -> float:
        """From a point to its nearest edge, 0 inside."""
        return math.hypot(
            max(self.left - x, 0.0, x - self.right), max(self.bottom - y, 0.0, y - self.top)
        )


def box_around(x: float, y: float, half_width: float, half_height: float) -> Box:
    return Box(x - half_width, x + half_width, y - half_height, y + half_height)
