"""Raw tables as a dataset's plugin read them: one canonical form of a column, and the place of a cell that is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.tables.scanned import Scanned
from bench.data.tables.stored import UnreadableError, canonical, stored_parts
from bench.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RawTable", "as_mask", "counted", "missing_column", "plain_name", "shown"]

INVISIBLE = r"\s\p{Z}\p{Cc}\p{Cf}"  # within [...] of a regular expression of Arrow: spaces, controls, marks without width
INTERACTIONS = "interactions"  # the name of their table


@dataclass(frozen=True)
class RawTable:
    """Rows of a table, and what it is called in errors: `attrs["file"]` of the frame if the reader set it, else `name`.

    An index named "line" or "row" numbers the lines or rows of the file, from 1; any other is taken for positions. Where the
    reader left columns out, `attrs["columns"]` names all that the file has; where it renamed one, `attrs["called"]` maps its
    name here to that in the file."""

    frame: pd.DataFrame | Scanned
    name: str
    chosen: np.ndarray | None = None  # (rows that were read,) bool; None: all

    def __len__(self) -> int:
        return len(self.frame) if self.chosen is None else int(np.count_nonzero(self.chosen))

    @property
    def file(self) -> str:
        if isinstance(self.frame, Scanned):
            return self.frame.scan.file
        return str(self.frame.attrs.get("file", self.name))

    @property
    def names(self) -> Sequence[str]:
        """The columns that can be read."""
        return list(self.frame.columns)

    @property
    def columns(self) -> Sequence[str]:
        """All that the file has."""
        if isinstance(self.frame, Scanned):
            return list(self.frame.scan.header)
        return [str(name) for name in self.frame.attrs.get("columns", self.frame.columns)]

    def called(self, column: str) -> str:
        """A column's name in the file."""
        if isinstance(self.frame, Scanned):
            return column
        return str(self.frame.attrs.get("called", {}).get(column, column))

    def place(self, position: int) -> str:
        """Where a row is: `ratings.csv:9` or `ratings.parquet: row 8`."""
        line, row = self._line_or_row(position)
        return f"{self.file}:{line}" if line else f"{self.file}: row {row}"

    def error(self, position: int, what: str) -> DataError:
        """An error with the place of a row."""
        line, row = self._line_or_row(position)
        return DataError(what, file=self.file, line=line, row=row)

    def refuse(self, position: int, column: str, what: str) -> NoReturn:
        raise self.error(position, f"column {self.called(column)!r}: {what}")

    def refuse_column(self, column: str, what: str) -> NoReturn:
        raise DataError(f"column {self.called(column)!r} {what}", file=self.file)

    def _line_or_row(self, position: int) -> tuple[int, int]:
        """One of the two, from 1; 0 for the other."""
        read = position if self.chosen is None else int(np.flatnonzero(self.chosen)[position])
        if isinstance(self.frame, Scanned):
            unit, label = str(self.frame.scan.unit), self.frame.place(read)
        else:
            unit, label = str(self.frame.index.name), int(self.frame.index[read])
        if unit == "line":
            return label, 0
        return 0, label if unit == "row" else label + 1

    def where(self, mask: np.ndarray) -> RawTable:
        """The rows where `mask` holds; they keep their places. A column is filtered when it is asked for."""
        if self.chosen is None:
            return replace(self, chosen=mask)
        chosen = self.chosen.copy()
        chosen[chosen] = mask
        return replace(self, chosen=chosen)

    def column(self, name: str) -> pa.Array:
        """One Arrow array, nulls where missing; text as large_string."""
        cells = [
            each.dictionary_decode() if pa.types.is_dictionary(each.type) else each
            for each in self.chunks(name)
        ]
        return cells[0] if len(cells) == 1 else pa.concat_arrays(cells)

    def kind(self, name: str) -> pa.DataType:
        """The type of `column`."""
        with self._refusing(name):
            first = canonical(next(stored_parts(self.frame, name, self.chosen))[:0])
        return first.type.value_type if pa.types.is_dictionary(first.type) else first.type

    def chunks(self, name: str) -> Iterator[pa.Array]:
        """`column` in parts, one at least; text may be a dictionary, of which every word is some row's (`canonical`)."""
        with self._refusing(name):
            for cells in stored_parts(self.frame, name, self.chosen):
                yield canonical(cells)

    @contextmanager
    def _refusing(self, column: str) -> Iterator[None]:
        try:
            yield
        except UnreadableError as error:
            raise DataError(
                f"column {self.called(column)!r} {error}", file=self.file
            ) from error.__cause__

    def or_drop(self, column: str) -> str:
        """The way out for rows without a value; of the interactions, whose rows may be left out."""
        if self.name != INTERACTIONS:
            return ""
        return f', leave such rows out (`drop: "{self.called(column)} is missing"` of a `table`)'

    def or_drop_text(self, column: str, text: str) -> str:
        """The way out for rows with a word where a number or a time belongs, where a rule can name it."""
        if self.name != INTERACTIONS or "'" in text or shown(text) != f"'{text}'":
            return ""
        return (
            f", or leave such rows out (`drop: \"{self.called(column)} is '{text}'\"` of a `table`)"
        )

    def first(self, mask: Any) -> int | None:
        """Position of the first row where a mask (numpy or Arrow, nulls are false) holds."""
        hits = np.flatnonzero(as_mask(mask))
        return int(hits[0]) if len(hits) else None


def missing_column(name: str, columns: Iterable[str]) -> str:
    """`no column 'raitng'; did you mean 'rating'?`"""
    there = [str(column) for column in columns]
    same = [column for column in there if plain_name(column) == plain_name(name)]
    close = same or difflib.get_close_matches(name, there, 1)
    hint = (
        f"did you mean {close[0]!r}?" if close else f"there are {', '.join(map(repr, there[:20]))}"
    )
    return f"no column {name!r}; {hint}"


def plain_name(name: str) -> str:
    """A column's name without what people don't see: case, and spaces or marks without width around it."""
    return name.strip(" \t\r\n\v\f\x00\xa0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff").casefold()


def as_mask(mask: Any) -> np.ndarray:
    """A numpy or Arrow mask as (n,) bool; nulls are false."""
    if isinstance(mask, pa.Array):
        mask = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
    return np.asarray(mask, dtype=bool)


def counted(mask: np.ndarray) -> str:
    """` (17 such rows)`, or nothing where there is but one."""
    return f" ({mask.sum()} such rows)" if mask.sum() > 1 else ""


def shown(value: object) -> str:
    """A value in an error: quoted, controls escaped, at most 40 characters."""
    text = str(value)
    return repr(text if len(text) <= 40 else text[:39] + "…")
