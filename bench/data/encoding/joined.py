"""A side's table (of users or items) joined to the interactions by its ids."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.encoding.buckets import Hashed, hashed, hashed_words
from bench.data.encoding.features import Vocabulary, numeric, vocabulary
from bench.data.encoding.roles import Layout, Owner
from bench.data.tables.raw import RawTable, shown
from bench.data.tables.text import as_ids, as_text
from bench.data.tables.words import Words, distinct

__all__ = ["Joined", "join"]


class Joined(NamedTuple):
    """How rows of a table reach the interactions: row i of these has the owner `of_row[i]`, an owner its own `table` row
    `at_owner` (-1 where the table lacks it). The interactions reach themselves: both are None."""

    table: RawTable
    at_owner: np.ndarray | None = None
    of_row: np.ndarray | None = None

    def text(self, column: str) -> Words:
        """Of owners that appear in the interactions; "" where the table lacks one."""
        text = as_text(self.table, column)
        if self.at_owner is None:
            return text
        places = pa.array(text.codes[self.at_owner], mask=self.at_owner < 0)
        of_owner = pa.DictionaryArray.from_arrays(places, text.words)
        found = distinct([of_owner], len(of_owner))
        return found.with_words(found.words.fill_null(""))

    def hashed(self, column: str, buckets: int) -> Hashed:
        """`text` in buckets."""
        if self.at_owner is None:
            return hashed(self.table, column, buckets)
        return hashed_words(self.text(column), buckets)

    def numbers(self, column: str) -> np.ndarray:
        values = numeric(self.table, column)
        if self.at_owner is None:
            return values
        return np.where(self.at_owner < 0, np.float32(np.nan), values[self.at_owner])

    def absent(self) -> int:
        """Owners that the table lacks."""
        return 0 if self.at_owner is None else int(np.count_nonzero(self.at_owner < 0))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """From owners to rows of the interactions."""
        return values if self.of_row is None else np.asarray(values[self.of_row])


def join(layout: Layout, owner: Owner, ids: Vocabulary) -> Joined:
    """DataError, with the place, for an id that is there twice or missing, or a table that has none of the ids."""
    table, name = layout.tables[owner], layout.id_column(owner)
    known = vocabulary(as_ids(table, name))
    first = np.full(len(known.words) + 1, -1, dtype=np.int64)
    first[known.codes[::-1]] = np.arange(len(table) - 1, -1, -1)
    if (row := table.first(first[known.codes] != np.arange(len(table)))) is not None:
        table.refuse(
            row,
            name,
            f"{known.words[known.codes[row] - 1].as_py()!r} is there twice; one row for each {owner}",
        )
    place = pc.fill_null(pc.index_in(ids.words, value_set=known.words), -1).to_numpy()
    if (place < 0).all():
        ours, theirs = shown(ids.words[0].as_py()), shown(known.words[0].as_py())
        rows = layout.tables["row"].file
        table.refuse_column(
            name,
            f"holds none of the {len(ids.words)} {owner}s of {rows}; ids are text: {theirs} here, {ours} there",
        )
    return _of_used(table, first[place + 1], ids)


def _of_used(table: RawTable, at_owner: np.ndarray, ids: Vocabulary) -> Joined:
    """Without the rows of owners that the interactions lack: they say nothing of a column."""
    there = at_owner >= 0
    used = np.zeros(len(table), dtype=bool)
    used[at_owner[there]] = True
    place = np.cumsum(used) - 1
    return Joined(table.where(used), np.where(there, place[at_owner], -1), ids.codes - 1)
