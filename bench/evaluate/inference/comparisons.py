"""What is compared with what: tables of comparisons with one reference, each adjusted for the number of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.evaluate.inference.paired import Paired, adjust, paired
from bench.evaluate.inference.resampling import Resampled, Slice
from bench.evaluate.query_rows import QueryRows

__all__ = ["against", "count_rows", "slices"]

_HIGHER_IS_BETTER = {"logloss": False, "auc": True}


def against(resampled: Resampled, reference: str) -> dict[str, dict[str, Paired]]:
    """Name to metric to its difference from the reference, which has none itself. Holm over the names, of each metric."""
    found: dict[str, dict[str, Paired]] = {name: {} for name in resampled.names}
    for metric in resampled.metrics:
        better = _HIGHER_IS_BETTER[metric]
        others = [name for name in resampled.names if name != reference]
        table = {name: paired(resampled, name, reference, metric, higher_is_better=better) for name in others}
        for name, one in adjust(table).items():
            found[name][metric] = one
    return found


def slices(rows: Sequence[QueryRows], names: Sequence[str], inside: Sequence[np.ndarray] | None = None) -> list[Slice]:
    """What is resampled: all rows, or those `inside` ((n,) bool of each seed); a seed without any is left out."""
    if inside is None:
        return [Slice(one.y, one.users, np.stack([one.logits[name] for name in names])) for one in rows]
    return [
        Slice(one.y[some], one.users[some], np.stack([one.logits[name][some] for name in names]))
        for one, some in zip(rows, inside, strict=True)
        if some.any()
    ]


def count_rows(rows: Sequence[QueryRows], counts: Sequence[int]) -> int:
    """Rows of one seed where all seeds have the same ones, else of all together. `counts`, of each seed, may be of some."""
    keys = ("users", "items", "y")
    same = all(np.array_equal(getattr(one, key), getattr(rows[0], key)) for one in rows[1:] for key in keys)
    return max(counts) if same else sum(counts)
