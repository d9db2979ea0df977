"""Every seed's rows with what each method lost on each user, and which methods can be compared at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bench.evaluate.analysis.user_losses import UserLosses, user_losses
from bench.evaluate.metrics.predictions import LARGEST_LOGIT, beyond
from bench.evaluate.query_rows import QueryRows

__all__ = ["Scored", "score"]


class Scored(NamedTuple):
    """Of S seeds, each with rows."""

    rows: tuple[QueryRows, ...]  # S
    losses: tuple[UserLosses, ...]  # S
    names: tuple[str, ...]  # those with a finite log loss in every seed
    lacks: Mapping[str, str]  # why each other one is not among them
    no_pool: str  # why the base models can't be chosen from; "" where each has a finite log loss

    def mean(self, name: str) -> float:
        """Log loss, mean over seeds."""
        return float(np.mean([one.total(name) for one in self.losses]))


def score(rows: Sequence[QueryRows], names: Iterable[str]) -> Scored:
    """`names` are methods and base models; those of pools are scored too."""
    names = tuple(names)
    losses = [user_losses(one, names) for one in rows]
    lacks = {name: _why_not(name, rows, losses) for name in names}
    return Scored(
        tuple(rows),
        tuple(losses),
        tuple(name for name in names if not lacks[name]),
        {name: why for name, why in lacks.items() if why},
        _why_no_pool(rows, losses),
    )


def _why_not(name: str, rows: Sequence[QueryRows], losses: Sequence[UserLosses]) -> str:
    missing = [str(one.seed) for one in rows if name not in one.logits]
    if missing:
        return f"no result in seed {', '.join(missing)}"
    with np.errstate(over="ignore"):
        infinite = [
            str(one.seed)
            for one, of in zip(rows, losses, strict=True)
            if not np.isfinite(of.sums[name].sum())
        ]
    if infinite:
        return f"no finite log loss in seed {', '.join(infinite)}"
    large = [str(one.seed) for one in rows if _overflows(one.logits[name])]
    return f"logits beyond ±{LARGEST_LOGIT:g} in seed {', '.join(large)}" if large else ""


def _overflows(logits: np.ndarray) -> bool:
    """Whether squares and sums of finite losses leave float64: such predictions are refused today, and were not always."""
    return bool((beyond(logits, LARGEST_LOGIT) & np.isfinite(logits)).any())


def _why_no_pool(rows: Sequence[QueryRows], losses: Sequence[UserLosses]) -> str:
    for one, of in zip(rows, losses, strict=True):
        if not one.pool:
            why = (
                f"the pool is incomplete: {one.incomplete}" if one.incomplete else "no base models"
            )
            return f"{why} in seed {one.seed}"
        for name in one.pool:
            why = _why_not(name, [one], [of])
            if why:
                return f"base model {name}: {why}"
    return ""
