"""Metrics: scores of one method."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from bench.interfaces.plugin import Plugin

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Metric", "MetricRows", "Score", "UserParts"]


class Score(NamedTuple):
    """A metric's value, or None with the reason why it is undefined."""

    value: float | None
    reason: str = ""
    counts: Mapping[str, int] = {}  # e.g. users_scored, users


class MetricRows(NamedTuple):
    """What a metric scores: n query rows, grouped by user, users ascending; and what is known of each row. The arrays are
    copies that can't be written to, and so are the logits."""

    y: np.ndarray  # (n,) uint8: the label
    users: np.ndarray  # (n,) int32; equal means one user
    items: np.ndarray  # (n,) int32; equal means one item
    history: np.ndarray  # (n,) int64: support rows of the row's user
    # (n,) float64: share of positives in that support; NaN where it is empty
    support_rate: np.ndarray
    # (n,) int64: rows of the row's item among those that base models were fitted on
    popularity: np.ndarray


class UserParts(NamedTuple):
    """A metric as a ratio of two sums over users: sum of `numerators` over sum of `denominators`."""

    numerators: np.ndarray  # (users,) float64, users ascending
    denominators: np.ndarray  # (users,) float64, 0 for a user who does not count


class Metric(Plugin):
    """Of one method alone. RelaImpr needs another method's score: the report derives it (bench/evaluate).

    `version`: raise it where values change for a reason that is not in the code itself, a file it reads, say: trials are
    then scored anew. A change of the code does so by itself."""

    higher_is_better: ClassVar[bool]
    version: ClassVar[int]

    @abstractmethod
    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
        """Of all rows. logits (n,) float32 or float64."""

    def by_user(self, rows: MetricRows, logits: np.ndarray) -> UserParts | None:
        """The same as a ratio of sums over users, for a metric that is one: intervals then cost one pass over the rows.

        None: it is none, and `compute` is called on the rows of every resample of users (a user drawn twice is two users
        there). Called only where `compute` has a value."""
        return None
