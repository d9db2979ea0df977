"""A batch of shuffled rows side by side, and the table rows that it touches.

Rows, as shape.py has them, lie end to end in the source, and each from a multiple of BLOCK on in a batch."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled, inlined
from bench.compiled.memory import get, prefetch, put
from bench.compiled.vectors import SIXTEEN, load, store
from bench.learn.kernels.shape import BLOCK
from bench.learn.kernels.tables import Table

__all__ = ["AHEAD", "UNMARKED", "gather", "hide", "prefetch_row", "touch"]

AHEAD = 8  # rows
MARK = np.int32(-(2**31))  # the sign bit
UNMARKED = np.int32(2**31 - 1)  # all others


@compiled
def gather(
    source: np.ndarray,
    width: int,
    order: np.ndarray,
    begin: int,
    end: int,
    batch: np.ndarray,
    stride: int,
) -> None:
    """Copy rows order[begin:end] of `source`, of `width` int32 each, to `batch`. Bits are copied, whatever they stand for."""
    last = order.size - 1
    for i in range(end - begin):
        soon = get(order, min(begin + i + AHEAD, last)) * width
        prefetch(source, soon)
        prefetch(source, soon + width - 1)
        row = get(order, begin + i) * width
        for k in range(0, width, BLOCK):
            store(batch, i * stride + k, load(source, row + k, SIXTEEN))


@compiled
def hide(
    hides: np.ndarray,
    begin: int,
    end: int,
    column: int,
    unknown: np.int32,
    batch: np.ndarray,
    stride: int,
) -> None:
    """Of rows begin to end, those for which `hides` holds have `unknown` in column `column`."""
    for i in range(end - begin):
        if get(hides, begin + i):
            put(batch, i * stride + column, unknown)


@compiled
def touch(
    batch: np.ndarray,
    stride: int,
    rows: int,
    entries: int,
    moved: np.ndarray,
    place: np.ndarray,
    touched: np.ndarray,
) -> int:
    """How many table rows the batch has. They are listed in `touched`, in the order in which they come, and in the batch each
    entry becomes its place in that list.

    moved (J,) int32: the step in which a table row was last moved; its sign marks those of the list. place (J,): room."""
    count = 0
    for i in range(rows):
        for j in range(entries):
            entry = get(batch, i * stride + j)
            when = get(moved, np.int64(entry))
            # without a branch: what is listed already is written to the list's end, and over by the next
            put(touched, count, entry)
            own = np.int32(count) if when >= 0 else get(place, np.int64(entry))
            put(place, np.int64(entry), own)
            put(batch, i * stride + j, own)
            count += when >= 0
            put(moved, np.int64(entry), when | MARK)
    return count


@inlined
def prefetch_row(table: Table, touched: np.ndarray, i: int, count: int) -> None:
    """Have the i-th touched row fetched."""
    memory, row, _, _ = table
    at = np.int64(get(touched, min(i, count - 1))) * row
    for k in range(0, row, BLOCK):
        prefetch(memory, at + k)
