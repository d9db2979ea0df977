"""Sections with a figure of the primary for each method, for tests of what a report makes of several data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.evaluate import Estimate
from bench.report import Row, Section
from bench.report.content.model import Figure

__all__ = ["section"]


def section(
    dataset: str,
    figures: Mapping[str, float | None],
    protocol: str = "cold",
    *,
    metric: str = "logloss",
    higher_is_better: bool = False,
    kinds: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Section:
    """`figures`: by method, None where a seed lacks it; `kinds`: of what is no method."""
    rows = [
        Row(name, (kinds or {}).get(name, "method"), {metric: Figure(_estimate(value))})
        for name, value in figures.items()
    ]
    return Section(
        dataset=dataset,
        protocol=protocol,
        dataset_facts=facts or {},
        split_facts={},
        rows=tuple(rows),
        base_models=(),
        base_predictions={},
        users_without_support=(),
        gauc_users=None,
        warnings={},
        trials=len(rows),
        ok=len(rows),
        primary=metric,
        higher_is_better=higher_is_better,
    )


def _estimate(value: float | None) -> Estimate:
    """Over two seeds; the mean is of the one that has a value where the other lacks it."""
    if value is None:
        return Estimate((0.1, None), 0.1, None, "error")
    return Estimate((value, value), value, 0.0)
