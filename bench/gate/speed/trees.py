"""Trees of files, made for one gate: a commit, a wheel or a package's working tree, unpacked where it can be imported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from bench.errors import CompareError

__all__ = ["commit_of", "installed", "is_package", "is_this_project", "repository", "unpacked"]

# so that no hook and no other setting of the repository acts, or writes into it
_UNTOUCHED = tuple(
    part
    for setting in (
        f"core.hooksPath={os.devnull}",
        "core.fsmonitor=false",
        "core.splitIndex=false",
        "submodule.recurse=false",
    )
    for part in ("-c", setting)
)

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
    """The tree of a commit, in `folder`: all of it, what `git archive` would leave out too. What git ignores, and what
    submodules hold, is not in it."""
    folder.mkdir(parents=True)
    index = folder.parent / f"{folder.name}.index"
    done = subprocess.run(
        [
            *("git", f"--work-tree={folder}", *_UNTOUCHED),
            *("read-tree", "--reset", "-u", "--no-sparse-checkout", commit),
        ],
        cwd=top,
        env=os.environ | {"GIT_INDEX_FILE": str(index)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CompareError(
            f"git could not unpack {commit[:12]}: {_last_line(done.stderr)}; fetch that commit whole"
        )
    index.unlink()
    _check_links(folder, commit)
    return folder


def _check_links(folder: Path, commit: str) -> None:
    """What a link leads to outside of the tree is of no commit."""
    top = os.path.realpath(folder)
    for path, folders, files in os.walk(folder):
        for name in (*folders, *files):
            link = Path(path, name)
            if link.is_symlink() and not Path(os.path.realpath(link)).is_relative_to(top):
                raise CompareError(
                    f"the tree of {commit[:12]} can't be unpacked: the link {link.relative_to(folder)} leads out of it; check "
                    "it out into a folder and name that"
                )


def is_this_project(tree: Path) -> bool:
    """Whether a tree is of the harness itself, which runs as it lies."""
    return (tree / "bench" / "hookspecs.py").is_file() and (tree / "plugins").is_dir()


def is_package(tree: Path) -> bool:
    """Whether pip can install it. A pyproject.toml with settings of tools alone is none."""
    try:
        told = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return (tree / "setup.py").is_file()
    return "project" in told or "build-system" in told or (tree / "setup.py").is_file()


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
