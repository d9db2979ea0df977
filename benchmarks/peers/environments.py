"""An environment of its own for each library, made once in a folder that the user names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.libraries import OURS, Library

__all__ = ["InstallError", "python_of"]

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
        said = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in said if line.lower().startswith("error")]
        raise InstallError((errors or said or ["it says nothing"])[-1].strip())
