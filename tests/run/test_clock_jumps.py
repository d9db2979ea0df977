"""A clock that jumps by hours and back at each look: no duration follows it."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.run.conftest import Counting, by_method

HOUR = 3600.0


class Durations(Counting):
    """Remembers what was said of the time that is left."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def left(self, seconds, *, rough, unknown):
        self.seconds.append(seconds)


@pytest.fixture
def jumping(monkeypatch):
    """Sets the clock on by five hours and back by five, in turn; gives how often somebody looked."""
    looks = itertools.count()
    real, real_now = time.time, datetime.now

    def shift() -> float:
        return 5 * HOUR if next(looks) % 2 else -5 * HOUR

    class Jumping(datetime):
        @classmethod
        def now(cls, tz=None):
            return real_now(tz) + timedelta(seconds=shift())

    monkeypatch.setattr(time, "time", lambda: real() + shift())
    for module in ("bench.run.recording", "bench.run.manifest"):
        monkeypatch.setattr(f"{module}.datetime", Jumping)
    return looks


@pytest.mark.fault(33)
def test_no_duration_follows_a_clock_that_jumps(go, write_suite, jumping):
    file = write_suite()
    begun = datetime.now(UTC)
    for where in ("one", "two"):  # the second knows how long the first one's steps took
        watcher = Durations()
        finished, _ = go(file, where, cache=f"cache-{where}", watcher=watcher)
        for record in by_method(finished).values():
            for costs in record["cost"].values():
                took = [
                    value
                    for key, value in costs.items()
                    if key.endswith("_s") and value is not None
                ]
                assert all(0 <= seconds < HOUR for seconds in took)
        assert all(0 <= seconds < HOUR for seconds in watcher.seconds)
    assert watcher.seconds
    created = {datetime.fromisoformat(record["created"]) for record in finished.records}
    assert any(abs(stamp - begun) > timedelta(hours=4) for stamp in created), "it did jump"
    assert next(jumping) > 5
