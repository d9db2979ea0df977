"""Of which times a gate of a suite says something, and of which it can't."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bench.gate.model import Cell, Verdict
from bench.gate.speed.blocks import Figure
from bench.gate.speed.judging import Sample
from bench.gate.speed.options import SpeedOptions
from bench.gate.speed.samples import SHORT, short_alone, short_together
from bench.gate.speed.schedule import Pair

__all__ = ["notes_of_launches", "notes_of_short_steps", "unmeasured"]

_SHORT = f"{SHORT * 1e3:.0f} ms"


def notes_of_launches(
    samples: Sequence[Sample], pairs: Sequence[Pair], options: SpeedOptions
) -> Iterator[str]:
    """How many there were, and how quiet the machine was."""
    yield (
        f"launches a side: {len(pairs)}, blocks in each: {options.blocks}, order of blocks from seed {options.seed}"
    )
    spreads = [sample.control.spread for sample in samples if sample.control]
    known = [spread for spread in spreads if not math.isnan(spread)]
    if known:
        yield f"control: beside itself the base moved by {max(known):.1%} at most in a launch"


def notes_of_short_steps(pairs: Sequence[Pair], threads: int) -> Iterator[str]:
    """Of figures without a row of their own: in which row they are, or that they are in none."""
    alone, nowhere = short_alone(pairs, threads), set(short_together(pairs, threads))
    together = [figure for figure in alone if figure.measure not in nowhere]
    unjudged = [figure for figure in alone if figure.measure in nowhere]
    if together:
        yield f"under {_SHORT} a block, and judged together as short steps: {_listed(together)}"
    if unjudged:
        yield (
            f"not judged, under {_SHORT} a block, all of them together too: {_listed(unjudged)}; give more rows or seeds"
        )


def unmeasured(
    cells: Sequence[Cell], methods: Sequence[str], pairs: Sequence[Pair], threads: int
) -> list[Cell]:
    """What is said where no time was judged at all, lest sizes alone make a green gate of speed. `methods`: those timed."""
    if any(cell.aspect == "throughput" for cell in cells):
        return []
    verdict, reason = _why_unmeasured(methods, pairs, threads)
    return [Cell("throughput", "", "", "suite", "cpu_s", verdict=verdict, reason=reason)]


def _why_unmeasured(
    methods: Sequence[str], pairs: Sequence[Pair], threads: int
) -> tuple[Verdict, str]:
    if not methods:
        return "incomplete", "no method has a result on both sides"
    if not pairs:
        return "incomplete", "no launch ended within the time limit; give more time"
    if not short_alone(pairs, threads):
        return "incomplete", "no step has a time on both sides"
    reason = f"each step takes less than {_SHORT} a block, all of them together too"
    return "inconclusive", f"{reason}; give more rows, epochs or seeds"


def _listed(figures: Sequence[Figure]) -> str:
    """`train_cpu_s of clicks/cold lr, clicks/cold fm`"""
    by_measure: dict[str, list[str]] = {}
    for measure, place in ((figure.measure, figure.place) for figure in figures):
        by_measure.setdefault(measure, []).append(
            f"{place.dataset}/{place.protocol} {place.method}"
        )
    return "; ".join(f"{measure} of {', '.join(names)}" for measure, names in by_measure.items())
