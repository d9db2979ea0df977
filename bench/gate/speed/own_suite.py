"""Which suite a side runs. That of a tree is the tree's own, so that the plugins and data that it names are the tree's own,
too: what is timed is the code of the side, or the side is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.errors import CompareError, SuiteError
from bench.suite import outline

__all__ = ["Tree", "plugins_of_tree", "same_plugins", "suite_of_tree"]


class Tree(NamedTuple):
    """`named`: `BASE main`. `has_package`: whether it is imported, whatever a suite says. `is_unpacked`: made for this gate,
    so that a suite may be put into it. `stands_for`: folders that the tree is another state of."""

    named: str
    folder: Path
    has_package: bool
    is_unpacked: bool
    stands_for: Sequence[Path]

    def place_of(self, path: Path) -> Path | None:
        """Where in the tree a file of one of those folders lies, whether it is there or not; None of a file from elsewhere."""
        wanted = path.resolve()
        for folder in (self.folder, *self.stands_for):
            if wanted.is_relative_to(folder.resolve()):
                return self.folder / wanted.relative_to(folder.resolve())
        return None


def suite_of_tree(tree: Tree, suite: Path) -> tuple[Path, tuple[str, ...]]:
    """The file to run, and what is to be known of it. Raises CompareError where nothing of the tree would run."""
    own = tree.place_of(suite)
    if own is None:
        return suite, _of_elsewhere(tree, suite)
    if own.is_file():
        return own, tuple(_no_code(tree, own))
    if tree.is_unpacked:
        return own, _put(tree, suite, own)
    return suite, _without(tree, suite, own)


def plugins_of_tree(tree: Tree, plugins: Sequence[Path]) -> tuple[Path, ...]:
    """The tree's own, of those that the command names. One of elsewhere is the same on both sides."""
    own = [(tree.place_of(plugin), plugin) for plugin in plugins]
    for place, plugin in own:
        if place is not None and not place.exists():
            raise CompareError(f"{tree.named} lacks {plugin}, which --plugins names; {_APART}")
        if place is None and not tree.has_package:
            raise CompareError(f"{plugin} lies outside of {tree.named}, and {_NOTHING_RUNS}")
    return tuple(place or plugin for place, plugin in own)


def same_plugins(named: str, suite: Path, plugins: Sequence[Path]) -> Iterator[str]:
    """A note of plugins that are files of no side."""
    files = [*_named_plugins(suite), *plugins]
    if files:
        names = ", ".join(file.name for file in files)
        yield f"{named} ran {names} as the other side has it: plugins that a suite or --plugins names are no part of it"


_NOTHING_RUNS = (
    "that is no package (no pyproject.toml): none of its code would run; put suite and plugins into the checkout, "
    "and name them there"
)
_APART = "commit it, or move suite and plugins out of the checkout to time a package with the same plugins on both sides"


def _of_elsewhere(tree: Tree, suite: Path) -> tuple[str, ...]:
    if not tree.has_package:
        raise CompareError(f"{suite} lies outside of {tree.named}, and {_NOTHING_RUNS}")
    return _ran_with(tree, suite), *same_plugins(tree.named, suite, ())


def _put(tree: Tree, suite: Path, own: Path) -> tuple[str, ...]:
    """The suite that the command names, with what it includes, into the tree at its place."""
    told, folder = outline(suite.resolve()), suite.resolve().parent
    included = [(folder / one, own.parent / one) for one in told.included]
    for source, target in ((suite, own), *included):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    lacking = [
        path for path in told.plugins if not (own.parent / path.relative_to(folder)).exists()
    ]
    if lacking:
        names = ", ".join(str(path.relative_to(folder)) for path in lacking)
        raise CompareError(f"{tree.named} lacks {names}, which {suite} names as a plugin; {_APART}")
    if not told.plugins and not tree.has_package:
        raise CompareError(f"{tree.named} has no {suite.name} of its own, and {_NOTHING_RUNS}")
    return (_ran_with(tree, suite),)


def _without(tree: Tree, suite: Path, own: Path) -> tuple[str, ...]:
    """Of a folder, which is left as it lies."""
    if not tree.has_package or outline(suite.resolve()).plugins:
        place = own.relative_to(tree.folder)
        raise CompareError(f"{tree.named} has no {place}; copy {suite} there, and what it names")
    return (_ran_with(tree, suite),)


def _ran_with(tree: Tree, suite: Path) -> str:
    return f"{tree.named} has no {suite.name} of its own; it ran with {suite}"


def _no_code(tree: Tree, own: Path) -> Iterator[str]:
    if not tree.has_package and not _named_plugins(own):
        yield (
            f"{tree.named} brings a suite and no code: no package, and no plugins that its suite names; "
            "what ran is installed here"
        )


def _named_plugins(suite: Path) -> tuple[Path, ...]:
    """None of a suite that can't be read: the side that runs it says why."""
    try:
        return outline(suite.resolve()).plugins
    except SuiteError:
        return ()
