"""A metric under test, and rows to score: what real data spring on one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from bench.interfaces import Metric, MetricRows, Score
from bench.testing.sampled import Arrays, Sampled, joined
from bench.testing.verdicts import NotApplicable

__all__ = ["MIXED", "Case", "MetricSubject", "case"]

USERS = np.array([2, 3, 7, 11, 12, 30, 31, 40])  # numbers in the dataset: with gaps
MIXED = "rows of both classes"


class Case(NamedTuple):
    rows: MetricRows
    logits: np.ndarray  # (n,)


class MetricSubject(Sampled):
    """A metric class with the settings to test it under."""

    @cached_property
    def made(self) -> Metric:
        made = self.plugin(self.params)
        assert isinstance(made, Metric)
        return made

    @cached_property
    def cases(self) -> Mapping[str, Case]:
        """By what is special, in words."""
        return dict(_cases())

    def score(self, case: Case) -> Score:
        """Whatever it hands back."""
        with np.errstate(over="ignore", invalid="ignore"):  # as the harness does
            return self.made.compute(*case)

    def value(self, case: Case) -> float | None:
        """Where it hands back a score; what it is worth else is the first check's."""
        value: Any = getattr(self.score(case), "value", np.nan)
        if value is not None and not np.isfinite(value):
            raise NotApplicable("see the check 'a score or a reason'")
        return None if value is None else float(value)

    def sample(self) -> np.ndarray:
        fresh = replace(self)
        found = []
        for case in self.cases.values():
            value = fresh.value(case)
            found.append(np.array([np.nan if value is None else value]))
            if value is not None and (parts := fresh.made.by_user(*case)) is not None:
                found += [parts.numerators, parts.denominators]
        return joined(found)

    def handed(self) -> Arrays:
        rows, logits = self.cases[MIXED]
        return {name: array.copy() for name, array in rows._asdict().items()} | {
            "logits": logits.copy()
        }

    def exercise(self) -> None:
        rows, logits = self.cases[MIXED]
        self.made.compute(rows, logits)
        self.made.by_user(rows, logits)


def _cases() -> list[tuple[str, Case]]:
    mixed = case(USERS, seed=0)
    rows, logits = mixed
    count = len(logits)
    return [
        (MIXED, mixed),
        ("logits in float32", Case(rows, logits.astype(np.float32))),
        ("logits that are all the same", Case(rows, np.zeros(count))),
        ("logits of plus and minus 10,000", Case(rows, np.where(logits > 0, 1e4, -1e4))),
        ("logits with ties", Case(rows, np.round(logits))),
        ("rows of class 1 alone", Case(rows._replace(y=np.ones(count, np.uint8)), logits)),
        ("rows of class 0 alone", Case(rows._replace(y=np.zeros(count, np.uint8)), logits)),
        ("rows of users without support", Case(_without_support(rows), logits)),
        ("rows of one user", case(USERS[:1], seed=1)),
        ("one row", Case(MetricRows(*(part[:1] for part in rows)), logits[:1])),
    ]


def case(users: np.ndarray, seed: int) -> Case:
    """3 to 9 rows a user, no two logits the same. Labels follow the logits, roughly; both are among each user's."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(3, 10, len(users))
    of_row = np.repeat(users, counts)
    logits = rng.normal(size=len(of_row))
    y = (logits + rng.normal(size=len(of_row)) > 0).astype(np.uint8)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    y[starts], y[starts + 1] = 0, 1
    items = rng.integers(0, 20, len(of_row))
    rows = MetricRows(
        y=y,
        users=of_row.astype(np.int32),
        items=items.astype(np.int32),
        history=np.repeat(rng.integers(1, 12, len(users)), counts).astype(np.int64),
        support_rate=np.repeat(rng.random(len(users)), counts),
        popularity=(items * 3).astype(np.int64),  # of one item none
    )
    return Case(rows, logits)


def _without_support(rows: MetricRows) -> MetricRows:
    return rows._replace(
        history=np.zeros_like(rows.history), support_rate=np.full(len(rows.y), np.nan)
    )
