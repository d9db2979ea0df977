"""Encoded rows as the arrays of a prepared folder, in their sorted order, a column at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.data.encoding.columns import Columns
from bench.data.encoding.features import Vocabulary
from bench.data.encoding.given_columns import GivenSplit
from bench.data.encoding.ordering import Order
from bench.data.tables.room import Kept, Room, counts_of, windows

__all__ = ["EncodedRows", "sorted_arrays"]

_INT32, _INT64, _FLOAT32 = np.dtype(np.int32), np.dtype(np.int64), np.dtype(np.float32)


@dataclass(frozen=True)
class EncodedRows:
    """The n interactions that were chosen, encoded, in the raw table's order."""

    users: Vocabulary
    items: Vocabulary
    labels: np.ndarray  # (n,) uint8
    order: Kept | None  # (n,) int64 or float64
    order_unit: str
    given: GivenSplit | None
    true_logits: Kept | None  # (n,) float64
    columns: Columns
    room: Room

    def __len__(self) -> int:
        return len(self.labels)


def sorted_arrays(
    rows: EncodedRows, rows_of_user: np.ndarray, sorting: Order
) -> dict[str, np.ndarray]:
    """By file name, as bench.data.views.interactions reads them."""
    writer = _Writer(rows, sorting.permutation)
    pointer = np.concatenate([[0], np.cumsum(rows_of_user)]).astype(np.int64)
    arrays = {
        "user_ptr": writer.as_it_is("user_ptr", pointer),
        "users": writer.numbers("users", rows.users),
        "items": writer.numbers("items", rows.items),
        "labels": writer.column("labels", rows.labels),
        "identity": writer.column("identity", sorting.identity.load()),
    }
    if rows.order is not None:
        arrays["order"] = writer.column("order", rows.order.load())
    if rows.given is not None:
        arrays["given-role"] = writer.as_it_is("given-role", rows.given.role)
        arrays["given-part"] = writer.column("given-part", rows.given.part)
    if rows.true_logits is not None:
        arrays["true-logit"] = writer.column("true-logit", rows.true_logits.load())
    arrays["categorical"] = writer.categorical()
    arrays["numeric"] = writer.numeric()
    for number, name in enumerate(rows.columns.bag_names):
        arrays |= writer.bags(name, f"bags-{number}-ptr", f"bags-{number}-codes")
    return arrays


@dataclass(frozen=True)
class _Writer:
    rows: EncodedRows
    permutation: Kept

    def as_it_is(self, name: str, values: np.ndarray) -> np.ndarray:
        return self.rows.room.finish(name, [values], values.dtype, values.shape)

    def column(self, name: str, values: np.ndarray) -> np.ndarray:
        return self.rows.room.finish(name, self._sorted(values), values.dtype, values.shape)

    def numbers(self, name: str, known: Vocabulary) -> np.ndarray:
        """From 0; codes are from 1."""
        blocks = (codes - np.int32(1) for codes in self._sorted(known.codes))
        return self.rows.room.finish(name, blocks, _INT32, known.codes.shape)

    def categorical(self) -> np.ndarray:
        """(n, categorical fields) entries of the joint index."""
        columns = self.rows.columns
        starts = np.concatenate([[0], np.cumsum(columns.sizes)]).astype(np.int32)
        joint = [
            self._keep((codes + start for codes in self._sorted(column.load())), _INT32)
            for column, start in zip(columns.categorical, starts, strict=False)
        ]
        return self._matrix("categorical", joint, _INT32)

    def numeric(self) -> np.ndarray:
        """(n, numeric fields)"""
        columns = self.rows.columns.numeric
        in_order = [self._keep(self._sorted(column.load()), _FLOAT32) for column in columns]
        return self._matrix("numeric", in_order, _FLOAT32)

    def bags(self, name: str, ptr: str, codes: str) -> dict[str, np.ndarray]:
        columns = self.rows.columns
        if (owned := columns.owned_bags.get(name)) is not None:
            return {ptr: self.as_it_is(ptr, owned.ptr), codes: self.as_it_is(codes, owned.codes)}
        bags, which = columns.row_bags[name].bags, columns.row_bags[name].which.load()
        lengths = np.diff(bags.ptr)
        entries = int((counts_of(which, len(lengths)) * lengths).sum())
        finish = self.rows.room.finish
        blocks = (bags.at(part, "row").codes for part in self._sorted(which))
        return {
            ptr: finish(ptr, _pointers(lengths, self._sorted(which)), _INT64, (len(which) + 1,)),
            codes: finish(codes, blocks, _INT32, (entries,)),
        }

    def _sorted(self, values: np.ndarray) -> Iterator[np.ndarray]:
        """(n,) in parts."""
        for rows in windows(len(values)):
            yield values[self.permutation.part(rows)]

    def _keep(self, blocks: Iterator[np.ndarray], dtype: np.dtype) -> Kept:
        return self.rows.room.keep(blocks, dtype)

    def _matrix(self, name: str, columns: list[Kept], dtype: np.dtype) -> np.ndarray:
        count = len(self.rows)

        def blocks() -> Iterator[np.ndarray]:
            for rows in windows(count):
                block = np.empty((rows.stop - rows.start, len(columns)), dtype)
                for number, column in enumerate(columns):
                    block[:, number] = column.part(rows)
                yield block

        return self.rows.room.finish(name, blocks(), dtype, (count, len(columns)))


def _pointers(lengths: np.ndarray, parts: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """(n + 1,) int64, of bags whose positions among the distinct ones come in parts."""
    last = np.zeros(1, np.int64)
    yield last
    for which in parts:
        pointers = last[-1] + np.cumsum(lengths[which])
        yield pointers
        last = pointers
