"""One user's table rows looked up: a field's vector is the weighted sum of its bag, and the same backwards."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.compiled.functions import compiled
from bench.compiled.memory import get
from bench.compiled.vectors import SIXTEEN, load_part, splat, store_part
from bench.learn.inner_loop.kernels.program import Bags

__all__ = ["pool", "pool_back"]

Array = np.ndarray[Any, Any]


@compiled
def pool(
    bags: Bags,
    first: int,
    n: int,
    fields: int,
    table: Array,
    first_entry: int,
    width: int,
    stride: int,
    out: Array,
) -> None:
    """Of rows [first, first + n) write the fields' vectors into `out`, a row each `stride` floats. `table` is the user's own:
    its first row is that of `first_entry`."""
    for row in range(n):
        for field in range(fields):
            bag, at = (first + row) * fields + field, row * stride + field * width
            start, stop = get(bags.starts, bag), get(bags.starts, bag + 1)
            for k in range(0, width, len(SIXTEEN)):
                vector = splat(out.dtype.type(0), SIXTEEN)
                for place in range(start, stop):
                    entry = (get(bags.entries, place) - first_entry) * width + k
                    weight = get(bags.weights, place)
                    vector = vector + weight * load_part(table, entry, width - k, SIXTEEN)
                store_part(out, at + k, width - k, vector)


@compiled
def pool_back(
    bags: Bags,
    first: int,
    n: int,
    fields: int,
    vectors: Array,
    width: int,
    stride: int,
    table: Array,
    first_entry: int,
) -> None:
    """The transpose: add to the table's rows what the fields' vectors have."""
    for row in range(n):
        for field in range(fields):
            bag, at = (first + row) * fields + field, row * stride + field * width
            start, stop = get(bags.starts, bag), get(bags.starts, bag + 1)
            for k in range(0, width, len(SIXTEEN)):
                vector = load_part(vectors, at + k, width - k, SIXTEEN)
                for place in range(start, stop):
                    entry, rest = (get(bags.entries, place) - first_entry) * width + k, width - k
                    added = get(bags.weights, place) * vector
                    store_part(table, entry, rest, load_part(table, entry, rest, SIXTEEN) + added)
