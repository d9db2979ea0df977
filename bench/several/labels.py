"""How runs are called side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import CompareError
from bench.report import short

__all__ = ["check_distinct", "heads", "shortest_names"]

_HEAD = 12  # cells of a name that heads a column


def check_distinct(folders: Sequence[Path]) -> None:
    """Raise CompareError where two of them are one folder, whatever they are called."""
    seen: dict[Path, Path] = {}
    for folder in folders:
        other = seen.setdefault(folder.resolve(), folder)
        if other is not folder:
            raise CompareError(f"{other} and {folder} are one run; name each run once")


def shortest_names(folders: Sequence[Path]) -> tuple[str, ...]:
    """The last parts of each path, as few as tell all of them apart."""
    parts = [folder.resolve().parts for folder in folders]
    for length in range(1, max(map(len, parts)) + 1):
        names = tuple("/".join(part[-length:]) for part in parts)
        if len(set(names)) == len(names):
            return names
    return tuple(map(str, folders))


def heads(names: Sequence[str]) -> tuple[str, ...]:
    """The names themselves where all are short; else A, B, ... Z, AA, AB, ..."""
    if all(len(name) <= _HEAD and short(name, _HEAD) == name for name in names):
        return tuple(names)
    return tuple(map(_letters, range(len(names))))


def _letters(place: int) -> str:
    before, last = divmod(place, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)
