"""Protocols: how users and rows divide."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from bench.interfaces.plugin import Plugin

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Cut", "SplitProtocol", "Timeline"]


class Timeline(NamedTuple):
    """What a protocol divides by: rows sorted by (user, order). User u's rows are [user_ptr[u], user_ptr[u + 1])."""

    user_ptr: np.ndarray  # (users + 1,) int64
    # (n,) int64 or float64, ascending within a user; None: the dataset has none
    order: np.ndarray | None
    # (users,) uint8: 0 train, 1 valid, 2 test, as the data say
    given_role: np.ndarray | None = None
    # (n,) uint8: 0 support, 1 query, as the data say; support lies before query
    given_part: np.ndarray | None = None


class Cut(NamedTuple):
    """A division of sorted rows: support before cut[u], query from it.

    With `train_cut` the support's last block P = [train_cut[u], cut[u]) is what selectors learn and choose from: users of
    role train learn on P, users of role valid choose on P, and every user with a query row is tested."""

    role: np.ndarray  # (users,) uint8: 0 train, 1 valid, 2 test; with train_cut 0 or 1
    cut: np.ndarray  # (users,) int64, absolute row
    train_cut: np.ndarray | None = None  # (users,) int64, absolute row (leave-last, temporal)


class SplitProtocol(Plugin):
    """Divides users and rows (hook bench_protocols)."""

    # which rows of the table of base predictions hold
    kind: ClassVar[Literal["user-holdout", "blocks"]]

    @property
    @abstractmethod
    def setting(self) -> Literal["warm", "cold"]:
        """cold: base models never see validation and test users; their ids are hidden."""

    @property
    def id_dropout(self) -> float:
        """Chance that a base model's training row hides its user's id; 0 in warm."""
        return 0.0

    @abstractmethod
    def split(self, timeline: Timeline, seed: int) -> Cut:
        """DataError where the data lack what the protocol divides by."""
