"""Room for what is computed of one user's rows: made once a call, for the user with the most rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from bench.compiled.functions import compiled
from bench.learn.inner_loop.kernels.program import Program, Rows

__all__ = ["Derivatives", "Room", "Values", "room_for"]

Array = np.ndarray[Any, Any]


class Values(NamedTuple):
    """At some leaves; or, of `tangents`, where leaves move along a direction (`prior` and what follows is not used)."""

    vectors: Array  # (n * F * W,) looked up in the pool's tables
    levels: Array  # of the perceptrons, one after another, as bench.learn.inner_loop.kernels.layers has them
    logits: Array  # (K, n)
    prior: Array  # (n * K,) as bench.learn.inner_loop.kernels.mixture, with the next two
    posterior: Array
    excess: Array


class Derivatives(NamedTuple):
    """Of the user's loss by `Values`, or their tangents."""

    vectors: Array
    levels: Array
    logits: Array


class Room(NamedTuple):
    values: Values
    deltas: Derivatives
    tangents: Values
    delta_tangents: Derivatives
    spare: Array  # for one product of layers


@compiled
def room_for(program: Program, rows: Rows, like: Array) -> Room:
    """Floats as those of `like`."""
    n = 0
    for user in range(len(rows.pointer) - 1):
        n = max(n, rows.pointer[user + 1] - rows.pointer[user])
    product = 0
    for layer in range(len(program.layers)):
        inputs, outputs = program.layers[layer, 0], program.layers[layer, 1]
        product = max(product, n * inputs, n * outputs, inputs * outputs)
    values, tangents = values_for(program, n, like), values_for(program, n, like)
    deltas = Derivatives(
        np.empty_like(values.vectors), np.empty_like(values.levels), np.empty_like(values.logits)
    )
    delta_tangents = Derivatives(
        np.empty_like(values.vectors), np.empty_like(values.levels), np.empty_like(values.logits)
    )
    return Room(values, deltas, tangents, delta_tangents, np.empty(product, like.dtype))


@compiled
def values_for(program: Program, n: int, like: Array) -> Values:
    pool = program.pool_width if len(program.terms) else 0
    return Values(
        np.empty(n * program.fields * pool, like.dtype),
        np.empty(n * program.starts[-1], like.dtype),
        np.empty((program.models, n), like.dtype),
        np.empty(n * program.models, like.dtype),
        np.empty(n * program.models, like.dtype),
        np.empty(n * program.models, like.dtype),
    )
