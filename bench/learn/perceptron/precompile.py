"""The kernel compiled before it is needed, so that nothing is compiled while a clock runs."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from bench.learn.perceptron.inner_loop import Step, descend, descend_backward
from bench.learn.perceptron.loss import DenseAndTable, Part, PerceptronLoss

__all__ = ["compile_kernel"]


def compile_kernel() -> None:
    """Call each function of the kernel once, in float32, on one row of one user: numba has then compiled it, or read it
    from disk."""
    zeros = {n: np.zeros((1, n), np.float32) for n in (1, 2, 14)}
    loss, rows, dense = (
        PerceptronLoss((3, 2, 2), 1),
        zeros[1],
        zeros[14],
    )  # 14 = 2 * (3 + 1) + 2 * (2 + 1)
    one_row = Part(
        np.array([0, 1]),
        csr_matrix(np.ones((1, 1), np.float32)),
        zeros[2],
        zeros[2],
        np.zeros(1, np.int64),
        zeros[1] + 1,
    )
    rates = DenseAndTable(np.zeros(14, np.float32), rows)
    steps: list[Step] = []
    moved = descend(loss, one_row, dense, rows, rates, scales=zeros[1], kept=steps)
    descend_backward(loss, one_row, steps, rates, moved, second_order=True)
