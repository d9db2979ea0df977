"""Protocols that each break one rule."""

from __future__ import annotations

import numpy as np

from bench.errors import DataError
from bench.interfaces import Cut, SplitProtocol


class FineProtocol(SplitProtocol):
    """Conforms: roles at random, the last half of a user's rows is query."""

    name = "fine-protocol"
    kind = "user-holdout"
    setting = "warm"

    def split(self, timeline, seed):
        starts, stops = timeline.user_ptr[:-1], timeline.user_ptr[1:]
        role = np.random.default_rng(seed).permutation(len(starts)) % 3
        return Cut(role.astype(np.uint8), starts + (stops - starts) // 2)


class FourthRole(FineProtocol):
    """Has a role of its own."""

    def split(self, timeline, seed):
        cut = super().split(timeline, seed)
        return cut._replace(role=(cut.role + (np.arange(len(cut.role)) == 5) * 3).astype(np.uint8))


class Fractions(FineProtocol):
    """Cuts between two rows."""

    def split(self, timeline, seed):
        cut = super().split(timeline, seed)
        return cut._replace(cut=cut.cut + 0.5)


class OutOfRows(FineProtocol):
    """Cuts by a user's own count."""

    def split(self, timeline, seed):
        cut = super().split(timeline, seed)
        return cut._replace(cut=cut.cut - timeline.user_ptr[:-1])


class NobodyTests(FineProtocol):
    """Trains on everybody."""

    def split(self, timeline, seed):
        cut = super().split(timeline, seed)
        return cut._replace(role=np.minimum(cut.role, 1))


class OnlyBySetting(FineProtocol):
    """Says blocks, and cuts one."""

    kind = "blocks"


class Lukewarm(FineProtocol):
    """Has a setting of its own."""

    setting = "lukewarm"


class Picky(FineProtocol):
    """Refuses whatever comes."""

    def split(self, timeline, seed):
        raise DataError("protocol 'picky': fewer than 1,000 users")


class Drawn(FineProtocol):
    """Draws without the seed."""

    def split(self, timeline, seed):
        return super().split(timeline, np.random.default_rng().integers(2**31))


class Shifts(FineProtocol):
    """Counts times from the first, where they lie."""

    def split(self, timeline, seed):
        if timeline.order is not None:
            timeline.order[:] -= timeline.order.min()
        return super().split(timeline, seed)


class ByHash(FineProtocol):
    """Draws users by the hash of a name."""

    def split(self, timeline, seed):
        return super().split(timeline, abs(hash(f"{seed}-users")))
