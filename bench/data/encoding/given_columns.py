"""What data say beside labels and features: how users and rows are divided, and each row's true logit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.encoding.features import Vocabulary
from bench.data.tables.numbers import as_numbers, complete
from bench.data.tables.raw import RawTable, as_mask, counted, shown
from bench.data.tables.text import as_text

__all__ = ["PARTS", "ROLES", "GivenSplit", "given_split", "true_logits"]

ROLES = ("train", "valid", "test")  # as numbered in bench.interfaces.Timeline
PARTS = ("support", "query")


class GivenSplit(NamedTuple):
    role: np.ndarray  # (users,) uint8
    part: np.ndarray  # (n,) uint8, in the raw table's order


def given_split(table: RawTable, roles: str, parts: str, users: Vocabulary) -> GivenSplit:
    """Read the columns of roles and parts. DataError for another word, a missing one, or a user with two roles."""
    of_row, part = _numbered(table, roles, ROLES), _numbered(table, parts, PARTS)
    owners = users.codes - 1
    first = np.empty(len(users.words), dtype=np.int64)
    first[owners[::-1]] = np.arange(len(owners) - 1, -1, -1)
    other = of_row != of_row[first][owners]
    if (row := table.first(other)) is not None:
        before = int(first[owners[row]])
        who = shown(users.words[int(owners[row])].as_py())
        what = f"user {who} is {ROLES[of_row[row]]!r} here and {ROLES[of_row[before]]!r} at {table.place(before)}"
        table.refuse(row, roles, f"{what}{counted(other)}; give a user one role")
    return GivenSplit(of_row[first], part)


def true_logits(table: RawTable, column: str) -> np.ndarray:
    """(n,) float64, finite."""
    fix = "a true logit is a finite number"
    # -0 is 0
    return complete(table, column, as_numbers(table, column, fix), fix).astype(np.float64) + 0.0


def _numbered(table: RawTable, column: str, words: tuple[str, ...]) -> np.ndarray:
    """(n,) uint8: the place of each row's word among `words`."""
    text = as_text(table, column)
    places = pc.index_in(text.words, pa.array(words, pa.large_string()))
    bad = text.rows_of(as_mask(pc.is_null(places)))
    if (row := table.first(bad)) is not None:
        word = text.of_row(row)
        what = f"{shown(word)} is none of {', '.join(words)}" if word else "the value is missing"
        table.refuse(row, column, f"{what}{counted(bad)}; write one of {', '.join(words)}")
    return np.asarray(places.to_numpy().astype(np.uint8)[text.codes])
