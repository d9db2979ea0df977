"""An environment of its own for each library, made once in a folder that the user names."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from benchmarks.peers.libraries import OURS, Library

__all__ = ["InstallError", "python_of", "reason"]

INSTALLED = "installed.txt"  # what is in the environment, once all of it is


class InstallError(Exception):
    """Why, in one line."""


def python_of(library: Library, home: Path) -> Path:
    """The interpreter that has the library; installs it below `home` where it is not there as pinned. Raises InstallError."""
    if library.name == OURS:
        return Path(sys.executable)
    folder = home / library.driver.removeprefix("run_").removesuffix(".py")
    wanted = "\n".join([*library.requirements, *library.alone])
    marker, python = folder / INSTALLED, folder / "bin" / "python"
    if not (marker.exists() and marker.read_text("utf-8") == wanted):
        _install(library, folder, python)
        marker.write_text(wanted, "utf-8")
    return python


def _install(library: Library, folder: Path, python: Path) -> None:
    print(f"installing {library.name} into {folder}", file=sys.stderr)
    _run([sys.executable, "-m", "venv", "--clear", str(folder)], library)
    _run([*_pip(python), *library.requirements], library)
    if library.alone:
        _run([*_pip(python), "--no-deps", *library.alone], library)


def _pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def _run(command: list[str], library: Library) -> None:
    environment = {**os.environ, **library.environment}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(reason(done.stderr))


def reason(said: str) -> str:
    """The line of pip's that says most: the last word of a build that failed, else its last error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    builds = [before for before, line in pairwise(lines) if line == "[end of output]"]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (builds or errors or lines or ["pip says nothing"])[-1]
