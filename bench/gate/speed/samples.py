"""From blocks to samples: which figures both sides have, and what speaks against judging them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bench.gate.model import Aspect
from bench.gate.speed.blocks import WHOLE, Block, Figure, Place
from bench.gate.speed.intervals import paired_estimate
from bench.gate.speed.judging import Control, Sample
from bench.gate.speed.schedule import Pair

__all__ = [
    "RESOLUTION",
    "SHORT",
    "MarginOf",
    "memory_samples",
    "short_alone",
    "short_together",
    "throughput_samples",
]

# (aspect, measure, dataset, protocol, method) -> relative
MarginOf = Callable[[Aspect, str, str, str, str], float]
SHORT = 5e-3  # seconds a block, below which a timer's and a cache's accidents outweigh the work
_LEAST = 1e-9  # seconds or bytes: of nothing there is no ratio
_TOGETHER = Place("", "", "short steps")
# One server of processes differs from another by half a per cent of memory; texts in the cache hold seconds, of any length.
RESOLUTION = {"peak_rss_bytes": 0.01, "cache_bytes": 0.01}
_SIZES = ("peak_rss_bytes", "parameters", "blob_bytes", "cache_bytes")


def memory_samples(measured: Pair, margin: MarginOf) -> list[Sample]:
    """Each run counts as a launch, since each of its steps is a process of its own."""
    figures = _figures([measured], _SIZES)
    return [
        _sample(
            "memory", figure, [Pair((one,), (other,)) for one, other in _runs(measured)], margin
        )
        for figure in figures
        if figure.place != WHOLE or _same_methods(measured)
    ]


def throughput_samples(
    pairs: Sequence[Pair],
    control: Sequence[Pair],
    threads: int,
    margin: MarginOf,
    faults: Mapping[Place, str],
) -> list[Sample]:
    """CPU seconds of one thread; of more threads wall seconds, since who waits for a thread spends no CPU. Steps that take no
    time on either side are judged together."""
    measures = _measures(threads)
    every = [_with_short_together(pairs, side, measures) for side in (pairs, control)]
    return [
        _sample("throughput", figure, every[0], margin, every[1], faults.get(figure.place, ""))
        for figure in _figures(every[0], measures)
        if not _is_short(every[0], figure)
    ]


def short_alone(pairs: Sequence[Pair], threads: int) -> list[Figure]:
    """Figures that are not judged by themselves: they take less than SHORT on either side."""
    return [figure for figure in _figures(pairs, _measures(threads)) if _is_short(pairs, figure)]


def short_together(pairs: Sequence[Pair], threads: int) -> list[str]:
    """Measures of which all those take less than SHORT together, so that no sample has them."""
    measures = _measures(threads)
    every = _with_short_together(pairs, pairs, measures)
    sums = [figure for figure in _figures(every, measures) if figure.place == _TOGETHER]
    return [figure.measure for figure in sums if _is_short(every, figure)]


def _measures(threads: int) -> tuple[str, str]:
    return ("train_cpu_s", "predict_cpu_s") if threads == 1 else ("train_wall_s", "predict_wall_s")


def _sample(
    aspect: Aspect,
    figure: Figure,
    pairs: Sequence[Pair],
    margin: MarginOf,
    control: Sequence[Pair] | None = None,
    fault: str = "",
) -> Sample:
    return Sample(
        aspect=aspect,
        dataset=figure.place.dataset,
        protocol=figure.place.protocol,
        method=figure.place.method,
        measure=figure.measure,
        base=_median(block for pair in pairs for block in pair.base)(figure),
        candidate=_median(block for pair in pairs for block in pair.candidate)(figure),
        estimate=paired_estimate([_log_ratios(pair, figure) for pair in pairs]),
        margin=margin(aspect, figure.measure, *figure.place),
        control=None if control is None else Control(_medians(control, figure)),
        fault=fault,
        resolution=RESOLUTION.get(figure.measure, 0.0),
    )


def _log_ratios(pair: Pair, figure: Figure) -> np.ndarray:
    """(blocks,)"""
    base, candidate = (
        np.maximum([block.values[figure] for block in blocks], _LEAST)
        for blocks in (pair.base, pair.candidate)
    )
    return np.asarray(np.log(candidate / base))


def _medians(control: Sequence[Pair], figure: Figure) -> np.ndarray:
    return np.array([float(np.median(_log_ratios(pair, figure))) for pair in control])


def _figures(pairs: Sequence[Pair], measures: Iterable[str]) -> list[Figure]:
    """Those that every block of both sides has, in a fixed order. `lost` tells of the others."""
    blocks = [block for pair in pairs for side in pair for block in side]
    if not blocks:
        return []
    wanted = set(measures)
    return sorted(
        figure
        for figure in blocks[0].values
        if figure.measure in wanted and all(figure in block.values for block in blocks)
    )


def _median(blocks: Iterable[Block]) -> Callable[[Figure], float]:
    every = list(blocks)
    return lambda figure: float(np.median([block.values[figure] for block in every]))


def _is_short(pairs: Sequence[Pair], figure: Figure) -> bool:
    """On both sides: what was short and is no longer is judged."""
    return all(
        _median(block for pair in pairs for block in pair[side])(figure) < SHORT for side in (0, 1)
    )


def _with_short_together(
    pairs: Sequence[Pair], changed: Sequence[Pair], measures: Sequence[str]
) -> list[Pair]:
    """The same blocks with a figure more for each measure: the sum of those that are short by themselves in `pairs`."""
    short = [figure for figure in _figures(pairs, measures) if _is_short(pairs, figure)]
    return [
        Pair(*(tuple(_summed(block, short) for block in side) for side in pair)) for pair in changed
    ]


def _summed(block: Block, short: Sequence[Figure]) -> Block:
    sums: dict[Figure, float] = {}
    for figure in short:
        together = Figure(_TOGETHER, figure.measure)
        sums[together] = sums.get(together, 0.0) + block.values[figure]
    return replace(block, values={**block.values, **sums})


def _runs(measured: Pair) -> list[tuple[Block, Block]]:
    return list(zip(measured.base, measured.candidate, strict=True))


def _same_methods(measured: Pair) -> bool:
    """Of a suite with another method the cache is another matter."""
    return measured.base[0].places == measured.candidate[0].places
