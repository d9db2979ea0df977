"""The names of a file's columns, and those of them that are read."""

from __future__ import annotations

from collections.abc import Sequence

from bench.data.tables.raw import missing_column, plain_name
from bench.errors import DataError

__all__ = ["wanted_columns"]


def wanted_columns(
    file: str, names: Sequence[str], columns: Sequence[str], optional: Sequence[str]
) -> list[str]:
    """The columns to read and those of the optional ones that are there, each of a name that no other has or looks like.
    DataError otherwise."""
    for position, name in enumerate(names):
        if name in names[:position]:
            places = f"positions {names.index(name) + 1} and {position + 1}"
            raise DataError(f"two columns are named {name!r}, at {places}; rename one", file=file)
    for column in columns:
        if column not in names:
            sep = "; is `sep` right?" if len(names) == 1 else ""
            raise DataError(f"{missing_column(column, names)}{sep}", file=file)
    wanted = [*columns, *(name for name in optional if name in names and name not in columns)]
    for column in wanted:
        _refuse_look_alike(file, names, column)
    return wanted


def _refuse_look_alike(file: str, names: Sequence[str], column: str) -> None:
    for position, name in enumerate(names, start=1):
        if name != column and plain_name(name) == plain_name(column):
            places = f"positions {names.index(column) + 1} and {position}"
            raise DataError(
                f"two columns are named {column!r} and {name!r}, at {places}: they differ only in case or by "
                "spaces; rename one",
                file=file,
            )
