"""The kernels compiled before they are needed, so that nothing is compiled while a clock runs."""

from __future__ import annotations

import numpy as np

from bench.learn.inner_loop.kernels.program import PAIRS, Bags, Program, Rows, TableRates

__all__ = ["compile_kernel"]


def compile_kernel() -> None:
    """Call each function once, in float32, on one row of one user: numba has then compiled it, or read it from disk."""
    from bench.learn.inner_loop.kernels import descent

    program, rows = _one_model(), _one_row()
    # (1, P) and (1, T): a weight and a bias of the selector, and the model's bias; one row of each table
    dense, tables = np.zeros((1, 4), np.float32), np.zeros((1, 3), np.float32)
    scales, kept = np.ones((1, 1), np.float32), (dense[None].copy(), tables[None].copy())
    moved = dense.copy(), tables.copy()
    field = np.zeros((1, 1), np.int64)
    rates = TableRates(np.zeros(4, np.float32), np.zeros(2, np.float32), field, field)
    descent.descend(program, rows, dense, tables, dense[0], rates, scales, *moved, *kept)
    descent.descend_backward(
        program, rows, dense[0], rates, scales, *kept, *moved, dense[0].copy(), rates, scales.copy(),
        True, True,
    )  # fmt: skip
    descent.all_losses(program, rows, dense, tables, np.empty(1, np.float32))
    descent.all_gradients(program, rows, dense, tables, *moved, True)
    descent.all_products(program, rows, dense, tables, dense, tables, *moved, True, True)
    out = np.empty((1, 1), np.float32)
    descent.all_outputs(program, rows, dense, tables, out, out.copy())


def _one_model() -> Program:
    """A factorization machine of one field, and a linear selector over it."""
    return Program(
        fields=1,
        models=1,
        pool_width=2,
        selector_width=1,
        terms=np.array([[0, 1, 1, PAIRS, 3]], np.int64),
        layers=np.array([[2, 1, 0, 2]], np.int64),
        spans=np.array([[0, 0], [0, 1]], np.int64),
        starts=np.array([0, 0, 3], np.int64),
    )


def _one_row() -> Rows:
    bags = Bags(np.array([0, 1]), np.zeros(1, np.int64), np.ones(1, np.float32))
    labels, no_logits = np.zeros(1, np.float32), np.empty((0, 0), np.float32)
    return Rows(np.array([0, 1]), bags, bags, 1, 1, labels, no_logits)
