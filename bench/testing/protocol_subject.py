"""A protocol under test, and data for it to divide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from bench.errors import DataError
from bench.interfaces import Cut, SplitProtocol, Timeline
from bench.testing.sampled import Arrays, Sampled, joined

__all__ = ["SEEDS", "ProtocolSubject"]

SEEDS = (0, 1, 2**62 + 3)
_USERS = 60


class ProtocolSubject(Sampled):
    """A protocol class with the settings to test it under."""

    @cached_property
    def made(self) -> SplitProtocol:
        made = self.plugin(self.params)
        assert isinstance(made, SplitProtocol)
        return made

    @cached_property
    def timelines(self) -> Mapping[str, Timeline]:
        """By what is special, in words."""
        return dict(_timelines())

    def cuts(self) -> dict[tuple[str, int], Cut | DataError]:
        """What it makes of each timeline under each seed: a cut, or why it can't."""
        return {
            (what, seed): _cut(self.made, timeline, seed)
            for what, timeline in self.timelines.items()
            for seed in SEEDS
        }

    def sample(self) -> np.ndarray:
        found = [cut for cut in replace(self).cuts().values() if isinstance(cut, Cut)]
        return joined([np.zeros(1), *(part for cut in found for part in cut if part is not None)])

    def handed(self) -> Arrays:
        return {
            f"{name} of the data with {what}": array.copy()
            for what, timeline in self.timelines.items()
            for name, array in timeline._asdict().items()
            if array is not None
        }

    def exercise(self) -> None:
        self.cuts()


def _cut(protocol: SplitProtocol, timeline: Timeline, seed: int) -> Cut | DataError:
    try:
        return protocol.split(timeline, seed)
    except DataError as error:  # it may refuse data that lack what it divides by
        return error


def _timelines() -> list[tuple[str, Timeline]]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 25, _USERS)
    lengths[:3] = 1  # users of one row
    user_ptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    times = [np.sort(rng.integers(0, 100_000, length)) for length in lengths]
    days = [np.sort(rng.integers(0, 100, length)).astype(np.float64) for length in lengths]
    timed = Timeline(user_ptr, np.concatenate(times).astype(np.int64))
    given = timed._replace(
        given_role=(np.arange(_USERS) % 3).astype(np.uint8),
        given_part=np.concatenate([np.arange(length) >= length // 2 for length in lengths]).astype(
            np.uint8
        ),
    )
    return [
        ("times", timed),
        ("times that many rows share", timed._replace(order=np.concatenate(days))),
        ("no order", timed._replace(order=None)),
        ("a division of their own", given),
    ]
