"""Rows as a matrix for trees. What a value is encoded as is decided by the training rows, and never by their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bench.interfaces import Rows

__all__ = ["CATEGORIES", "TreeColumns"]

CATEGORIES = 254  # of one column: scikit-learn keeps a bin for missing values beside at most 255


class Encoding(Protocol):
    """Some columns of the matrix, of one field."""

    @property
    def categorical(self) -> Sequence[bool]:
        """Which of its columns hold categories."""
        ...

    def columns(self, rows: Rows) -> np.ndarray:
        """(n, columns) float64; NaN is missing."""
        ...


@dataclass(frozen=True)
class TreeColumns:
    """The columns of all fields, side by side."""

    encodings: tuple[Encoding, ...]

    @classmethod
    def fit(cls, train: Rows, id_columns: int, max_tags: int) -> TreeColumns:
        made: list[Encoding] = []
        for field in train.fields:
            if field.kind == "categorical":
                made.append(Categories.fit(field.name, train.codes(field.name), id_columns))
            elif field.kind == "multi_valued":
                made.append(Tags.fit(field.name, train.bags(field.name)[1], max_tags))
            else:
                made.append(Numbers(field.name, bool((~np.isnan(train.values(field.name))).any())))
        return cls(tuple(made))

    @property
    def categorical(self) -> np.ndarray:
        """(columns,) bool."""
        return np.array([flag for encoding in self.encodings for flag in encoding.categorical])

    def matrix(self, rows: Rows) -> np.ndarray:
        """(n, columns) float64."""
        return np.hstack([encoding.columns(rows) for encoding in self.encodings])


@dataclass(frozen=True)
class Categories:
    """A categorical field. Its codes, ranked by how often they occur, are the categories of as many columns as they fill,
    but at most `id_columns`; where there are more than one column holds, the logarithm of a code's count stands beside.

    Unknown codes, and those of no training row, are missing."""

    field: str
    counts: np.ndarray  # (codes,) int64 rows of each; 0 for the unknown code
    ranks: np.ndarray  # (codes,) int64, 0 is the most frequent
    category_columns: int

    @classmethod
    def fit(cls, field: str, codes: np.ndarray, id_columns: int) -> Categories:
        counts = np.bincount(codes, minlength=1)
        counts[0] = 0
        ranks = np.empty_like(counts)
        ranks[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        filled = -(-int((counts > 0).sum()) // CATEGORIES)
        return cls(field, counts, ranks, filled if filled < 2 else min(filled, id_columns))

    @property
    def large(self) -> bool:
        return int((self.counts > 0).sum()) > CATEGORIES

    @property
    def categorical(self) -> Sequence[bool]:
        return [True] * self.category_columns + [False] * self.large

    def columns(self, rows: Rows) -> np.ndarray:
        codes = rows.codes(self.field)
        codes = np.where(codes < len(self.counts), codes, 0)
        seen = self.counts[codes] > 0
        column, category = np.divmod(self.ranks[codes], CATEGORIES)
        numbers = [
            np.where(seen & (column == own), category, np.nan)
            for own in range(self.category_columns)
        ]
        if self.large:
            numbers.append(np.where(seen, np.log(np.maximum(self.counts[codes], 1)), np.nan))
        return np.stack(numbers, axis=1) if numbers else np.empty((len(codes), 0))


@dataclass(frozen=True)
class Tags:
    """A multi-valued field: whether a bag holds each of the most frequent codes, and how many it holds in all."""

    field: str
    codes: np.ndarray  # (tags,) the most frequent first

    @classmethod
    def fit(cls, field: str, codes: np.ndarray, max_tags: int) -> Tags:
        counts = np.bincount(codes, minlength=1)
        counts[0] = 0  # unknown
        kept = np.argsort(-counts, kind="stable")[:max_tags]
        return cls(field, kept[counts[kept] > 0])

    @property
    def categorical(self) -> Sequence[bool]:
        return [False] * (len(self.codes) + 1)

    def columns(self, rows: Rows) -> np.ndarray:
        pointer, codes = rows.bags(self.field)
        lengths = np.diff(pointer)
        place = np.full(max(codes.max(initial=0), self.codes.max(initial=0)) + 1, len(self.codes))
        place[self.codes] = np.arange(len(self.codes))
        columns = np.zeros((len(rows), len(self.codes) + 1))
        columns[np.repeat(np.arange(len(rows)), lengths), place[codes]] = 1
        columns[:, -1] = lengths  # where the codes that have no column of their own left a mark
        return columns


@dataclass(frozen=True)
class Numbers:
    """A numeric field as it is; 0 throughout where no training row has a value, which scikit-learn can't bin."""

    field: str
    present: bool

    @property
    def categorical(self) -> Sequence[bool]:
        return [False]

    def columns(self, rows: Rows) -> np.ndarray:
        values = rows.values(self.field).astype(np.float64)
        return (values if self.present else np.zeros_like(values))[:, None]
