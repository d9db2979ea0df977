"""Trees of JSON or YAML, changed anywhere in any way: what Hypothesis draws for hostile files."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

__all__ = ["anything", "mutated"]

Path = tuple[str | int, ...]

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["", "../../x", "0", "1e3", "nan", "best-single", "ok", "\x1b[31m", "\u202e", "\ud800", "a/b", "x" * 3000, "0" * 64]
)  # fmt: skip
NUMBERS = (
    st.integers(-3, 3)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**30, -(10**400), 2**63, 1e308, -1e-320])
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS


HOLDERS: list[Any] = [
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    {"use": "x"},
    ["x", 1],
    {"a": {"b": [0, True, "c"]}},
]


def anything() -> st.SearchStrategy[Any]:
    """Scalars of all kinds, and a few lists and mappings: more of these come by moves."""
    return SCALARS | st.sampled_from(HOLDERS).map(copy.deepcopy)


@st.composite
def mutated(draw: st.DrawFn, tree: Any, most: int = 3) -> Any:
    """The tree with one to `most` changes: a value replaced, removed, repeated or moved to another's place, a key renamed, one
    more added."""
    changed = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, most))):
        paths = list(_paths(changed))
        if not paths:
            break
        path = paths[draw(st.integers(0, len(paths) - 1))]
        _change(draw, changed, paths, path)
    return changed


def _change(draw: st.DrawFn, tree: Any, paths: list[Path], path: Path) -> None:
    *parents, key = path
    holder = _at(tree, tuple(parents))
    match draw(
        st.sampled_from(["replace", "replace", "remove", "repeat", "move", "rename", "add"])
    ):
        case "replace":
            holder[key] = draw(anything())
        case "remove":
            del holder[key]
        case "move":
            other = paths[draw(st.integers(0, len(paths) - 1))]
            holder[key] = copy.deepcopy(_at(tree, other))
        case "repeat" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[int(key)]))
        case "rename" if isinstance(holder, dict):
            holder[draw(TEXTS)] = holder.pop(key)
        case _:
            if isinstance(holder, dict):
                holder[draw(TEXTS)] = draw(anything())
            else:
                holder.append(draw(anything()))


def _paths(tree: Any, path: Path = ()) -> Iterator[Path]:
    items: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(tree, dict):
        items = iter(tree.items())
    elif isinstance(tree, list):
        items = iter(enumerate(tree))
    for key, item in items:
        yield (*path, key)
        yield from _paths(item, (*path, key))


def _at(tree: Any, path: Path) -> Any:
    for key in path:
        tree = tree[key]
    return tree
