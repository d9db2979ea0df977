"""What a speed gate is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.gate.speed.intervals import FEWEST

__all__ = ["SpeedOptions"]


@dataclass(frozen=True)
class SpeedOptions:
    """`suite`: None where BASE and CANDIDATE name files of pytest-benchmark. `plugins`: files beside those that
    the suite names. `margin`: relative, instead of those of
    BASE's suite. `time_limit`: seconds. `seed`: of the order of blocks."""

    suite: Path | None = None
    plugins: tuple[Path, ...] = ()
    launches: int = FEWEST
    blocks: int = 3
    control: int = 3
    threads: int = 1
    margin: float | None = None
    data_dir: Path | None = None
    time_limit: float | None = None
    seed: int = 0
