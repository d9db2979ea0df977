"""One side of a speed gate: a Python and the code that it is to import."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench.processes.workers import worker_environment

__all__ = ["Side"]


@dataclass(frozen=True)
class Side:
    """`role`: BASE or CANDIDATE. `path`: folders before all others on this Python's path. `here`: whether this process's
    PYTHONPATH follows them; a virtual environment stands for what is installed in it. `expected`: below which `bench` has to
    lie, where that is known. `data_dir`: where files of the suite are looked for after its own folder."""

    role: str
    title: str
    python: Path
    suite: Path
    path: tuple[Path, ...] = ()
    here: bool = True
    expected: Path | None = None
    data_dir: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`BASE (main)`, for errors."""
        return f"{self.role} ({self.title})"

    def environment(self, threads: int) -> dict[str, str]:
        """Of its processes: as workers of a run have it."""
        environment = worker_environment(threads)
        inherited = environment.pop("PYTHONPATH", "") if self.here else ""
        environment.pop("PYTHONPATH", None)
        path = [*map(str, self.path), *filter(None, inherited.split(os.pathsep))]
        return {**environment, **({"PYTHONPATH": os.pathsep.join(path)} if path else {})}
