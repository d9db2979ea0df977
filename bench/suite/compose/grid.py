"""`grid:`: one entry of a suite becomes many, one for each combination of the values that its paths list."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.registry import did_you_mean
from bench.suite.compose.dotted import NAMED, resolve
from bench.suite.compose.grid_names import canonical, entry_name, labels
from bench.suite.compose.grid_size import Axes, Axis, too_many
from bench.suite.compose.overrides import is_override
from bench.suite.places.problems import Problem
from bench.suite.places.text import quoted
from bench.suite.places.tree import Node, plain, put
from bench.suite.places.yaml_document import KeyPath, Place

__all__ = ["Expanded", "expand"]

_LONGEST_NAME = 100  # as the schema has it


@dataclass(frozen=True)
class Expanded:
    """`names`: (section, entry) -> the names of the entries that stand for it."""

    root: Node
    names: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def expand(root: Node) -> Expanded:
    """The suite with its grid multiplied out. Too many trials are refused by their count, before any entry is made."""
    grid = root.get("grid")
    axes, problems = _axes(root, grid)
    if refused := too_many(root, grid, axes):
        return Expanded(root, problems=[refused])
    names: dict[tuple[str, str], tuple[str, ...]] = {}
    for entry, of_entry in axes.items():
        if faults := list(_faults(root, entry, of_entry)):
            problems += faults
            continue
        made = dict(_entries(root, entry, of_entry))
        if faults := list(_bad_names(root, entry, made, of_entry[0].place)):
            problems += faults
            continue
        root = _replaced(root, entry, made)
        names[entry] = tuple(made)
    return Expanded(root, names, problems)


def _axes(root: Node, grid: Node | None) -> tuple[Axes, list[Problem]]:
    """The lines that lead into an entry, and what is wrong with the others; the schema says what is of another type."""
    axes: Axes = {}
    problems = []
    for dotted, node in (
        grid.content.items() if grid is not None and isinstance(grid.content, Mapping) else ()
    ):
        if not isinstance(node.content, tuple) or not node.content:
            continue
        place = node.key or node.place
        try:
            _check_section(dotted)
            section, name, *path = _inside(resolve(root, dotted))
        except ValueError as error:
            problems.append(Problem(place, f"grid path {quoted(dotted)}: {error}"))
            continue
        axes.setdefault((section, name), []).append(Axis(tuple(path), node.content, place))
    return axes, problems


def _check_section(dotted: str) -> None:
    section = dotted.partition(".")[0]
    if section not in NAMED:
        close = did_you_mean(section, NAMED)
        hint = close if close.startswith("; did") else ""
        raise ValueError(f"a path of the grid starts with one of {', '.join(NAMED)}{hint}")


def _inside(path: tuple[str, ...]) -> tuple[str, ...]:
    if len(path) < 3:
        raise ValueError(
            "it must lead to a key inside one entry, like methods.NAME.selector.KEY or base_models.NAME.KEY"
        )
    return path


def _faults(root: Node, entry: KeyPath, axes: Sequence[Axis]) -> Iterator[Problem]:
    """What stands against multiplying an entry out."""
    for axis in axes:
        seen = set()
        for value in axis.values:
            if (found := canonical(plain(value))) in seen:
                yield Problem(
                    value.place, f"the grid has {quoted(plain(value))} twice here; remove one"
                )
            seen.add(found)
        if (there := _at(root, (*entry, *axis.path))) is not None and is_override(there.place):
            yield Problem(
                there.place, "the grid gives this key its values; set the grid's list instead"
            )
        for other in axes:
            if other is not axis and axis.path[: len(other.path)] == other.path:
                yield Problem(
                    axis.place,
                    f"lies inside of {'.'.join((*map(str, entry), *other.path))}, which the grid has too",
                )


def _entries(
    root: Node, entry: tuple[str, str], axes: Sequence[Axis]
) -> Iterator[tuple[str, Node]]:
    """Names and entries; the values of the grid's first line change last."""
    original = _at(root, entry)
    assert original is not None
    shown = labels([axis.path for axis in axes])
    for values in itertools.product(*(axis.values for axis in axes)):
        made = original
        for axis, value in zip(axes, values, strict=True):
            made = put(made, axis.path, replace(value, key=axis.place))
        yield entry_name(entry[1], dict(zip(shown, map(plain, values), strict=True))), made


def _bad_names(
    root: Node, entry: tuple[str, str], made: Mapping[str, Node], place: Place
) -> Iterator[Problem]:
    section = root.get(entry[0])
    for name in made:
        if section is not None and section.get(name) is not None:
            yield Problem(
                place,
                f"the grid makes {quoted(name)}, which {entry[0]} has already; rename that one",
            )
        if len(name) > _LONGEST_NAME:
            message = f"the grid makes the name {quoted(name)} of {len(name)} characters, at most {_LONGEST_NAME}; "
            yield Problem(place, message + "list shorter values, or give the entry a shorter name")
            return


def _replaced(root: Node, entry: tuple[str, str], made: Mapping[str, Node]) -> Node:
    """The entries in the place of the one that they stand for."""
    section = root.get(entry[0])
    assert section is not None
    assert isinstance(section.content, Mapping)
    content: dict[str, Node] = {}
    for name, node in section.content.items():
        content |= made if name == entry[1] else {name: node}
    return put(root, entry[:1], replace(section, content=content))


def _at(root: Node, path: KeyPath) -> Node | None:
    node: Node | None = root
    for key in path:
        node = None if node is None else node.get(str(key))
    return node
