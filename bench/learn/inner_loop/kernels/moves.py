"""A gradient step of one user's leaves, x <- x - scale * rate * gradient, and the same backwards: the derivatives by scale,
rates and gradients. What the gradients themselves depend on is not told here."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.compiled.functions import compiled
from bench.compiled.memory import get
from bench.compiled.vectors import SIXTEEN, load_part, splat, store_part, total
from bench.learn.inner_loop.kernels.program import Program, Rows, TableRates

__all__ = ["move", "move_backward", "move_tables", "move_tables_backward"]

Array = np.ndarray[Any, Any]


@compiled
def move(leaves: Array, rates: Array, by_leaves: Array, scale: Any) -> None:
    for place in range(len(leaves)):
        leaves[place] -= scale * (rates[place] * by_leaves[place])


@compiled
def move_backward(
    rates: Array, scale: Any, by_leaves: Array, adjoints: Array, by_rates: Array, direction: Array
) -> Any:
    """Adds to `by_rates`, fills `direction` with scale * rate * adjoint, and returns the derivative by the scale."""
    by_scaled_rates = direction  # kept where the direction will be
    for place in range(len(rates)):
        by_scaled_rates[place] = -(adjoints[place] * by_leaves[place])
    by_scale = np.dot(rates, by_scaled_rates)
    for place in range(len(rates)):
        by_rates[place] += scale * by_scaled_rates[place]
        direction[place] = scale * (rates[place] * adjoints[place])
    return by_scale


@compiled
def move_tables(
    program: Program,
    rows: Rows,
    user: int,
    tables: Array,
    rates: TableRates,
    by_tables: Array,
    scale: Any,
) -> None:
    """As `move`; a row's rates are those of its field."""
    end, width = rows.pool_rows * program.pool_width, program.pool_width
    fields = rates.pool_fields[user]
    move_rows(fields, rates.pool, width, tables[:end], by_tables[:end], scale)
    fields, width = rates.selector_fields[user], program.selector_width
    move_rows(fields, rates.selector, width, tables[end:], by_tables[end:], scale)


@compiled
def move_tables_backward(
    program: Program,
    rows: Rows,
    user: int,
    rates: TableRates,
    scale: Any,
    by_tables: Array,
    adjoints: Array,
    by_rates: TableRates,
    direction: Array,
) -> Any:
    """As `move_backward`."""
    end, width = rows.pool_rows * program.pool_width, program.pool_width
    fields = rates.pool_fields[user]
    by_scale = move_rows_backward(
        fields, rates.pool, width, scale, by_tables[:end], adjoints[:end], by_rates.pool,
        direction[:end],
    )  # fmt: skip
    fields, width = rates.selector_fields[user], program.selector_width
    return by_scale + move_rows_backward(
        fields, rates.selector, width, scale, by_tables[end:], adjoints[end:], by_rates.selector,
        direction[end:],
    )  # fmt: skip


@compiled
def move_rows(
    fields: Array, rates: Array, width: int, table: Array, by_table: Array, scale: Any
) -> None:
    for row in range(len(fields)):
        of_field, own = get(fields, row) * width, row * width
        for k in range(0, width, len(SIXTEEN)):
            rest = width - k
            rate = load_part(rates, of_field + k, rest, SIXTEEN)
            step = scale * (rate * load_part(by_table, own + k, rest, SIXTEEN))
            store_part(table, own + k, rest, load_part(table, own + k, rest, SIXTEEN) - step)


@compiled
def move_rows_backward(
    fields: Array,
    rates: Array,
    width: int,
    scale: Any,
    by_table: Array,
    adjoints: Array,
    by_rates: Array,
    direction: Array,
) -> Any:
    zero = splat(adjoints.dtype.type(0), SIXTEEN)
    summed = zero
    for row in range(len(fields)):
        of_field, own = get(fields, row) * width, row * width
        for k in range(0, width, len(SIXTEEN)):
            rest = width - k
            adjoint = load_part(adjoints, own + k, rest, SIXTEEN)
            rate = load_part(rates, of_field + k, rest, SIXTEEN)
            by_scaled_rate = zero - adjoint * load_part(by_table, own + k, rest, SIXTEEN)
            summed = summed + rate * by_scaled_rate
            before = load_part(by_rates, of_field + k, rest, SIXTEEN)
            store_part(by_rates, of_field + k, rest, before + scale * by_scaled_rate)
            store_part(direction, own + k, rest, scale * (rate * adjoint))
    return total(summed)
