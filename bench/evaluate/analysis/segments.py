"""How methods do on some of the rows, in log loss. Exploratory: an interval is of its segment alone, and Holm's adjustment of
the segments by one property alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.evaluate.analysis.bands import SEGMENTED_BY, Band, By
from bench.evaluate.analysis.findings import Segment
from bench.evaluate.inference.comparisons import count_rows, slices
from bench.evaluate.inference.paired import adjust, paired
from bench.evaluate.inference.resampling import LOGLOSS_AND_AUC, resample
from bench.evaluate.inference.slices import Slice
from bench.evaluate.metrics.auc import pooled_auc
from bench.evaluate.query_rows import QueryRows

__all__ = ["segments"]


def segments(
    rows: Sequence[QueryRows],
    names: Sequence[str],
    best_single: str | None,
    resamples: int,
    seed: int,
) -> tuple[Segment, ...]:
    """By each property in turn; a band without rows is left out, and so is a seed without rows in a band. `names`, at least
    one, have finite losses in every seed."""
    found: list[Segment] = []
    for by, bands in SEGMENTED_BY.items():
        found += _adjusted(
            [_segment(by, band, rows, names, best_single, resamples, seed) for band in bands(rows)]
        )
    return tuple(found)


def _segment(
    by: By,
    band: Band,
    rows: Sequence[QueryRows],
    names: Sequence[str],
    best_single: str | None,
    resamples: int,
    seed: int,
) -> Segment:
    parts = slices(rows, names, band.inside)
    resampled = resample(parts, names, metrics=LOGLOSS_AND_AUC[:1], resamples=resamples, seed=seed)
    others = [] if best_single is None else [name for name in names if name != best_single]
    return Segment(
        by,
        band.name,
        resampled.users,
        count_rows(rows, [int(some.sum()) for some in band.inside]),
        dict(zip(names, resampled.values["logloss"].mean(axis=0).tolist(), strict=True)),
        {name: _auc(parts, place) for place, name in enumerate(names)},
        {name: paired(resampled, name, str(best_single), "logloss") for name in others},
    )


def _auc(parts: Sequence[Slice], place: int) -> float | None:
    """Mean over seeds; None where one has one class."""
    mean = float(np.mean([pooled_auc(one.y, one.logits[place]) for one in parts]))
    return mean if np.isfinite(mean) else None


def _adjusted(family: Sequence[Segment]) -> list[Segment]:
    """Holm over all comparisons of all segments."""
    table = adjust(
        {
            (place, name): one
            for place, part in enumerate(family)
            for name, one in part.against_best_single.items()
        }
    )
    return [
        replace(
            part,
            against_best_single={name: table[place, name] for name in part.against_best_single},
        )
        for place, part in enumerate(family)
    ]
