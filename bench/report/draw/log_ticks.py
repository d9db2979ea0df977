"""Where a logarithmic axis has its ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["log_ticks"]

_MOST = 8
_STEPS: Sequence[Sequence[int]] = ((1, 2, 5), (1, 3), (1,))


def log_ticks(low: float, high: float) -> list[float]:
    """From `low` to `high`, both above 0: as many of 1, 2 and 5 times the powers of ten as are no crowd; over many powers,
    only some of those. Fewer than two where the axis is shorter than a step."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in _STEPS:
        found = [
            value
            for power in powers
            for step in steps
            if low <= (value := step * 10.0**power) <= high
        ]
        if len(found) <= _MOST:
            return found
    return found[:: math.ceil(len(found) / _MOST)]
