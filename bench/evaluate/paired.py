"""The difference of two methods on the same rows, and what can be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Paired", "Verdict"]

Verdict = Literal["better", "worse", "tie", "withheld"]


@dataclass(frozen=True)
class Paired:
    """Candidate minus reference. What is None is so for a `reason`."""

    metric: str
    difference: float | None
    low: float | None  # 95 % interval, bootstrap by user
    high: float | None
    p: float | None
    seeds_low: float | None  # t-interval over seeds; None with one seed
    seeds_high: float | None
    seeds_p: float | None
    p_holm: float | None  # adjusted over the table
    verdict: Verdict
    detectable: float | None  # the smallest difference, without its sign, that this run could have detected
    reason: str = ""
