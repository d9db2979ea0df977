"""Dotted paths into a suite, as `--set` and `grid:` write them. Names may hold dots: the longest key that is there wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.registry import did_you_mean
from bench.suite.places.text import quoted
from bench.suite.places.tree import Node
from bench.suite.places.yaml_document import KeyPath

__all__ = ["NAMED", "resolve"]

NAMED = {
    "datasets": "dataset",
    "protocols": "protocol",
    "base_models": "base model",
    "methods": "method",
}  # of the user's names
_LONGEST = 500  # characters


def resolve(root: Node, dotted: str) -> tuple[str, ...]:
    """The keys of a path. Keys that are not there yet are one segment each, and the checks of a suite say whether they are
    right; an entry that is not there is a slip. ValueError with the reason and the fix."""
    if len(dotted) > _LONGEST:
        raise ValueError(f"a path of {len(dotted):,} characters; at most {_LONGEST}")
    path: tuple[str, ...] = ()
    node: Node | None = root
    rest = dotted.split(".")
    while rest:
        if node is not None and not isinstance(node.content, Mapping):
            raise ValueError(
                f"{'.'.join(path)} is {_kind(node)}, which has no keys; set it as a whole"
            )
        taken = _longest(node, rest)
        if not taken:
            taken = len(rest) if path == ("grid",) else 1
            _refuse_unknown_entry(node, path, rest)
        key, rest = ".".join(rest[:taken]), rest[taken:]
        if not key:
            raise ValueError("an empty key; write it as KEY.KEY.KEY")
        path, node = (*path, key), None if node is None else node.get(key)
    return path


def _longest(node: Node | None, segments: Sequence[str]) -> int:
    """How many segments make up the longest key that the mapping has; 0: none do."""
    if node is None:
        return 0
    counts = range(len(segments), 0, -1)
    return next((count for count in counts if node.get(".".join(segments[:count])) is not None), 0)


def _refuse_unknown_entry(node: Node | None, path: KeyPath, rest: Sequence[str]) -> None:
    """A whole entry may be new; a key inside of one that does not exist can't be meant."""
    if len(path) == 1 and path[0] in NAMED and len(rest) > 1:
        known = list(node.content) if node is not None and isinstance(node.content, Mapping) else []
        raise ValueError(
            f"no {NAMED[str(path[0])]} {quoted(rest[0])} in {path[0]}{did_you_mean(rest[0], known)}"
        )


def _kind(node: Node) -> str:
    return "a list" if isinstance(node.content, tuple) else quoted(node.content)
