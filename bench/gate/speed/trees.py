"""Trees of files, made for one gate: a commit, a wheel or a package's working tree, unpacked where it can be imported."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from bench.errors import CompareError

__all__ = ["commit_of", "installed", "is_this_project", "repository", "unpacked"]

_LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "node_modules", "results", "venv"
)


def repository() -> Path | None:
    """The top of the git repository that the current folder is in; None outside of one, and without git."""
    told = _git("rev-parse", "--show-toplevel")
    return Path(told) if told else None


def commit_of(name: str) -> str | None:
    """The commit that a name stands for in the current repository. One that begins with - is an option's, never a ref's."""
    if name.startswith("-") or not name.isprintable():
        return None
    return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")


def unpacked(commit: str, top: Path, folder: Path) -> Path:
    """The tree of a commit, in `folder`. What git ignores, and what submodules hold, is not in it."""
    folder.mkdir(parents=True)
    archive = folder.parent / f"{folder.name}.tar"
    done = subprocess.run(
        ["git", "archive", "--format=tar", "-o", str(archive), commit],
        cwd=top,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CompareError(
            f"git archive of {commit[:12]} failed: {_last_line(done.stderr)}; fetch that commit whole"
        )
    try:
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
    except tarfile.TarError as error:  # a link that leads out of the tree
        raise CompareError(
            f"the tree of {commit[:12]} can't be unpacked: {error}; check it out into a folder and name that"
        ) from error
    archive.unlink()
    return folder


def is_this_project(tree: Path) -> bool:
    """Whether a tree is of the harness itself, which runs as it lies."""
    return (tree / "bench" / "hookspecs.py").is_file() and (tree / "plugins").is_dir()


def installed(source: Path, folder: Path) -> Path:
    """A wheel, or the package of a tree, by pip into `folder`, without what it depends on. A tree is copied first, so that
    nothing is built into it."""
    if source.is_dir():
        copy = folder.parent / f"{folder.name}-source"
        source = Path(shutil.copytree(source, copy, ignore=_LEFT_OUT, symlinks=True))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-input", "--target", str(folder)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CompareError(
            f"pip could not install {source.name}: {_last_line(done.stderr)}; install it into a virtual environment "
            "and name that folder"
        )
    return folder


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"
