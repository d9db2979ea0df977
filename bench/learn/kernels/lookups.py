"""Looking up table rows for torch, and giving their gradients back: what lies around a plugin's own forward and backward.

Rows are (n, stride) int32 as in batches.py, end to end. What is looked up is (n, F, width), or (n, L, width) of one field. To
look up, a table may also be the memory of a plain (R, width) array."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled
from bench.compiled.memory import get, put
from bench.compiled.vectors import load, load_part, splat, store, store_part
from bench.learn.kernels.shape import Shape
from bench.learn.kernels.tables import Table

__all__ = ["add_gradient", "add_gradient_of_field", "of_field", "pool"]

ONE, ZERO = np.float32(1), np.float32(0)


@compiled
def pool(
    rows: np.ndarray, shape: Shape, stride: int, table: Table, width: int, out: np.ndarray
) -> None:
    """Of every row and field: the sum over its entries of weight * values."""
    memory, size, wide, lanes = table
    weights = rows.view(np.float32)
    first_weight = shape.entries - shape.single
    fields = shape.starts.size - 1
    for i in range(out.size // (fields * width)):
        at = i * stride
        to = i * fields * width
        for field in range(shape.single):
            row = np.int64(get(rows, at + field)) * size
            if wide == 1:
                put(out, to + field, get(memory, row))
                continue
            for k in range(0, wide, len(lanes)):
                vector = load_part(memory, row + k, width - k, lanes)
                store_part(out, to + field * width + k, width - k, vector)
        for field in range(shape.single, fields):
            start, stop = get(shape.starts, field), get(shape.starts, field + 1)
            if wide == 1:
                summed = ZERO
                for j in range(start, stop):
                    weight = get(weights, at + first_weight + j)
                    summed += weight * get(memory, np.int64(get(rows, at + j)) * size)
                put(out, to + field, summed)
                continue
            for k in range(0, wide, len(lanes)):
                pooled = splat(ZERO, lanes)
                for j in range(start, stop):
                    weight = get(weights, at + first_weight + j)
                    if weight != ZERO:
                        row = np.int64(get(rows, at + j)) * size
                        pooled = pooled + weight * load_part(memory, row + k, width - k, lanes)
                store_part(out, to + field * width + k, width - k, pooled)


@compiled
def add_gradient(
    rows: np.ndarray,
    shape: Shape,
    stride: int,
    table: Table,
    width: int,
    gradient: np.ndarray,
    penalty: np.float32,
) -> None:
    """To the gradient of every looked-up row: weight * gradient (n, F, width), and penalty * values."""
    memory, size, wide, lanes = table
    weights = rows.view(np.float32)
    first_weight = shape.entries - shape.single
    fields = shape.starts.size - 1
    for i in range(gradient.size // (fields * width)):
        at = i * stride
        given = i * fields * width
        for field in range(fields):
            for j in range(get(shape.starts, field), get(shape.starts, field + 1)):
                weight = ONE if field < shape.single else get(weights, at + first_weight + j)
                if weight == ZERO:
                    continue
                row = np.int64(get(rows, at + j)) * size
                if wide == 1:
                    added = weight * get(gradient, given + field) + penalty * get(memory, row)
                    put(memory, row + 1, get(memory, row + 1) + added)
                    continue
                for k in range(0, wide, len(lanes)):
                    of_field = load_part(gradient, given + field * width + k, width - k, lanes)
                    added = weight * of_field + penalty * load(memory, row + k, lanes)
                    place = row + wide + k
                    store(memory, place, load(memory, place, lanes) + added)


@compiled
def of_field(
    rows: np.ndarray, stride: int, start: int, stop: int, table: Table, width: int, out: np.ndarray
) -> None:
    """Values of the entries in [start, stop) of every row, one by one and not weighted: (n, stop - start, width)."""
    memory, size, wide, lanes = table
    for i in range(out.size // ((stop - start) * width)):
        for j in range(start, stop):
            row = np.int64(get(rows, i * stride + j)) * size
            to = (i * (stop - start) + j - start) * width
            if wide == 1:
                put(out, to, get(memory, row))
                continue
            for k in range(0, wide, len(lanes)):
                store_part(out, to + k, width - k, load_part(memory, row + k, width - k, lanes))


@compiled
def add_gradient_of_field(
    rows: np.ndarray,
    stride: int,
    start: int,
    stop: int,
    table: Table,
    width: int,
    gradient: np.ndarray,
) -> None:
    """To the gradient of every entry in [start, stop): gradient (n, stop - start, width)."""
    memory, size, wide, lanes = table
    for i in range(gradient.size // ((stop - start) * width)):
        for j in range(start, stop):
            row = np.int64(get(rows, i * stride + j)) * size
            given = (i * (stop - start) + j - start) * width
            if wide == 1:
                put(memory, row + 1, get(memory, row + 1) + get(gradient, given))
                continue
            for k in range(0, wide, len(lanes)):
                place = row + wide + k
                added = load_part(gradient, given + k, width - k, lanes)
                store(memory, place, load(memory, place, lanes) + added)
