"""Inner loops of the users of a chunk, one user after another, forwards and backwards.

A step moves dense leaves and tables alike: x <- x - scale * rate * gradient. Tables without rates stay."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.compiled.functions import compiled
from bench.learn.inner_loop.kernels.moves import (
    move,
    move_backward,
    move_tables,
    move_tables_backward,
)
from bench.learn.inner_loop.kernels.program import Program, Rows, TableRates
from bench.learn.inner_loop.kernels.room import room_for
from bench.learn.inner_loop.kernels.user import evaluate, gradients, outputs, products

__all__ = [
    "all_gradients",
    "all_losses",
    "all_outputs",
    "all_products",
    "descend",
    "descend_backward",
]

Array = np.ndarray[Any, Any]


@compiled
def descend(
    program: Program,
    rows: Rows,
    dense: Array,
    tables: Array,
    dense_rates: Array,
    table_rates: TableRates,
    scales: Array,
    moved_dense: Array,
    moved_tables: Array,
    kept_dense: Array,
    kept_tables: Array,
) -> None:
    """From dense leaves (U, P), or (1, P) where all users share them, and tables (U, T), a step for each of `scales` (S, U):
    fills `moved_dense` (U, P) and `moved_tables` (U, T). `kept_*` (S, U, ...) get what each step started from, of as many
    steps as they have room for."""
    room, users = room_for(program, rows, dense), len(rows.pointer) - 1
    tables_move = len(table_rates.selector) > 0
    by_dense, by_tables = np.empty_like(moved_dense[0]), np.empty_like(moved_tables[0])
    for user in range(users):
        own_dense, own_tables = moved_dense[user], moved_tables[user]
        own_dense[:] = dense[user % len(dense)]
        own_tables[:] = tables[user]
        for step in range(len(scales)):
            if step < len(kept_dense):
                kept_dense[step, user] = own_dense
                kept_tables[step, user] = own_tables
            evaluate(program, rows, user, own_dense, own_tables, room)
            gradients(program, rows, user, own_dense, room, by_dense, by_tables, tables_move)
            scale = scales[step, user]
            move(own_dense, dense_rates, by_dense, scale)
            if tables_move:
                move_tables(program, rows, user, own_tables, table_rates, by_tables, scale)


@compiled
def descend_backward(
    program: Program,
    rows: Rows,
    dense_rates: Array,
    table_rates: TableRates,
    scales: Array,
    kept_dense: Array,
    kept_tables: Array,
    dense_adjoints: Array,
    table_adjoints: Array,
    by_dense_rates: Array,
    by_table_rates: TableRates,
    by_scales: Array,
    second_order: bool,
    tables_asked: bool,
) -> None:
    """The outer loss's derivatives by what the leaves were moved to, `dense_adjoints` (U, P) and `table_adjoints` (U, T),
    become those by what they started from: v <- v - H (scale * rate * v) from the last step to the first, H the Hessian of the
    support loss at the leaves before the step (Finn, Abbeel, Levine 2017, eq. 1). First order leaves H out.

    Adds to `by_dense_rates` (P,) and `by_table_rates`, fills `by_scales` (S, U). `tables_asked`: for the derivative by the
    tables; where nobody asks, `table_adjoints` is not read."""
    room, users = room_for(program, rows, dense_rates), len(rows.pointer) - 1
    tables_move = len(table_rates.selector) > 0
    by_dense, dense_direction = np.empty_like(dense_rates), np.empty_like(dense_rates)
    dense_products = np.empty_like(dense_rates)
    by_tables, table_direction = np.empty_like(kept_tables[0, 0]), np.empty_like(kept_tables[0, 0])
    table_products = np.empty_like(by_tables)
    for user in range(users):
        for step in range(len(scales) - 1, -1, -1):
            dense, tables = kept_dense[step, user], kept_tables[step, user]
            scale = scales[step, user]
            # What a step computed is computed again, near the processor: cheaper than to keep it.
            evaluate(program, rows, user, dense, tables, room)
            gradients(program, rows, user, dense, room, by_dense, by_tables, tables_move)
            by_scale = move_backward(
                dense_rates, scale, by_dense, dense_adjoints[user], by_dense_rates, dense_direction
            )
            if tables_move:
                by_scale += move_tables_backward(
                    program, rows, user, table_rates, scale, by_tables, table_adjoints[user],
                    by_table_rates, table_direction,
                )  # fmt: skip
            by_scales[step, user] = by_scale
            if second_order:
                products(
                    program, rows, user, dense, room, dense_direction, table_direction,
                    dense_products, table_products, tables_move, tables_asked,
                )  # fmt: skip
                subtract(dense_adjoints[user], dense_products)
                if tables_asked:
                    subtract(table_adjoints[user], table_products)


@compiled
def subtract(out: Array, values: Array) -> None:
    for place in range(len(out)):
        out[place] -= values[place]


# -- of all users, at leaves of each user's own


@compiled
def all_losses(program: Program, rows: Rows, dense: Array, tables: Array, losses: Array) -> None:
    """dense (U, P), tables (U, T); fills `losses` (U,)."""
    room = room_for(program, rows, dense)
    for user in range(len(losses)):
        losses[user] = evaluate(program, rows, user, dense[user], tables[user], room)


@compiled
def all_gradients(
    program: Program,
    rows: Rows,
    dense: Array,
    tables: Array,
    by_dense: Array,
    by_tables: Array,
    tables_asked: bool,
) -> None:
    """Fills `by_dense` (U, P) and, where asked for, `by_tables` (U, T)."""
    room = room_for(program, rows, dense)
    for user in range(len(dense)):
        evaluate(program, rows, user, dense[user], tables[user], room)
        gradients(
            program, rows, user, dense[user], room, by_dense[user], by_tables[user], tables_asked,
        )  # fmt: skip


@compiled
def all_products(
    program: Program,
    rows: Rows,
    dense: Array,
    tables: Array,
    dense_directions: Array,
    table_directions: Array,
    dense_products: Array,
    table_products: Array,
    tables_move: bool,
    tables_asked: bool,
) -> None:
    """Of each user's Hessian with a direction of the user's own: fills `dense_products` (U, P) and, where asked for,
    `table_products` (U, T)."""
    room = room_for(program, rows, dense)
    by_dense, by_tables = np.empty_like(dense[0]), np.empty_like(tables[0])
    for user in range(len(dense)):
        evaluate(program, rows, user, dense[user], tables[user], room)
        gradients(program, rows, user, dense[user], room, by_dense, by_tables, False)
        products(
            program, rows, user, dense[user], room, dense_directions[user],
            table_directions[user], dense_products[user], table_products[user], tables_move,
            tables_asked,
        )  # fmt: skip


@compiled
def all_outputs(
    program: Program, rows: Rows, dense: Array, tables: Array, scores: Array, base_logits: Array
) -> None:
    """Fills `scores` and `base_logits`, (n, K) of the users' rows."""
    room, models = room_for(program, rows, dense), program.models
    for user in range(len(dense)):
        first, stop = rows.pointer[user], rows.pointer[user + 1]
        if stop == first:
            continue
        top = outputs(program, rows, user, dense[user], tables[user], room.values)
        own = room.values.levels[top : top + (stop - first) * models]
        scores[first:stop] = own.reshape(stop - first, models)
        base_logits[first:stop] = room.values.logits[:, : stop - first].T
