"""One user's mean loss, its gradient, and its Hessian's product with a direction.

Values run up: tables, vectors, base models, the selector, the mixture. Derivatives run down again. A user without rows has a
loss of 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.compiled.functions import compiled
from bench.compiled.memory import get, put
from bench.learn.inner_loop.kernels.layers import (
    backward,
    backward_tangent,
    forward,
    forward_tangent,
    top_level,
)
from bench.learn.inner_loop.kernels.mixture import (
    by_scores_and_logits,
    by_scores_and_logits_tangent,
    mean_loss,
)
from bench.learn.inner_loop.kernels.models import (
    model_backward,
    model_backward_tangent,
    model_forward,
    model_forward_tangent,
)
from bench.learn.inner_loop.kernels.pooling import pool, pool_back
from bench.learn.inner_loop.kernels.program import Program, Rows
from bench.learn.inner_loop.kernels.room import Derivatives, Room, Values

__all__ = ["evaluate", "gradients", "outputs", "products"]

Array = np.ndarray[Any, Any]


@compiled
def evaluate(
    program: Program, rows: Rows, user: int, dense: Array, tables: Array, room: Room
) -> Any:
    """The loss; fills `room.values`."""
    first, stop = rows.pointer[user], rows.pointer[user + 1]
    n, models, values = stop - first, program.models, room.values
    if n == 0:
        return 0.0
    top = outputs(program, rows, user, dense, tables, values)
    return mean_loss(
        models,
        values.levels[top : top + n * models],
        values.logits,
        rows.labels[first:stop],
        values.prior[: n * models],
        values.posterior[: n * models],
        values.excess[: n * models],
    )


@compiled
def outputs(
    program: Program, rows: Rows, user: int, dense: Array, tables: Array, values: Values
) -> int:
    """Base logits and scores; where the scores (n * K,) start among the levels."""
    first = rows.pointer[user]
    n, adapted = rows.pointer[user + 1] - first, len(program.terms)
    look_up(program, rows, user, tables, values)
    for model in range(adapted):
        model_forward(program, model, n, dense, values)
    if adapted == 0:
        for model in range(program.models):
            for row in range(n):
                values.logits[model, row] = rows.base_logits[first + row, model]
    hand_logits(program, n, values)
    start, last = program.spans[adapted, 0], program.spans[adapted, 1]
    at = n * program.starts[adapted]
    forward(program.layers, start, last, n, at, dense, values.levels)
    return top_level(program.layers, start, last, n, at)


@compiled
def gradients(
    program: Program,
    rows: Rows,
    user: int,
    dense: Array,
    room: Room,
    by_dense: Array,
    by_tables: Array,
    tables_asked: bool,
) -> None:
    """After `evaluate`: fill `by_dense` (P,) and, where asked for, `by_tables` (T,)."""
    first, stop = rows.pointer[user], rows.pointer[user + 1]
    n, adapted = stop - first, len(program.terms)
    if n == 0:
        clear(by_dense, by_tables, tables_asked)
        return
    values, deltas = room.values, room.deltas
    start, last = program.spans[adapted, 0], program.spans[adapted, 1]
    at = n * program.starts[adapted]
    top, scores = top_level(program.layers, start, last, n, at), n * program.models
    by_scores_and_logits(
        program.models,
        values.prior[:scores],
        values.posterior[:scores],
        values.excess[:scores],
        share_of(n, values.levels),
        deltas.levels[top : top + scores],
        deltas.logits,
    )
    backward(
        program.layers, start, last, n, at, dense, values.levels, deltas.levels, by_dense,
        tables_asked or adapted > 0,
    )  # fmt: skip
    take_logits(program, n, deltas)
    for model in range(adapted):
        model_backward(program, model, n, dense, values, deltas, by_dense, tables_asked)
    if tables_asked:
        to_tables(program, rows, user, deltas, by_tables)


@compiled
def products(
    program: Program,
    rows: Rows,
    user: int,
    dense: Array,
    room: Room,
    dense_direction: Array,
    table_direction: Array,
    dense_products: Array,
    table_products: Array,
    tables_move: bool,
    tables_asked: bool,
) -> None:
    """After `gradients`: of the Hessian with the direction, fill `dense_products` (P,) and, where asked for,
    `table_products` (T,). Where tables don't move, their direction is not read."""
    first, stop = rows.pointer[user], rows.pointer[user + 1]
    n, adapted = stop - first, len(program.terms)
    if n == 0:
        clear(dense_products, table_products, tables_asked)
        return
    values, tangents = room.values, room.tangents
    deltas, delta_tangents = room.deltas, room.delta_tangents
    if tables_move:
        look_up(program, rows, user, table_direction, tangents)
    elif adapted > 0:
        still(program, n, tangents)
    for model in range(adapted):
        model_forward_tangent(program, model, n, dense, dense_direction, room, tables_move)
    if adapted == 0:
        tangents.logits[:] = 0
    if tables_move or adapted > 0:
        hand_logits(program, n, tangents)
    start, last = program.spans[adapted, 0], program.spans[adapted, 1]
    at = n * program.starts[adapted]
    top, scores = top_level(program.layers, start, last, n, at), n * program.models
    forward_tangent(
        program.layers, start, last, n, at, dense, dense_direction, values.levels, tangents.levels,
        room.spare, tables_move or adapted > 0,
    )  # fmt: skip
    by_scores_and_logits_tangent(
        program.models,
        values.prior[:scores],
        values.posterior[:scores],
        values.excess[:scores],
        share_of(n, values.levels),
        tangents.levels[top : top + scores],
        tangents.logits,
        delta_tangents.levels[top : top + scores],
        delta_tangents.logits,
    )
    backward_tangent(
        program.layers, start, last, n, at, dense, dense_direction, values.levels, tangents.levels,
        deltas.levels, delta_tangents.levels, dense_products, room.spare,
        tables_move or adapted > 0, tables_asked or adapted > 0,
    )  # fmt: skip
    take_logits(program, n, delta_tangents)
    for model in range(adapted):
        model_backward_tangent(
            program, model, n, dense, dense_direction, room, dense_products, tables_move,
            tables_asked,
        )  # fmt: skip
    if tables_asked:
        to_tables(program, rows, user, delta_tangents, table_products)


