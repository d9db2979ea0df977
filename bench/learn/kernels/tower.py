"""What lies between the products of a tower (layers of ReLU units, and a head that weights the last ones), each in one pass
over a batch. Arrays are flat, a row's units side by side. NaN stays NaN.

`derive` and `derive_last` read `units` as `activate` and dropout left them, and put in their place the gradient by what
`activate` was given; of_bias (width,) becomes its sum over rows. scale: what dropout let through was multiplied by it."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled
from bench.compiled.memory import get, put

__all__ = ["activate", "derive", "derive_last"]

ZERO = np.float32(0)


@compiled
def activate(units: np.ndarray, bias: np.ndarray) -> None:
    """units (n, width): max(units + bias, 0), in place."""
    width = bias.size
    for row in range(0, units.size, width):
        for j in range(width):
            value = get(units, row + j) + get(bias, j)
            put(units, row + j, ZERO if value < ZERO else value)


@compiled
def derive(units: np.ndarray, gradient: np.ndarray, scale: np.float32, of_bias: np.ndarray) -> None:
    """From the gradient (n, width) by units (n, width)."""
    width = of_bias.size
    of_bias[:] = ZERO
    for row in range(0, units.size, width):
        for j in range(width):
            value = scale * get(gradient, row + j)
            value = ZERO if get(units, row + j) <= ZERO else value
            put(units, row + j, value)
            put(of_bias, j, get(of_bias, j) + value)


@compiled
def derive_last(
    units: np.ndarray,
    of_logits: np.ndarray,
    head: np.ndarray,
    scale: np.float32,
    of_bias: np.ndarray,
) -> None:
    """From the gradient (n,) by logits, which are sums of units (n, width) weighted by head (width,)."""
    width = head.size
    of_bias[:] = ZERO
    for i in range(of_logits.size):
        of_row, row = scale * get(of_logits, i), i * width
        for j in range(width):
            value = of_row * get(head, j)
            value = ZERO if get(units, row + j) <= ZERO else value
            put(units, row + j, value)
            put(of_bias, j, get(of_bias, j) + value)
