"""The plain average of the pool: the part of a gain that needs no choosing, computed in every analysis.

It is the mixture with equal weights, 1 / K each, as the selector `average` gives it; no row of the table, since no suite asked
for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.evaluate.analysis.findings import PlainAverage
from bench.evaluate.analysis.scored import Scored
from bench.evaluate.inference.comparisons import Table, against
from bench.evaluate.inference.resampling import Resampled, without
from bench.evaluate.metrics.mixture import mixture_logits
from bench.evaluate.query_rows import QueryRows

__all__ = ["AVERAGE", "plain_average", "with_average"]

AVERAGE = "\0plain average"  # among names of a suite, which are printable


def with_average(rows: Sequence[QueryRows], scored: Scored) -> list[QueryRows]:
    """The rows with logits of the average; without a whole pool, or with a pool of one, as they are."""
    if scored.no_pool or any(len(one.pool) < 2 for one in rows):
        return list(rows)
    return [one._replace(logits={**one.logits, AVERAGE: _logits(one)}) for one in rows]


def plain_average(
    resampled: Resampled, best_single: str | None
) -> tuple[PlainAverage | None, Table, Resampled]:
    """What is to be said of the average, every method's difference from it, and the resamples of the methods alone."""
    methods = without(resampled, AVERAGE)
    if AVERAGE not in resampled.names:
        return None, {}, methods
    place = resampled.names.index(AVERAGE)
    values = {
        metric: float(of_seeds[:, place].mean())
        for metric, of_seeds in resampled.values.items()
        if np.isfinite(of_seeds[:, place]).all()
    }
    with_single = (
        {} if best_single not in methods.names else against(resampled, best_single)[AVERAGE]
    )
    return PlainAverage(values, with_single), against(resampled, AVERAGE), methods


def _logits(rows: QueryRows) -> np.ndarray:
    """(n,) float64."""
    base = np.stack([rows.logits[name] for name in rows.pool], axis=1)
    return mixture_logits(np.full(base.shape, 1 / len(rows.pool)), base)
