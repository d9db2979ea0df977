"""What the entries of a grid are called: `metaselector[inner_steps=1,order=first]`. Names come from values alone: neither the
order of the grid's lines nor how a value is spelt makes another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bench.suite.places.scalars import plain_scalar

__all__ = ["canonical", "entry_name", "labels"]

_SYNTAX = frozenset(',=[]{}:"')


def entry_name(name: str, values: Mapping[str, Any]) -> str:
    """The entry's own name and the values that it has, by label in sorted order."""
    return f"{name}[{','.join(f'{label}={_shown(values[label])}' for label in sorted(values))}]"


def labels(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """A label for each path: its last key, and as many before it as tell it from the others."""
    return [_label(path, [other for other in paths if other != path]) for path in paths]


def canonical(value: Any) -> str:
    """Text that is the same for equal values, and for 1 and 1.0; true is not 1."""
    return json.dumps(_whole(value), sort_keys=True)


def _label(path: tuple[str, ...], others: Sequence[tuple[str, ...]]) -> str:
    for length in range(1, len(path)):
        if all(other[-length:] != path[-length:] for other in others):
            return ".".join(path[-length:])
    return ".".join(path)


def _whole(value: Any) -> Any:
    """1.0 as 1, inside of lists and mappings too."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{_shown(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_shown, value))}]"
    return (
        value
        if isinstance(value, str) and _is_bare(value)
        else json.dumps(_whole(value), ensure_ascii=False)
    )


def _is_bare(text: str) -> bool:
    """Text that nobody takes for anything else without quotes."""
    try:
        return plain_scalar(text) == text and not _SYNTAX & set(text)
    except ValueError:
        return False
