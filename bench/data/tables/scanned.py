"""A table that was read a part at a time, its columns set aside: each is looked at when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from bench.data.tables.kinds import is_text
from bench.data.tables.plain_types import as_plain
from bench.data.tables.room import Room, Shelf
from bench.errors import DataError
from bench.interfaces import Scan

__all__ = ["Scanned", "scanned"]


@dataclass(frozen=True)
class Scanned:
    """Rows of a file."""

    scan: Scan
    columns: Mapping[str, Shelf]
    rows: int

    def __len__(self) -> int:
        return self.rows

    def place(self, position: int) -> int:
        """A line or row of the file."""
        return self.scan.places(self.rows)[position]


def scanned(scan: Scan, room: Room) -> Scanned:
    """Read a table once. DataError for what the scan finds wrong, and for columns that change their type."""
    columns = {name: _Column(room.shelf()) for name in scan.columns}
    rows = 0
    for batch in scan.batches():
        for name, cells in zip(scan.columns, batch.columns, strict=True):
            if not columns[name].take(cells):
                raise DataError(
                    f"column {name!r} mixes types; store it as text or as numbers", file=scan.file
                )
        rows += len(batch)
    return Scanned(scan, {name: column.shelf for name, column in columns.items()}, rows)


class _Column:
    """A shelf on which words that come again are kept once a batch."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._type: pa.DataType | None = None
        self._repeats = True

    def take(self, cells: pa.Array) -> bool:
        """Whether the cells are of the type of those before."""
        cells = as_plain(cells)
        self._type = self._type or cells.type
        if cells.type != self._type:
            return False
        if self._repeats and is_text(cells.type):
            encoded = cells.dictionary_encode()
            self._repeats = 2 * len(encoded.dictionary) <= len(cells)
            cells = encoded if self._repeats else cells
        self.shelf.append(cells)
        return True
