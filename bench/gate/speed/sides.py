"""What BASE and CANDIDATE name: a virtual environment, a wheel, a folder with a checkout, or a git ref."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.errors import CompareError
from bench.gate.speed.own_suite import Tree, plugins_of_tree, same_plugins, suite_of_tree
from bench.gate.speed.side import Side
from bench.gate.speed.trees import (
    commit_of,
    installed,
    is_package,
    is_this_project,
    repository,
    unpacked,
)

__all__ = ["Asked", "make_side"]


class Asked(NamedTuple):
    """What the command names for both sides: `folders`: those of BASE and CANDIDATE, of which one may hold the suite."""

    suite: Path
    plugins: tuple[Path, ...] = ()
    data_dir: Path | None = None
    folders: tuple[Path, ...] = ()


def make_side(role: str, name: str, asked: Asked, folder: Path) -> Side:
    """`role`: BASE or CANDIDATE. A tree is run with its own suite and plugins. `folder`: where what has to be unpacked goes.

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
        return _of_commit(role, name, commit, asked, folder)
    if is_there and path.is_dir():
        if (path / "bin" / "python").exists():
            return _of_environment(role, path, asked)
        if (path / "manifest.json").is_file() and (path / "records").is_dir():
            raise CompareError(
                f"{role} {name!r} is a run, whose times are of another day; name the version that it is of (a git ref, a "
                "folder with a checkout), or judge two runs without --speed"
            )
        return _of_folder(role, name, path, asked, folder)
    if is_there and path.suffix == ".whl":
        return _of_wheel(role, path, asked, folder)
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


def _of_environment(role: str, path: Path, asked: Asked) -> Side:
    python = (path / "bin" / "python").absolute()  # a link that is followed leads out of it
    title = f"the virtual environment {path}"
    return _with_same_suite(Side(role, title, python, asked.suite, here=False), asked)


def _of_wheel(role: str, path: Path, asked: Asked, folder: Path) -> Side:
    target = installed(path.resolve(), folder)
    harness = target if (target / "bench" / "hookspecs.py").is_file() else None
    python = Path(sys.executable)
    side = Side(role, path.name, python, asked.suite, path=(target,), expected=harness)
    return _with_same_suite(side, asked)


def _with_same_suite(side: Side, asked: Asked) -> Side:
    """What is installed is timed with the suite, plugins and data that the command names."""
    notes = tuple(same_plugins(f"{side.role} {side.title}", asked.suite, asked.plugins))
    return replace(side, plugins=asked.plugins, data_dir=asked.data_dir, notes=notes)


def _of_commit(role: str, name: str, commit: str, asked: Asked, folder: Path) -> Side:
    top = repository()
    assert top is not None  # it has the commit
    title = name if commit.startswith(name) else f"{name} ({commit[:12]})"
    tree = _tree(f"{role} {title}", unpacked(commit, top, folder / "tree"), (top, *asked.folders))
    return _of_tree(role, title, tree._replace(is_unpacked=True), asked, folder)


def _of_folder(role: str, name: str, path: Path, asked: Asked, folder: Path) -> Side:
    tree = _tree(f"{role} {name}", path.resolve(), (*asked.folders, Path.cwd()))
    return _of_tree(role, name, tree, asked, folder)


def _tree(named: str, folder: Path, stands_for: Sequence[Path]) -> Tree:
    has_package = is_this_project(folder) or is_package(folder)
    return Tree(named, folder, has_package, is_unpacked=False, stands_for=stands_for)


def _of_tree(role: str, title: str, tree: Tree, asked: Asked, folder: Path) -> Side:
    """Data that it lacks, since git ignores them say, are read where the suite lies that the command names."""
    own, notes = suite_of_tree(tree, asked.suite)
    project = is_this_project(tree.folder)
    path: tuple[Path, ...] = (tree.folder, tree.folder / "plugins") if project else ()
    if not project and tree.has_package:
        path = (installed(tree.folder, folder / "installed"),)
    return Side(
        role,
        title,
        Path(sys.executable),
        own,
        plugins=plugins_of_tree(tree, asked.plugins),
        path=path,
        moved=tree.place_of,
        expected=tree.folder if project else None,
        data_dir=asked.data_dir or (asked.suite.parent.resolve() if own != asked.suite else None),
        notes=notes,
    )
