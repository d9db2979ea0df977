"""`include:`: parts of a suite in files of their own, merged below what the suite itself says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.errors import SuiteError
from bench.suite.compose.dotted import NAMED
from bench.suite.places.files import misplaced, read_file
from bench.suite.places.problems import Problem
from bench.suite.places.text import MAX_BYTES, quoted
from bench.suite.places.tree import Node, plain, size, tree_of
from bench.suite.places.yaml_document import MAX_VALUES, KeyPath, Place, parse

__all__ = ["Merged", "merge_included"]

MERGED = (
    *NAMED,
    "train",
    "limits",
)  # mappings that are merged key by key; of the other keys one replaces the other
OWN = (
    "version",
    "name",
    "include",
    "plugins",
)  # a suite says these itself: which code it loads, above all


@dataclass(frozen=True)
class Merged:
    """The suite with what it includes, and the bytes of each included file by the path that the suite gives."""

    root: Node
    contents: Mapping[str, bytes]
    problems: list[Problem] = field(default_factory=list)


def merge_included(root: Node, folder: Path) -> Merged:
    """Read what `include` names, a path or a list, and put it below the suite's own keys."""
    parts: list[Node] = []
    contents: dict[str, bytes] = {}
    problems: list[Problem] = []
    total = size(root)
    for text, place in _named(root):
        if reason := _refusal(text, folder):
            problems.append(Problem(place, f"include {quoted(text)} {reason}"))
            continue
        contents[text] = read_file(folder / text)
        part = _part(contents[text], str(folder / text))
        if sum(map(len, contents.values())) > MAX_BYTES:
            raise place.error(
                f"includes more than {MAX_BYTES:,} bytes in all; a suite is a few pages of text"
            )
        total += size(part)
        if total > MAX_VALUES:
            raise place.error(
                f"more than {MAX_VALUES} values with what is included; split the suite"
            )
        problems += _misfits(part)
        parts.append(part)
    problems += _conflicts(root, parts)
    return Merged(_merged([*parts, root]) if parts and not problems else root, contents, problems)


def _named(root: Node) -> Iterator[tuple[str, Place]]:
    """The paths, each once, and where they are written; the schema says what is of another type."""
    node = root.get("include")
    items = () if node is None else node.content if isinstance(node.content, tuple) else (node,)
    seen = set()
    for item in items:
        if isinstance(item.content, str) and item.content not in seen:
            seen.add(item.content)
            yield item.content, item.place


def _refusal(text: str, folder: Path) -> str:
    if Path(text).is_absolute():
        return "is an absolute path; write it from the suite's folder on"
    return misplaced(text, folder)


def _part(content: bytes, file: str) -> Node:
    document = parse(content, file)
    if not isinstance(document.data, dict):
        raise SuiteError(
            "an included file is a mapping of a suite's keys", file=file, line=1, column=1
        )
    return tree_of(document)


def _misfits(part: Node) -> Iterator[Problem]:
    """What an included file must not hold."""
    assert isinstance(part.content, Mapping)
    for key, child in part.content.items():
        if key == "include":
            yield Problem(
                child.key or child.place,
                "include in an included file; name the file in the suite itself",
            )
        elif key in OWN:
            yield Problem(
                child.key or child.place, f"{key} in an included file; write it in the suite itself"
            )
        elif key in MERGED and not isinstance(child.content, Mapping):
            yield Problem(child.place, f"{key} must be a mapping; got {quoted(plain(child))}")


def _conflicts(root: Node, parts: list[Node]) -> Iterator[Problem]:
    """What two files define differently and the suite does not define itself."""
    first: dict[KeyPath, Node] = {}
    for part in parts:
        for path, node in _definitions(part):
            other = first.setdefault(path, node)
            if plain(other) == plain(node) or _defines(root, path):
                continue
            there = f"{other.place.file}:{other.place.line}:{other.place.column}"
            message = f"{'.'.join(map(str, path))} is defined otherwise at {there}; remove one, or define it in the suite"
            yield Problem(node.key or node.place, message)


def _definitions(part: Node) -> Iterator[tuple[KeyPath, Node]]:
    """What is merged or replaced as one."""
    for key, child in part.content.items() if isinstance(part.content, Mapping) else ():
        if key in MERGED:
            yield from (((key, name), item) for name, item in _items(child))
        elif key not in OWN:
            yield (key,), child


def _items(node: Node) -> Iterator[tuple[str, Node]]:
    yield from node.content.items() if isinstance(node.content, Mapping) else ()


def _defines(root: Node, path: KeyPath) -> bool:
    node: Node | None = root
    for key in path:
        node = None if node is None else node.get(str(key))
    return node is not None


def _merged(nodes: list[Node]) -> Node:
    """Later nodes override earlier ones; the last is the suite itself, whose place the whole has."""
    content: dict[str, Node] = {}
    for node in nodes:
        for key, child in _items(node):
            below = content.get(key)
            if key in MERGED and below is not None and isinstance(child.content, Mapping):
                child = replace(child, content={**dict(_items(below)), **child.content})
            content[key] = child
    return replace(nodes[-1], content=content)
