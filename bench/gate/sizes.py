"""What the records of a method's trials tell of its size, seed by seed, on both sides."""

from __future__ import annotations

from collections.abc import Mapping

from bench.compare.conditions import slowing
from bench.compare.measured import once
from bench.gate.trials import MethodTrials
from bench.records import Record

__all__ = [
    "PARAMETERS",
    "PEAK",
    "Known",
    "Sizes",
    "counts_of",
    "is_counted_anew",
    "is_measured_once",
    "known",
    "peaks_of",
    "unlike",
    "untold",
]

PEAK, PARAMETERS = "peak_rss_bytes", "parameters"
Known = list[tuple[float, float]]  # of seeds that both sides know a size of, base and candidate
Sizes = Mapping[int, tuple[float | None, float | None]]  # of each seed; None: not known
_MOST = 2.0**63  # parameters; beyond that it is no count


def unlike(one: MethodTrials) -> list[str]:
    """What differs that a peak hangs on beside the code."""
    return [what for pair in one.pairs.values() for what in slowing(*pair)]


def counts_of(one: MethodTrials) -> Sizes:
    """Parameters."""
    return {seed: (_counted(base), _counted(other)) for seed, (base, other) in one.pairs.items()}


def peaks_of(one: MethodTrials) -> Sizes:
    """Bytes of a method's own step. Where one side shared its process, neither has a peak to be held against; nor
    where both took the step from one cache: its one measurement is never larger than itself."""
    return {
        seed: (None, None)
        if once(base, other) or _is_shared(base) or _is_shared(other)
        else (_peak(base), _peak(other))
        for seed, (base, other) in one.pairs.items()
    }


def is_measured_once(one: MethodTrials) -> bool:
    """Whether of some seed both sides tell of one measurement of one step."""
    return any(once(*pair) for pair in one.pairs.values())


def _is_shared(record: Record) -> bool:
    """Whether the step shared its process: the peak is of all that this did."""
    return bool(record.get("environment", {}).get("process") == "shared")


def _peak(record: Record) -> float | None:
    value = record["cost"]["own"].get(PEAK)
    return float(value) if value else None


def _counted(record: Record) -> float | None:
    """The harness counts those of differentiable plugins; another model may tell its own, and a number of another kind is
    no count."""
    value = record.get("details", {}).get(PARAMETERS)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _MOST and value % 1 == 0 else None


def known(sizes: Sizes) -> Known:
    """Of seeds that both sides know it of."""
    return [
        (base, other) for base, other in sizes.values() if base is not None and other is not None
    ]


def untold(sizes: Sizes) -> list[int]:
    """Seeds that BASE knows a size of and CANDIDATE does not."""
    return [seed for seed, (base, other) in sizes.items() if base is not None and other is None]


def is_counted_anew(sizes: Sizes) -> bool:
    """Whether CANDIDATE knows a size that BASE does not."""
    return any(base is None and other is not None for base, other in sizes.values())
