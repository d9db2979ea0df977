"""What BASE and CANDIDATE name: a virtual environment, a wheel, a folder with a checkout, or a git ref."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.errors import CompareError
from bench.gate.speed.side import Side
from bench.gate.speed.trees import (
    commit_of,
    installed,
    is_this_project,
    repository,
    unpacked,
)

__all__ = ["make_side"]


def make_side(role: str, name: str, suite: Path, data_dir: Path | None, folder: Path) -> Side:
    """`role`: BASE or CANDIDATE. `suite`: the suite's file as the command names it; a tree that has it is run with its own.
    `folder`: where what has to be unpacked goes.

    Raises CompareError for a name that is nothing, or two things."""
    path = Path(name)
    is_there = bool(name) and "\0" not in name and path.exists()
    commit = None if _is_path(name) else commit_of(name)
    if is_there and commit:
        raise CompareError(
            f"{role} {name!r} is both a {'folder' if path.is_dir() else 'file'} and a git ref; "
            f"write ./{name} for the one, {commit[:12]} for the other"
        )
    if commit:
        return _of_commit(role, name, commit, suite, data_dir, folder)
    if is_there and path.is_dir():
        if (path / "bin" / "python").exists():
            return _of_environment(role, path, suite, data_dir)
        return _of_tree(role, name, path.resolve(), suite, data_dir, folder, at=Path.cwd())
    if is_there and path.suffix == ".whl":
        return _of_wheel(role, path, suite, data_dir, folder)
    raise CompareError(f"{role} {name!r} is {_what_is_wrong(path, is_there)}")


def _is_path(name: str) -> bool:
    """Whether it can't be meant as a git ref."""
    return name in ("", ".", "..") or name.startswith(("./", "../", "/", "~"))


def _what_is_wrong(path: Path, is_there: bool) -> str:
    fix = "name a virtual environment's folder, a wheel, a folder with a checkout or a git ref"
    if is_there:
        return f"a file and no wheel; {fix}. Files of pytest-benchmark are compared without --suite"
    if path.suffix == ".whl":
        return "no file; build the wheel first"
    where = "of this repository" if repository() else "(the current folder is in no git repository)"
    return f"neither a file, nor a folder, nor a git ref {where}; {fix}"


def _of_environment(role: str, path: Path, suite: Path, data_dir: Path | None) -> Side:
    python = (path / "bin" / "python").absolute()  # a link that is followed leads out of it
    return Side(
        role, f"the virtual environment {path}", python, suite, here=False, data_dir=data_dir
    )


def _of_wheel(role: str, path: Path, suite: Path, data_dir: Path | None, folder: Path) -> Side:
    target = installed(path.resolve(), folder)
    harness = target if (target / "bench" / "hookspecs.py").is_file() else None
    return Side(
        role,
        path.name,
        Path(sys.executable),
        suite,
        path=(target,),
        expected=harness,
        data_dir=data_dir,
    )


def _of_commit(
    role: str, name: str, commit: str, suite: Path, data_dir: Path | None, folder: Path
) -> Side:
    top = repository()
    assert top is not None  # it has the commit
    tree = unpacked(commit, top, folder / "tree")
    title = name if commit.startswith(name) else f"{name} ({commit[:12]})"
    return _of_tree(role, title, tree, suite, data_dir, folder, at=top)


def _of_tree(
    role: str,
    name: str,
    tree: Path,
    suite: Path,
    data_dir: Path | None,
    folder: Path,
    at: Path,
) -> Side:
    """`at`: the folder that the tree is another state of. Data that it lacks, since git ignores them say, are read where the
    suite lies that the command names."""
    own, notes = _own_suite(role, tree, suite, at)
    if is_this_project(tree):
        path: tuple[Path, ...] = (tree, tree / "plugins")
    elif (tree / "pyproject.toml").is_file():
        path = (installed(tree, folder / "installed"),)
    else:
        path = ()
    return Side(
        role,
        name,
        Path(sys.executable),
        own,
        path=path,
        expected=tree if is_this_project(tree) else None,
        data_dir=data_dir or (suite.parent.resolve() if own != suite else None),
        notes=notes,
    )


def _own_suite(role: str, tree: Path, suite: Path, at: Path) -> tuple[Path, tuple[str, ...]]:
    """The tree's suite, at the same place in it; else the one that the command names, and a note of that."""
    absolute, at = suite.resolve(), at.resolve()
    if absolute.is_relative_to(at) and (own := tree / absolute.relative_to(at)).is_file():
        return own, ()
    return suite, (f"{role} has no {suite.name} of its own; it ran with {suite}",)
