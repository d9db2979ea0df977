"""A run that waits for another one says so, once."""

from __future__ import annotations

from typing import Any

import pytest

from bench.run.progress import Watcher
from bench.run.waiting import TELL_AFTER_S, Waiting


class Said(Watcher):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


class Owned:
    """Of which an owner is known."""

    def __init__(self, owner: int | None) -> None:
        self._owner = owner

    def owner(self, work: str) -> int | None:
        return self._owner


@pytest.mark.parametrize(("owner", "told"), [(4711, "(process 4711)"), (None, "(another process)")])
def test_it_is_told_once_after_a_while(owner: int | None, told: str) -> None:
    said, clock = Said(), [0.0]
    work: Any = Owned(owner)
    waiting = Waiting(work, lambda step: f"step {step}", said, now=lambda: clock[0])
    for clock[0] in (0.0, 1.0, TELL_AFTER_S - 0.1):
        waiting.looked(["a"])
    assert said.lines == []
    for clock[0] in (TELL_AFTER_S, TELL_AFTER_S + 1, 10 * TELL_AFTER_S):
        waiting.looked(["a"])
    assert len(said.lines) == 1
    assert said.lines[0].startswith("waiting for step a: ")
    assert told in said.lines[0]


def test_each_piece_of_work_has_its_own_time() -> None:
    said, clock = Said(), [0.0]
    work: Any = Owned(None)
    waiting = Waiting(work, str, said, now=lambda: clock[0])
    waiting.looked(["a"])
    clock[0] = TELL_AFTER_S
    waiting.looked(["b"])
    assert said.lines == [], "a has ended, b has begun"
    clock[0] = 2 * TELL_AFTER_S
    waiting.looked(["b"])
    assert [line.partition(":")[0] for line in said.lines] == ["waiting for b"]
