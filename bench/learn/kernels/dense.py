"""Adam and AdaGrad of what is no table, as torch.optim has them: one pass over a parameter, its gradient and its moments."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled
from bench.compiled.memory import get, put
from bench.learn.kernels.adagrad import ADAGRAD_EPSILON
from bench.learn.kernels.resting import BETA1, BETA2, EPSILON

__all__ = ["move_dense_by_adagrad", "move_dense_by_adam"]

NEW1, OLD2, NEW2 = np.float32(1 - BETA1), np.float32(BETA2), np.float32(1 - BETA2)
SMALL, SMALL_OF_ADAGRAD = np.float32(EPSILON), np.float32(ADAGRAD_EPSILON)


@compiled
def move_dense_by_adam(
    values: np.ndarray,
    gradient: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    step: int,
    rate: float,
) -> None:
    """Step number `step`, from 1; all arrays (n,) float32."""
    rate_now = np.float32(rate / (1 - BETA1**step))
    unbias = np.float32(1 / np.sqrt(1 - BETA2**step))
    for i in range(values.size):
        by = get(gradient, i)
        mean = get(first, i) + NEW1 * (by - get(first, i))
        square = OLD2 * get(second, i) + NEW2 * by * by
        put(first, i, mean)
        put(second, i, square)
        put(values, i, get(values, i) - rate_now * mean / (np.sqrt(square) * unbias + SMALL))


@compiled
def move_dense_by_adagrad(
    values: np.ndarray, gradient: np.ndarray, squares: np.ndarray, rate: np.float32
) -> None:
    """One step; squares (n,): the sum of all squared gradients."""
    for i in range(values.size):
        by = get(gradient, i)
        square = get(squares, i) + by * by
        put(squares, i, square)
        put(values, i, get(values, i) - rate * by / (np.sqrt(square) + SMALL_OF_ADAGRAD))
