"""Draws of users as they are kept with a run, of every tested metric and each seed by itself, so that another run of the same
data can be held against it: both drew the same users, so that their difference is paired by user, draw by draw.

What is kept are figures of whole resamples: no label can be told from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bench.evaluate.inference.resampling import Resampled

__all__ = ["KeptDraws", "pack_draws", "unpack_draws"]


class KeptDraws(NamedTuple):
    """`draws` (K, S, R, M) float32: metrics, seeds, draws, names; NaN where a metric is undefined on a draw."""

    draws: np.ndarray
    metrics: tuple[str, ...]
    seeds: tuple[int, ...]
    names: tuple[str, ...]
    higher_is_better: Mapping[str, bool]
    untested: Mapping[str, str]
    users: int
    effective_users: float
    drawn: str  # digest of who was drawn

    def of(self, metric: str, name: str, seeds: Sequence[int]) -> np.ndarray | None:
        """(R,) float64: mean over these seeds; None where something of it is not kept."""
        if (
            metric not in self.metrics
            or name not in self.names
            or not set(seeds) <= set(self.seeds)
        ):
            return None
        places = [self.seeds.index(seed) for seed in seeds]
        some = self.draws[self.metrics.index(metric), places, :, self.names.index(name)]
        return np.asarray(some.astype(np.float64).mean(axis=0))


def pack_draws(resampled: Resampled, seeds: Sequence[int]) -> tuple[dict[str, Any], np.ndarray]:
    """Facts as JSON, and (K, S, R, M) float32. `seeds`: of each of its slices."""
    facts = {
        "metrics": list(resampled.metrics),
        "seeds": list(seeds),
        "names": list(resampled.names),
        "higher_is_better": dict(resampled.higher_is_better),
        "untested": dict(resampled.untested),
        "users": resampled.users,
        "effective_users": resampled.effective_users,
        "drawn": resampled.drawn,
    }
    return facts, np.stack([resampled.by_seed[metric] for metric in resampled.metrics])


def unpack_draws(facts: Mapping[str, Any], array: np.ndarray) -> KeptDraws:
    """The same again. Raises KeyError where facts are missing, ValueError where the array is of another shape."""
    shape = len(facts["metrics"]), len(facts["seeds"]), len(facts["names"])
    if array.ndim != 4 or (*array.shape[:2], array.shape[3]) != shape:
        raise ValueError(f"draws of shape {array.shape} for (metrics, seeds, names) {shape}")
    return KeptDraws(
        array,
        tuple(facts["metrics"]),
        tuple(facts["seeds"]),
        tuple(facts["names"]),
        dict(facts["higher_is_better"]),
        dict(facts["untested"]),
        int(facts["users"]),
        float(facts["effective_users"]),
        str(facts["drawn"]),
    )
