"""What DeepFM has beside its tower: bias, weights and pairs of fields, as in the factorization machine. Both parts read the
same vectors, and a row's logit is their sum (Guo, Tang, Ye, Li, He, IJCAI 2017, eq. 1).

Pairs are (|S|^2 - sum_f |P_f|^2) / 2, with S = sum_f P_f over the fields' vectors, and their derivative by P_f is S - P_f."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled, inlined
from bench.compiled.memory import get, put
from bench.compiled.vectors import Lanes, load_part, splat, store_part, total
from bench.learn.kernels.logistic import gradient_of_logit

__all__ = ["wide_gradients"]

ONE, ZERO, HALF = np.float32(1), np.float32(0), np.float32(0.5)


@compiled
def wide_gradients(
    linear: np.ndarray, factors: np.ndarray, bias: np.float32, labels: np.ndarray, lanes: Lanes,
    logits: np.ndarray, of_linear: np.ndarray, of_factors: np.ndarray,
) -> np.float32:  # fmt: skip
    """Of the mean cross-entropy of n rows, by what was looked up: linear (n, F), factors (n, F, D). All arrays are flat.

    logits (n,) are the tower's; in their place comes the gradient by the logit, whose sum over rows is returned: the bias's.
    of_factors is the pairs' gradient, without the tower's."""
    n = labels.size
    fields, size = linear.size // n, factors.size // n
    share, of_bias = ONE / np.float32(n), ZERO
    for i in range(n):
        logit = get(logits, i) + bias
        for field in range(fields):
            logit += get(linear, i * fields + field)
        logit += pairs(factors, i * size, fields, size // fields, lanes)
        gradient = gradient_of_logit(logit, get(labels, i)) * share
        put(logits, i, gradient)
        of_bias += gradient
        for field in range(fields):
            put(of_linear, i * fields + field, gradient)
        pair_gradients(factors, i * size, fields, size // fields, lanes, gradient, of_factors)
    return of_bias


@inlined
def pairs(factors: np.ndarray, at: int, fields: int, width: int, lanes: Lanes) -> np.float32:
    """Of the row whose vectors begin at place `at`."""
    found = ZERO
    for k in range(0, width, len(lanes)):
        summed, squares = splat(ZERO, lanes), splat(ZERO, lanes)
        for field in range(fields):
            vector = load_part(factors, at + field * width + k, width - k, lanes)
            summed = summed + vector
            squares = squares + vector * vector
        found += total(summed * summed - squares)
    return HALF * found


@inlined
def pair_gradients(
    factors: np.ndarray,
    at: int,
    fields: int,
    width: int,
    lanes: Lanes,
    gradient: np.float32,
    of_factors: np.ndarray,
) -> None:
    """By each vector of a row; `gradient`: by its logit."""
    for k in range(0, width, len(lanes)):
        summed = splat(ZERO, lanes)
        for field in range(fields):
            summed = summed + load_part(factors, at + field * width + k, width - k, lanes)
        for field in range(fields):
            place = at + field * width + k
            others = summed - load_part(factors, place, width - k, lanes)
            store_part(of_factors, place, width - k, gradient * others)
