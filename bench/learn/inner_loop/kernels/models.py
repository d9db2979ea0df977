"""A base model on one user's rows: its terms, and its perceptron where it has one, added up."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.compiled.functions import compiled
from bench.compiled.vectors import SIXTEEN, load_part, store_part
from bench.learn.inner_loop.kernels.layers import (
    add,
    backward,
    backward_tangent,
    forward,
    forward_tangent,
    top_level,
)
from bench.learn.inner_loop.kernels.program import Program
from bench.learn.inner_loop.kernels.room import Derivatives, Room, Values
from bench.learn.inner_loop.kernels.terms import (
    logits,
    logits_tangent,
    vector_delta_tangents,
    vector_deltas,
)

__all__ = ["model_backward", "model_backward_tangent", "model_forward", "model_forward_tangent"]

Array = np.ndarray[Any, Any]


@compiled
def model_forward(program: Program, model: int, n: int, dense: Array, values: Values) -> None:
    term, out = program.terms[model], values.logits[model, :n]
    logits(term, program.fields, program.pool_width, n, values.vectors, dense, out)
    start, last = program.spans[model, 0], program.spans[model, 1]
    if last > start:
        at = n * program.starts[model]
        take_factors(program, model, n, values)
        forward(program.layers, start, last, n, at, dense, values.levels)
        top = top_level(program.layers, start, last, n, at)
        add(out, values.levels[top : top + n])


@compiled
def model_backward(
    program: Program,
    model: int,
    n: int,
    dense: Array,
    values: Values,
    deltas: Derivatives,
    by_dense: Array,
    tables_asked: bool,
) -> None:
    term, by_logits = program.terms[model], deltas.logits[model, :n]
    by_dense[term[4]] = by_logits.sum()
    if tables_asked:
        vector_deltas(
            term, program.fields, program.pool_width, n, values.vectors, by_logits, deltas.vectors
        )
    start, last = program.spans[model, 0], program.spans[model, 1]
    if last > start:
        at = n * program.starts[model]
        top = top_level(program.layers, start, last, n, at)
        deltas.levels[top : top + n] = by_logits
        backward(
            program.layers, start, last, n, at, dense, values.levels, deltas.levels, by_dense,
            tables_asked,
        )  # fmt: skip
        if tables_asked:
            give_factors(program, model, n, deltas)


@compiled
def model_forward_tangent(
    program: Program,
    model: int,
    n: int,
    dense: Array,
    direction: Array,
    room: Room,
    tables_move: bool,
) -> None:
    values, tangents = room.values, room.tangents
    term, out = program.terms[model], tangents.logits[model, :n]
    logits_tangent(
        term, program.fields, program.pool_width, n, values.vectors, tangents.vectors, direction,
        out,
    )  # fmt: skip
    start, last = program.spans[model, 0], program.spans[model, 1]
    if last > start:
        at = n * program.starts[model]
        take_factors(program, model, n, tangents)
        forward_tangent(
            program.layers, start, last, n, at, dense, direction, values.levels, tangents.levels,
            room.spare, tables_move,
        )  # fmt: skip
        top = top_level(program.layers, start, last, n, at)
        add(out, tangents.levels[top : top + n])


@compiled
def model_backward_tangent(
    program: Program,
    model: int,
    n: int,
    dense: Array,
    direction: Array,
    room: Room,
    products: Array,
    tables_move: bool,
    tables_asked: bool,
) -> None:
    values, tangents = room.values, room.tangents
    deltas, delta_tangents = room.deltas, room.delta_tangents
    term, by_logits = program.terms[model], delta_tangents.logits[model, :n]
    products[term[4]] = by_logits.sum()
    if tables_asked:
        vector_delta_tangents(
            term, program.fields, program.pool_width, n, values.vectors, tangents.vectors,
            deltas.logits[model, :n], by_logits, delta_tangents.vectors,
        )  # fmt: skip
    start, last = program.spans[model, 0], program.spans[model, 1]
    if last > start:
        at = n * program.starts[model]
        top = top_level(program.layers, start, last, n, at)
        delta_tangents.levels[top : top + n] = by_logits
        backward_tangent(
            program.layers, start, last, n, at, dense, direction, values.levels, tangents.levels,
            deltas.levels, delta_tangents.levels, products, room.spare, tables_move, tables_asked,
        )  # fmt: skip
        if tables_asked:
            give_factors(program, model, n, delta_tangents)


@compiled
def take_factors(program: Program, model: int, n: int, values: Values) -> None:
    """A model's factors, as the inputs of its perceptron."""
    column, width = program.terms[model, 1], program.terms[model, 2]
    at = n * program.starts[model]
    for vector in range(n * program.fields):
        place, start = vector * program.pool_width + column, at + vector * width
        for k in range(0, width, len(SIXTEEN)):
            factors = load_part(values.vectors, place + k, width - k, SIXTEEN)
            store_part(values.levels, start + k, width - k, factors)


@compiled
def give_factors(program: Program, model: int, n: int, deltas: Derivatives) -> None:
    """`take_factors` backwards."""
    column, width = program.terms[model, 1], program.terms[model, 2]
    at = n * program.starts[model]
    for vector in range(n * program.fields):
        place, start = vector * program.pool_width + column, at + vector * width
        for k in range(0, width, len(SIXTEEN)):
            factors = load_part(deltas.vectors, place + k, width - k, SIXTEEN)
            inputs = load_part(deltas.levels, start + k, width - k, SIXTEEN)
            store_part(deltas.vectors, place + k, width - k, factors + inputs)
