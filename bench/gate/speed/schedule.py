"""Who runs when: memory first, then the control, then launches of both sides, and once more what has regressed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.errors import CompareError
from bench.gate.speed.blocks import Block, block_of
from bench.gate.speed.launches import Executor, Launch, TimeIsUp
from bench.gate.speed.side import Side

__all__ = ["Measuring", "Pair", "Shape"]

Say = Callable[[str], None]


class Shape(NamedTuple):
    """`launches`: of a pair of processes, `blocks` in each; `control`: pairs of the base beside itself. `memory`: runs of
    which each step is a process of its own."""

    launches: int = 5
    blocks: int = 3
    control: int = 3
    memory: int = 5
    threads: int = 1
    seed: int = 0


class Pair(NamedTuple):
    """Blocks of two processes that ran in turns: the first of one beside the first of the other."""

    base: tuple[Block, ...]
    candidate: tuple[Block, ...]


@dataclass
class Measuring:
    """Both sides, on this machine, one block at a time. `deadline`: of time.monotonic, after which nothing is begun."""

    base: Side
    candidate: Side
    folder: Path
    shape: Shape
    say: Say
    deadline: float | None = None

    def __post_init__(self) -> None:
        self._order = random.Random(self.shape.seed)
        self._longest = 0.0

    def memory(self) -> Pair:
        """A fresh process for each step. The first run of a side prepares its data and compiles what it lacks; it does not
        count. Fewer runs where the time is up."""
        rooms = [self.folder / "base", self.folder / "candidate"]
        with (
            Launch(self.base, rooms[0], self.shape.threads) as one,
            Launch(self.candidate, rooms[1], self.shape.threads) as other,
        ):
            self.say("data and compiled code of both sides are prepared")
            pairs = []
            try:
                self._both(one, other, "local", ())
                for number in range(1, self.shape.memory + 1):
                    self.say(f"memory: run {number} of {self.shape.memory}")
                    pairs.append(self._both(one, other, "local", ()))
            except TimeIsUp:
                self.say(f"memory: the time limit left room for {len(pairs)} runs")
        return Pair(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))

    def control(self, only: Sequence[str]) -> list[Pair]:
        """The base beside itself: what this machine makes of no change."""
        return self._launches("control", self.shape.control, (self.base, self.base), only)

    def launches(self, what: str, only: Sequence[str]) -> list[Pair]:
        """Base beside candidate; fewer than asked for where the time is up."""
        return self._launches(what, self.shape.launches, (self.base, self.candidate), only)

    def _launches(
        self, what: str, count: int, sides: tuple[Side, Side], only: Sequence[str]
    ) -> list[Pair]:
        pairs: list[Pair] = []
        for number in range(1, count + 1):
            begun = time.monotonic()
            if self.deadline is not None and begun + self._longest > self.deadline:
                self.say(f"{what}: the time limit leaves room for {number - 1} of {count} launches")
                break
            self.say(f"{what}: launch {number} of {count}{self._left(count - number + 1)}")
            try:
                pairs.append(self._pair(sides, only))
            except TimeIsUp:
                self.say(f"{what}: the time limit was reached in launch {number} of {count}")
                break
            self._longest = max(self._longest, time.monotonic() - begun)
        return pairs

    def _left(self, launches: int) -> str:
        seconds = round(self._longest * launches)
        return f", about {seconds // 60}:{seconds % 60:02} left of them" if seconds else ""

    def _pair(self, sides: tuple[Side, Side], only: Sequence[str]) -> Pair:
        """Two new processes, warmed up side by side; then one block at a time, in an order that is drawn for each pair."""
        rooms = [
            self.folder / ("candidate" if side is self.candidate else "base") for side in sides
        ]
        if sides[0] is sides[1]:
            rooms[1] = self.folder / "control"
        with (
            Launch(sides[0], rooms[0], self.shape.threads) as one,
            Launch(sides[1], rooms[1], self.shape.threads) as other,
        ):
            self._both(one, other, "inline", only)
            pairs = [self._in_turns(one, other, only) for _ in range(self.shape.blocks)]
        return Pair(*(tuple(blocks) for blocks in zip(*pairs, strict=True)))

    def _both(
        self, one: Launch, other: Launch, executor: Executor, only: Sequence[str]
    ) -> tuple[Block, Block]:
        """At once: nothing of it is timed."""
        for launch in (one, other):
            launch.ask(executor, only)
        return self._block(one), self._block(other)

    def _in_turns(self, one: Launch, other: Launch, only: Sequence[str]) -> tuple[Block, Block]:
        first, second = self._order.sample((one, other), 2)
        blocks = {}
        for launch in (first, second):
            launch.ask("inline", only)
            blocks[launch] = self._block(launch)
        return blocks[one], blocks[other]

    def _block(self, launch: Launch) -> Block:
        block = block_of(launch.answer(self.deadline))
        expected = launch.side.expected
        if expected is not None and not Path(block.bench).is_relative_to(expected.resolve()):
            raise CompareError(
                f"{launch.side.name}: its Python imported bench from {block.bench}, not from {expected}; "
                "remove what comes before it (a .pth file, an editable install)"
            )
        return block
