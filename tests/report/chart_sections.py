"""Sections whose analysis is a real one, of made-up query rows: what charts draw can be counted by hand from the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.evaluate import Estimate, QueryRows, analyse
from bench.report.content.model import BaseModelFacts, Figure, Row, Section
from tests.evaluate.query_rows import KINDS, POOL, make_rows

__all__ = ["SEEDS", "a_section", "mean_losses", "of_users", "row_loss"]

SEEDS = (make_rows(0), make_rows(1), make_rows(2, users=17, split=1))
SHARES = {"lr": 0.5, "fm": 0.3, "dnn": 0.2}


def a_section(
    seeds: Sequence[QueryRows] = SEEDS,
    kinds: Mapping[str, str] = KINDS,
    best_single: str | None = "fm",
    **changes: Any,
) -> Section:
    """Methods first, each kind best first, as in a table."""
    analysis = analyse(seeds, kinds, best_single, resamples=100, splits=2).analysis
    means = mean_losses(seeds, kinds)
    names = sorted(kinds, key=lambda name: (kinds[name] != "method", means[name]))
    rows = tuple(
        Row(name, kinds[name], {"logloss": Figure(Estimate((means[name],), means[name], None))})
        for name in names
    )
    section = Section(
        "shop",
        "cold",
        {},
        {},
        rows,
        tuple(BaseModelFacts(name, SHARES[name], {}) for name in POOL),
        {"out-of-sample": ("gating", "plain")},
        (),
        None,
        {},
        len(kinds),
        len(kinds),
        analysis,
    )
    return replace(section, **changes)


def mean_losses(seeds: Sequence[QueryRows], kinds: Mapping[str, str]) -> dict[str, float]:
    """Over rows, then over seeds; infinite where a seed lacks one."""
    found = {}
    for name in kinds:
        of_seeds = [
            math.fsum(losses) / len(losses)
            for rows in seeds
            if (losses := [one for of in of_users(rows, name).values() for one in of])
        ]
        found[name] = math.fsum(of_seeds) / len(seeds) if len(of_seeds) == len(seeds) else math.inf
    return found


def of_users(rows: QueryRows, name: str) -> dict[int, list[float]]:
    """The losses of each user's rows."""
    found: dict[int, list[float]] = {}
    if name in rows.logits:
        for y, user, logit in zip(rows.y, rows.users, rows.logits[name], strict=True):
            found.setdefault(int(user), []).append(row_loss(int(y), float(logit)))
    return found


def row_loss(y: int, logit: float) -> float:
    """-log of the probability that a logit gives the label."""
    towards = logit if y else -logit
    return math.log1p(math.exp(-towards)) if towards > -30 else -towards
