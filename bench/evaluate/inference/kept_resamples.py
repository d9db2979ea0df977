"""Resamples of one metric as they are kept with a run, so that a report can hold methods against another one later.

What is kept are figures of whole resamples: no label can be told from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.evaluate.inference.resampling import Resampled

__all__ = ["pack", "unpack"]


def pack(resampled: Resampled) -> tuple[dict[str, Any], np.ndarray]:
    """Facts as JSON, and (S + R, M) float64: values by seed, then resamples; NaN where one is undefined. Of one metric."""
    (metric,) = resampled.metrics
    facts = {
        "metric": metric,
        "higher_is_better": resampled.higher_is_better[metric],
        "names": list(resampled.names),
        "undefined": dict(resampled.undefined[metric]),
        "untested": resampled.untested.get(metric, ""),
        "users": resampled.users,
        "effective_users": resampled.effective_users,
        "rows": resampled.rows,
        "seeds": resampled.seeds,
    }
    return facts, np.concatenate([resampled.values[metric], resampled.draws[metric]])


def unpack(facts: Mapping[str, Any], array: np.ndarray) -> Resampled:
    """The same again, to the last bit. Raises KeyError where facts are missing."""
    metric, seeds = facts["metric"], facts["seeds"]
    return Resampled(
        names=tuple(facts["names"]),
        higher_is_better={metric: facts["higher_is_better"]},
        values={metric: array[:seeds]},
        draws={metric: array[seeds:]},
        undefined={metric: facts["undefined"]},
        untested={metric: facts["untested"]} if facts["untested"] else {},
        users=facts["users"],
        effective_users=facts["effective_users"],
        rows=facts["rows"],
        seeds=seeds,
    )
