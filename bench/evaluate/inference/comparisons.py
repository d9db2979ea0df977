"""What is compared with what: tables of comparisons with one reference, each adjusted for the number of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bench.evaluate.inference.paired import Paired, adjust, paired
from bench.evaluate.inference.resampled_metric import has_parts
from bench.evaluate.inference.resampling import LOGLOSS_AND_AUC, Resampled
from bench.evaluate.inference.slices import Slice, rows_at
from bench.evaluate.query_rows import QueryRows
from bench.interfaces import Metric

__all__ = ["against", "count_rows", "slices", "tested_metrics"]


def against(resampled: Resampled, reference: str) -> dict[str, dict[str, Paired]]:
    """Name to metric to its difference from the reference, which has none itself. Holm over the names, of each metric."""
    found: dict[str, dict[str, Paired]] = {name: {} for name in resampled.names}
    for metric in resampled.metrics:
        others = [name for name in resampled.names if name != reference]
        table = {name: paired(resampled, name, reference, metric) for name in others}
        for name, one in adjust(table).items():
            found[name][metric] = one
    return found


def tested_metrics(primary: Metric, metrics: Mapping[str, Metric], one: Slice) -> list[Metric]:
    """The primary first, log loss and AUC, and each other one that is a ratio of sums over users: any further one would be
    computed anew on every resample, which is done for the primary alone. `one`: rows by which that is judged."""
    cheap = [
        metric
        for metric in metrics.values()
        if metric.name != primary.name and has_parts(metric, one)
    ]
    named = {metric.name: metric for metric in (primary, *LOGLOSS_AND_AUC, *cheap)}
    return list(named.values())


def slices(
    rows: Sequence[QueryRows], names: Sequence[str], inside: Sequence[np.ndarray] | None = None
) -> list[Slice]:
    """What is resampled: all rows, or those `inside` ((n,) bool of each seed); a seed without any is left out."""
    if inside is None:
        return [Slice(one.scored, np.stack([one.logits[name] for name in names])) for one in rows]
    return [
        Slice(rows_at(one.scored, some), np.stack([one.logits[name][some] for name in names]))
        for one, some in zip(rows, inside, strict=True)
        if some.any()
    ]


def count_rows(rows: Sequence[QueryRows], counts: Sequence[int]) -> int:
    """Rows of one seed where all seeds have the same ones, else of all together. `counts`, of each seed, may be of some."""
    keys = ("users", "items", "y")
    same = all(
        np.array_equal(getattr(one, key), getattr(rows[0], key)) for one in rows[1:] for key in keys
    )
    return max(counts) if same else sum(counts)
