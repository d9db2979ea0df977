"""One side of a speed gate: a Python and the code that it is to import."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.processes.workers import worker_environment

__all__ = ["Side"]


@dataclass(frozen=True)
class Side:
    """`role`: BASE or CANDIDATE. `plugins`: files beside those that the suite names. `path`: folders before all others on this
    Python's path. `here`: whether this process's PYTHONPATH follows them; a virtual environment stands for what is installed
    in it. `moved`: where the side has a folder of that PYTHONPATH, which is of the checkout and not of the side. `expected`:
    below which `bench` has to lie, where that is known. `data_dir`: where files of the suite are looked for after its own
    folder."""

    role: str
    title: str
    python: Path
    suite: Path
    plugins: tuple[Path, ...] = ()
    path: tuple[Path, ...] = ()
    here: bool = True
    moved: Callable[[Path], Path | None] = lambda _: None
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
        folders = [self._own(Path(one)) for one in inherited.split(os.pathsep) if one]
        path = [str(folder) for folder in (*self.path, *folders)]
        return {**environment, **({"PYTHONPATH": os.pathsep.join(path)} if path else {})}

    def _own(self, folder: Path) -> Path:
        own = self.moved(folder)
        return folder.absolute() if own is None or not own.exists() else own
