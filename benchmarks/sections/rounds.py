"""CPU seconds of several works, one after the other in every round: what slows the machine for a while slows them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from benchmarks.peers.ratios import ratio

__all__ = ["in_rounds", "times_as_fast"]


def in_rounds(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """After a round that is not counted. Work to CPU seconds, a round each."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.process_time()
            work()
            if number:
                seconds[name].append(time.process_time() - start)
    return seconds


def times_as_fast(theirs: list[float], ours: list[float]) -> str:
    """A ratio with its 95 % interval over rounds."""
    found = ratio(theirs, ours)
    interval = "" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]"
    return f"{found.value:.2f}{interval}"
