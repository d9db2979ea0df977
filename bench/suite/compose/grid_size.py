"""How many trials a suite and its grid make: counted before any entry is made, however long the lists are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bench.suite.compose.dotted import NAMED
from bench.suite.places.problems import Problem
from bench.suite.places.tree import Node, size
from bench.suite.places.yaml_document import Place

__all__ = ["Axes", "Axis", "too_many"]

MAX_TRIALS = 10_000  # the bounds not counted
MAX_VALUES = 200_000  # of the suite once it is expanded


class Axis(NamedTuple):
    """One line of the grid: a path inside an entry, and its values."""

    path: tuple[str, ...]
    values: tuple[Node, ...]
    place: Place


Axes = dict[tuple[str, str], list[Axis]]  # (section, entry) -> its axes


def too_many(root: Node, grid: Node | None, axes: Axes) -> Problem | None:
    """What is said where there are too many, or nothing."""
    counts = {section: _count(root, section, axes) for section in NAMED}
    methods = counts["base_models"] + counts["methods"]
    seeds = (
        len(node.content)
        if (node := root.get("seeds")) is not None and isinstance(node.content, tuple)
        else 1
    )
    factors = {
        "dataset": counts["datasets"],
        "protocol": counts["protocols"],
        "method": methods,
        "seed": seeds,
    }
    trials = math.prod(factors.values())
    place = root.place if grid is None else grid.key or grid.place
    if trials > MAX_TRIALS:
        product = " x ".join(
            f"{number:,} {what}{'s' * (number != 1)}" for what, number in factors.items()
        )
        message = f"{product} = {trials:,} trials; at most {MAX_TRIALS:,}; "
        return Problem(
            place, message + ("shorten a list of the grid" if axes else "split the suite")
        )
    sizes = (
        (root.get(section), name, _product(of_entry)) for (section, name), of_entry in axes.items()
    )
    values = sum(
        size(node.get(name) or node) * number for node, name, number in sizes if node is not None
    )
    if values > MAX_VALUES:
        return Problem(
            place, f"the grid makes {values:,} values; at most {MAX_VALUES:,}; shorten a list"
        )
    return None


def _count(root: Node, section: str, axes: Axes) -> int:
    """Entries of a section once they are expanded."""
    node = root.get(section)
    names = node.content if node is not None and isinstance(node.content, Mapping) else {}
    return sum(_product(axes.get((section, name), [])) for name in names)


def _product(axes: Sequence[Axis]) -> int:
    return math.prod(len(axis.values) for axis in axes)
