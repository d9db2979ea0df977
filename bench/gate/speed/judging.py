"""From samples to verdicts. Nothing here knows where a sample was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.evaluate.inference.holm import holm
from bench.gate.model import Aspect, Cell, Verdict
from bench.gate.speed.intervals import FEWEST, Estimate

__all__ = ["ALPHA", "Control", "Sample", "confirmed", "is_suspect", "judged"]

ALPHA = 0.05
_MOST_LAUNCHES = 50  # more than these are no advice


@dataclass(frozen=True)
class Control:
    """Of the base beside itself: (launches,) medians of log ratios."""

    medians: np.ndarray

    def fault(self, log_margin: float) -> str:
        """Why nothing can be red beside it; "" where nothing is against it."""
        if len(self.medians) == 0:
            return "there was no time for the control"
        if self.unrest <= log_margin:
            return ""
        what = "moved" if self._middle > log_margin else "spread"
        return f"in the control the base beside itself {what} by {_share(self.unrest)}; measure on a quieter machine"

    @property
    def unrest(self) -> float:
        """What this machine makes of no change: how far launches lie from it, or from one another, as a log ratio."""
        if len(self.medians) == 0:
            return 0.0
        return max(self._middle, float(np.ptp(self.medians)) / 2)

    @property
    def _middle(self) -> float:
        return abs(float(np.median(self.medians)))

    @property
    def spread(self) -> float:
        """The largest change of identical code in a launch, relative."""
        return math.expm1(float(np.abs(self.medians).max())) if len(self.medians) else math.nan


@dataclass(frozen=True)
class Sample:
    """One figure of both sides. `base`, `candidate`: medians, in the figure's unit. `control`: None of what needs none: sizes,
    and files that others measured. `fault`: why it can't be judged however it came out. `resolution`: relative; two processes
    of one code differ by so much, so that less is no gain."""

    aspect: Aspect
    dataset: str
    protocol: str
    method: str
    measure: str
    base: float
    candidate: float
    estimate: Estimate
    margin: float  # relative: .1 allows a tenth more
    control: Control | None = None
    fault: str = ""
    resolution: float = 0.0

    @property
    def log_gain(self) -> float:
        """What is below it is better: more than identical code gains by itself."""
        unrest = self.control.unrest if self.control else 0.0
        return -max(math.log1p(self.resolution), unrest)

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.dataset, self.protocol, self.method, self.measure


def judged(samples: Sequence[Sample]) -> list[Cell]:
    """A cell for each. Holm's adjustment is over all of them: a gate of many figures is red by chance no more often than
    one of one. Regressed: the whole interval is beyond the margin, and the adjusted p agrees. Ok: the whole interval is
    within."""
    limits = [math.log1p(sample.margin) for sample in samples]
    worse = holm([s.estimate.p_at_most(limit) for s, limit in zip(samples, limits, strict=True)])
    better = holm([sample.estimate.p_at_least(sample.log_gain) for sample in samples])
    return [
        _cell(sample, limit, p, p_better)
        for sample, limit, p, p_better in zip(samples, limits, worse, better, strict=True)
    ]


def is_suspect(cell: Cell) -> bool:
    """Whether more launches may show a regression: it has one, or its change lies beyond the margin and is not sure."""
    if cell.change is None or cell.margin is None:
        return False
    return _is_red(cell) or (cell.verdict == "inconclusive" and cell.change > cell.margin)


def confirmed(first: Sequence[Cell], repeat: Sequence[Cell], both: Sequence[Cell]) -> list[Cell]:
    """Of the cells of `both` together: red where they are, and the repeat by itself lies beyond the margin too. What was red
    at first alone is inconclusive."""
    at_first = {_key(cell): cell for cell in first}
    again = {_key(cell): cell for cell in repeat}
    return [_confirmed(at_first.get(_key(cell)), again.get(_key(cell)), cell) for cell in both]


def _cell(sample: Sample, limit: float, p: float, p_better: float) -> Cell:
    verdict, reason = _verdict(sample, limit, p, p_better)
    few = sample.estimate.launches < 2
    return Cell(
        aspect=sample.aspect,
        dataset=sample.dataset,
        protocol=sample.protocol,
        method=sample.method,
        measure=sample.measure,
        verdict=verdict,
        reason=reason,
        base=sample.base,
        candidate=sample.candidate,
        change=math.expm1(sample.estimate.median),
        low=None if few else math.expm1(sample.estimate.low),
        high=None if few else math.expm1(sample.estimate.high),
        margin=sample.margin,
        p=None if few else float(p),
    )


def _verdict(sample: Sample, limit: float, p: float, p_better: float) -> tuple[Verdict, str]:
    estimate = sample.estimate
    if sample.fault:
        return "inconclusive", sample.fault
    if estimate.launches < FEWEST:
        return "inconclusive", f"{_counted(estimate.launches)}; an interval needs {FEWEST} a side"
    if estimate.high <= limit:
        if estimate.high < sample.log_gain and p_better <= ALPHA:
            return "better", f"the interval of {estimate.launches} launches is below the base"
        return "ok", f"the interval of {estimate.launches} launches is within the margin"
    if estimate.low > limit and p <= ALPHA:
        fault = sample.control.fault(limit) if sample.control else ""
        if fault:
            return "inconclusive", f"slower beyond the margin, but {fault}"
        return "regressed", f"the interval of {estimate.launches} launches is beyond the margin"
    return "inconclusive", f"the interval holds the margin; {_what_settles(estimate, limit)}"


def _what_settles(estimate: Estimate, limit: float) -> str:
    """By how many launches the interval would leave the margin out, if the change is as it was seen."""
    distance = abs(estimate.median - limit)
    half = (estimate.high - estimate.low) / 2
    needed = estimate.launches * (half / distance) ** 2 if distance else math.inf
    needed = max(needed * 1.5, estimate.launches + 1)  # half of those who do would still miss it
    if needed > _MOST_LAUNCHES:
        return "the change is too near the margin for this machine's noise; measure on a quieter one, or give another margin"
    return f"about {math.ceil(needed)} launches would settle it (--launches)"


def _confirmed(first: Cell | None, again: Cell | None, both: Cell) -> Cell:
    seen = [one for one in (first, both) if one is not None and _is_red(one)]
    if not seen:
        return both
    if again is None:
        reason = "beyond the margin, and there was no time to repeat it; give --time-limit more"
        return replace(both, verdict="inconclusive", reason=reason)
    told = f"at first {_change(first)}, from fresh processes {_change(again)}"
    if _is_red(both) and _is_beyond(again):
        return replace(both, reason=f"{both.reason}; {told}")
    reason = (
        f"beyond the margin, but it did not repeat: {told}; run the gate again, with more launches"
    )
    return replace(both, verdict="inconclusive", reason=reason)


def _is_beyond(cell: Cell) -> bool:
    return cell.change is not None and cell.margin is not None and cell.change > cell.margin


def _is_red(cell: Cell) -> bool:
    return cell.verdict == "regressed"


def _key(cell: Cell) -> tuple[str, str, str, str]:
    return cell.dataset, cell.protocol, cell.method, cell.measure


def _change(cell: Cell | None) -> str:
    if cell is None or cell.change is None:
        return "no figure"
    if cell.low is None or cell.high is None:
        return f"{cell.change:+.1%}"
    return f"{cell.change:+.1%} [{cell.low:+.1%}, {cell.high:+.1%}]"


def _counted(launches: int) -> str:
    return f"{launches} launch" if launches == 1 else f"{launches} launches"


def _share(log_ratio: float) -> str:
    return f"{math.expm1(log_ratio):.1%}"
