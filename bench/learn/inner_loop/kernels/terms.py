"""Base models' terms on one user's rows, from the looked-up vectors (n, F, W): bias, linear weights, pairs of fields; and the
derivatives by these vectors, all of them also along a direction.

A factorization machine's pairs are (|s|^2 - sum_f |v_f|^2) / 2, s = sum_f v_f (Rendle 2010, lemma 3.1): the derivative by
v_f is s - v_f. A field-aware one's are <v_{i,j}, v_{j,i}> over i < j (Juan et al. 2016, eq. 4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.compiled.functions import compiled, inlined
from bench.compiled.memory import get, put
from bench.compiled.vectors import SIXTEEN, load_part, splat, store_part, total
from bench.learn.inner_loop.kernels.program import FIELD_AWARE, PAIRS

__all__ = ["logits", "logits_tangent", "vector_delta_tangents", "vector_deltas"]

Array = np.ndarray[Any, Any]


@compiled
def logits(
    term: Array, fields: int, stride: int, n: int, vectors: Array, leaves: Array, out: Array
) -> None:
    """out (n,)"""
    linear, factors, width, kind, bias = term[0], term[1], term[2], term[3], term[4]
    half = vectors.dtype.type(0.5)
    for row in range(n):
        first = row * fields * stride
        logit = leaves[bias]
        for field in range(fields):
            logit += get(vectors, first + field * stride + linear)
        if kind == PAIRS:
            logit += half * pairs(vectors, vectors, first + factors, fields, stride, width)
        elif kind == FIELD_AWARE:
            logit += field_aware(vectors, vectors, first + factors, fields, stride, width)
        out[row] = logit


@compiled
def logits_tangent(
    term: Array,
    fields: int,
    stride: int,
    n: int,
    vectors: Array,
    tangents: Array,
    direction: Array,
    out: Array,
) -> None:
    """out (n,)"""
    linear, factors, width, kind, bias = term[0], term[1], term[2], term[3], term[4]
    for row in range(n):
        first = row * fields * stride
        logit = direction[bias]
        for field in range(fields):
            logit += get(tangents, first + field * stride + linear)
        if kind == PAIRS:
            logit += pairs(vectors, tangents, first + factors, fields, stride, width)
        elif kind == FIELD_AWARE:
            logit += field_aware(vectors, tangents, first + factors, fields, stride, width)
            logit += field_aware(tangents, vectors, first + factors, fields, stride, width)
        out[row] = logit


@compiled
def pairs(one: Array, other: Array, first: int, fields: int, stride: int, width: int) -> Any:
    """<sum_f one_f, sum_f other_f> - sum_f <one_f, other_f>"""
    summed = splat(one.dtype.type(0), SIXTEEN)
    for k in range(0, width, len(SIXTEEN)):
        of_one = of_other = of_both = splat(one.dtype.type(0), SIXTEEN)
        for field in range(fields):
            place = first + field * stride + k
            value = load_part(one, place, width - k, SIXTEEN)
            another = load_part(other, place, width - k, SIXTEEN)
            of_one = of_one + value
            of_other = of_other + another
            of_both = of_both + value * another
        summed = summed + (of_one * of_other - of_both)
    return total(summed)


@compiled
def field_aware(one: Array, other: Array, first: int, fields: int, stride: int, width: int) -> Any:
    """sum over fields i < j of <one_{i,j}, other_{j,i}>"""
    summed = splat(one.dtype.type(0), SIXTEEN)
    for i in range(fields):
        for j in range(i + 1, fields):
            mine, theirs = first + i * stride + j * width, first + j * stride + i * width
            for k in range(0, width, len(SIXTEEN)):
                value = load_part(one, mine + k, width - k, SIXTEEN)
                summed = summed + value * load_part(other, theirs + k, width - k, SIXTEEN)
    return total(summed)


@compiled
def vector_deltas(
    term: Array, fields: int, stride: int, n: int, vectors: Array, by_logits: Array, deltas: Array
) -> None:
    """Set the model's columns of `deltas` (n, F, W) from the loss's derivatives by its logits (n,)."""
    linear, factors, width, kind = term[0], term[1], term[2], term[3]
    for row in range(n):
        first, delta = row * fields * stride, by_logits[row]
        for field in range(fields):
            put(deltas, first + field * stride + linear, delta)
        if kind == PAIRS:
            set_pairs(vectors, first + factors, fields, stride, width, delta, deltas)
        elif kind == FIELD_AWARE:
            set_field_aware(vectors, first + factors, fields, stride, width, delta, deltas)


@compiled
def vector_delta_tangents(
    term: Array,
    fields: int,
    stride: int,
    n: int,
    vectors: Array,
    tangents: Array,
    by_logits: Array,
    by_logits_tangent: Array,
    deltas: Array,
) -> None:
    """`vector_deltas` differentiated."""
    linear, factors, width, kind = term[0], term[1], term[2], term[3]
    for row in range(n):
        first = row * fields * stride
        delta, delta_tangent = by_logits[row], by_logits_tangent[row]
        for field in range(fields):
            put(deltas, first + field * stride + linear, delta_tangent)
        place = first + factors
        if kind == PAIRS:
            pair_tangents(
                vectors, tangents, place, fields, stride, width, delta, delta_tangent, deltas
            )
        elif kind == FIELD_AWARE:
            field_aware_tangents(
                vectors, tangents, place, fields, stride, width, delta, delta_tangent, deltas
            )


@compiled
def set_pairs(
    vectors: Array, first: int, fields: int, stride: int, width: int, delta: Any, out: Array
) -> None:
    for k in range(0, width, len(SIXTEEN)):
        summed = sum_of_fields(vectors, first + k, fields, stride, width - k)
        for field in range(fields):
            place = first + field * stride + k
            value = load_part(vectors, place, width - k, SIXTEEN)
            store_part(out, place, width - k, delta * (summed - value))


@compiled
def pair_tangents(
    vectors: Array,
    tangents: Array,
    first: int,
    fields: int,
    stride: int,
    width: int,
    delta: Any,
    delta_tangent: Any,
    out: Array,
) -> None:
    for k in range(0, width, len(SIXTEEN)):
        summed = sum_of_fields(vectors, first + k, fields, stride, width - k)
        moved = sum_of_fields(tangents, first + k, fields, stride, width - k)
        for field in range(fields):
            place = first + field * stride + k
            value = load_part(vectors, place, width - k, SIXTEEN)
            tangent = load_part(tangents, place, width - k, SIXTEEN)
            along = delta_tangent * (summed - value) + delta * (moved - tangent)
            store_part(out, place, width - k, along)


@inlined
def sum_of_fields(vectors: Array, first: int, fields: int, stride: int, width: int) -> Any:
    summed = splat(vectors.dtype.type(0), SIXTEEN)
    for field in range(fields):
        summed = summed + load_part(vectors, first + field * stride, width, SIXTEEN)
    return summed


@compiled
def set_field_aware(
    vectors: Array, first: int, fields: int, stride: int, width: int, delta: Any, out: Array
) -> None:
    for i in range(fields):
        for j in range(fields):
            mine, theirs = first + i * stride + j * width, first + j * stride + i * width
            scale = delta if i != j else vectors.dtype.type(0)  # no field meets itself
            for k in range(0, width, len(SIXTEEN)):
                value = load_part(vectors, theirs + k, width - k, SIXTEEN)
                store_part(out, mine + k, width - k, scale * value)


@compiled
def field_aware_tangents(
    vectors: Array,
    tangents: Array,
    first: int,
    fields: int,
    stride: int,
    width: int,
    delta: Any,
    delta_tangent: Any,
    out: Array,
) -> None:
    nothing = vectors.dtype.type(0)
    for i in range(fields):
        for j in range(fields):
            mine, theirs = first + i * stride + j * width, first + j * stride + i * width
            scale = delta if i != j else nothing
            scale_tangent = delta_tangent if i != j else nothing
            for k in range(0, width, len(SIXTEEN)):
                value = load_part(vectors, theirs + k, width - k, SIXTEEN)
                tangent = load_part(tangents, theirs + k, width - k, SIXTEEN)
                store_part(out, mine + k, width - k, scale_tangent * value + scale * tangent)
