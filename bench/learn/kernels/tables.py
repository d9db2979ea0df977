"""Table rows as the kernels want them: in training a row's values and moments lie side by side; a batch works on a small table
of its own, where the values and gradients of the rows that it touches lie side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.compiled.vectors import Lanes, lanes_for

__all__ = [
    "SPARE",
    "Table",
    "batch_table",
    "plain_table",
    "serving_table",
    "training_table",
    "values",
]

SPARE = 16  # floats at the end, since a vector is read whole


class Table(NamedTuple):
    """R rows of float32: `wide` values, then as many of whatever else a row has.

    `wide` is 1 for a table of numbers, else made up to whole vectors; what is beyond a table's width is 0 and stays 0."""

    memory: np.ndarray  # (R * row + SPARE,) float32
    row: int  # floats from a row to the next
    wide: int
    lanes: Lanes


def training_table(rows: int, width: int, parts: int = 0) -> Table:
    """Values, first and second moment, all zeros. A row is `parts` vectors, each of which begins with a vector of the
    processor, however short it is; 0: a number where `width` is 1, else one vector."""
    return _table(rows, width, parts, times=3)


def serving_table(rows: int, width: int, parts: int = 0) -> Table:
    """As a training table, values alone."""
    return _table(rows, width, parts, times=1)


def batch_table(rows: int, table: Table) -> Table:
    """Room for the values and gradients of so many rows of `table`."""
    _, _, wide, lanes = table
    return Table(np.zeros(rows * 2 * wide + SPARE, np.float32), 2 * wide, wide, lanes)


def plain_table(array: np.ndarray) -> Table:
    """An (R, width) array to look up in by lookups.py, which reads no further than a row's width."""
    width = array.shape[1]
    return Table(np.ascontiguousarray(array).reshape(-1), width, *_vectors(width, 0))


def values(table: Table, width: int, parts: int = 1) -> np.ndarray:
    """(R, parts, width / parts): the table's values, a view."""
    by_part = table.memory[:-SPARE].reshape(-1, table.row // table.wide, parts, table.wide // parts)
    return by_part[:, 0, :, : width // parts]


def _table(rows: int, width: int, parts: int, times: int) -> Table:
    wide, lanes = _vectors(width, parts)
    return Table(np.zeros(rows * times * wide + SPARE, np.float32), times * wide, wide, lanes)


def _vectors(width: int, parts: int) -> tuple[int, Lanes]:
    if width == 1 and not parts:
        return 1, lanes_for(1)
    parts = max(parts, 1)
    part = width // parts
    lanes = lanes_for(part)
    return parts * -(-part // len(lanes)) * len(lanes), lanes