@compiled
def clear(by_dense: Array, by_tables: Array, tables_asked: bool) -> None:
    by_dense[:] = 0
    if tables_asked:
        by_tables[:] = 0


@compiled
def share_of(n: int, like: Array) -> Any:
    return like.dtype.type(1) / like.dtype.type(n)


# -- between tables, vectors and the selector's inputs


@compiled
def look_up(program: Program, rows: Rows, user: int, tables: Array, values: Values) -> None:
    """The pool's vectors, and the selector's among its inputs."""
    first, fields, adapted = rows.pointer[user], program.fields, len(program.terms)
    n = rows.pointer[user + 1] - first
    end_of_pool = rows.pool_rows * program.pool_width
    if adapted > 0:
        width, first_entry = program.pool_width, user * rows.pool_rows
        pool(
            rows.pool, first, n, fields, tables[:end_of_pool], first_entry, width, fields * width,
            values.vectors,
        )  # fmt: skip
    width, first_entry = program.selector_width, user * rows.selector_rows
    pool(
        rows.selector, first, n, fields, tables[end_of_pool:], first_entry, width,
        fields * width + program.models, values.levels[n * program.starts[adapted] :],
    )  # fmt: skip


@compiled
def to_tables(
    program: Program, rows: Rows, user: int, deltas: Derivatives, by_tables: Array
) -> None:
    """`look_up` backwards."""
    first, fields, adapted = rows.pointer[user], program.fields, len(program.terms)
    n = rows.pointer[user + 1] - first
    end_of_pool = rows.pool_rows * program.pool_width
    by_tables[:] = 0
    if adapted > 0:
        width, first_entry = program.pool_width, user * rows.pool_rows
        pool_back(
            rows.pool, first, n, fields, deltas.vectors, width, fields * width,
            by_tables[:end_of_pool], first_entry,
        )  # fmt: skip
    width, first_entry = program.selector_width, user * rows.selector_rows
    pool_back(
        rows.selector, first, n, fields, deltas.levels[n * program.starts[adapted] :], width,
        fields * width + program.models, by_tables[end_of_pool:], first_entry,
    )  # fmt: skip


@compiled
def still(program: Program, n: int, tangents: Values) -> None:
    """What is looked up does not move."""
    adapted = len(program.terms)
    tangents.vectors[:] = 0
    at = n * program.starts[adapted]
    inputs = program.fields * program.selector_width + program.models
    tangents.levels[at : at + n * inputs] = 0


@compiled
def hand_logits(program: Program, n: int, values: Values) -> None:
    """Base logits to the selector: the last of its inputs."""
    vectors = program.fields * program.selector_width
    stride = vectors + program.models
    at = n * program.starts[len(program.terms)] + vectors
    for row in range(n):
        for model in range(program.models):
            put(values.levels, at + row * stride + model, values.logits[model, row])


@compiled
def take_logits(program: Program, n: int, deltas: Derivatives) -> None:
    """`hand_logits` backwards: add what the selector's inputs have, where base models are adapted."""
    vectors = program.fields * program.selector_width
    stride = vectors + program.models
    at = n * program.starts[len(program.terms)] + vectors
    for model in range(len(program.terms)):
        for row in range(n):
            deltas.logits[model, row] += get(deltas.levels, at + row * stride + model)
