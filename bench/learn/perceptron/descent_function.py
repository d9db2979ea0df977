"""A perceptron's inner loop as a function that torch differentiates by a derivative written by hand: once, then it raises."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.learn.perceptron.arrays import array, flat, tensor_like
from bench.learn.perceptron.inner_loop import Step, descend, descend_backward
from bench.learn.perceptron.loss import DenseAndTable, Part, PerceptronLoss
from bench.learn.perceptron.undifferentiable import differentiated_no_further

__all__ = ["DescentFunction", "descend_without_graph"]

# dense leaves (U, P); own table rows (U, R, D), None where they stay
Moved = tuple[Tensor, Tensor | None]


class DescentFunction(torch.autograd.Function):
    """From shared dense leaves (P,) and own table rows (U, R, D), a step for each of `scales` (S, U): leaves of each user's
    own. Rates: (P,) and (U, R, D), or None where the rows stay."""

    @staticmethod
    def forward(
        ctx: Any,
        dense: Tensor,
        table: Tensor,
        rates: Tensor,
        table_rates: Tensor | None,
        scales: Tensor,
        loss: PerceptronLoss,
        part: Part,
        second_order: bool,
    ) -> Moved:
        steps: list[Step] = []
        ctx.loss, ctx.part, ctx.second_order, ctx.steps = loss, part, second_order, steps
        ctx.save_for_backward(dense, table, rates, table_rates, scales)
        return _descend(dense, table, rates, table_rates, scales, loss, part, steps)

    @staticmethod
    def backward(ctx: Any, by_dense: Tensor, by_table: Tensor | None) -> tuple[Tensor | None, ...]:
        dense, table, rates, table_rates, scales = ctx.saved_tensors
        table_adjoints = None if by_table is None else flat(by_table)
        if by_table is None and ctx.second_order and ctx.needs_input_grad[1]:
            # A table that stays and that the outer loop trains: it matters to every step's gradient.
            table_adjoints = np.zeros_like(flat(table))
        by_start, by_rates, by_scales = descend_backward(
            ctx.loss,
            ctx.part,
            ctx.steps,
            _rates(rates, table_rates),
            DenseAndTable(array(by_dense), table_adjoints),
            second_order=ctx.second_order,
        )
        found = (
            torch.from_numpy(by_start.dense.sum(axis=0)),
            tensor_like(table, by_start.table),
            torch.from_numpy(by_rates.dense),
            tensor_like(table, by_rates.table),
            torch.from_numpy(by_scales),
        )
        sources = dense, table, rates, table_rates, scales, by_dense, by_table
        return *differentiated_no_further("an inner loop", "once", found, sources), None, None, None


def descend_without_graph(
    dense: Tensor,
    table: Tensor,
    rates: Tensor,
    table_rates: Tensor | None,
    scales: Tensor,
    loss: PerceptronLoss,
    part: Part,
) -> Moved:
    """`DescentFunction`, with nothing kept from one step to the next."""
    return _descend(dense, table, rates, table_rates, scales, loss, part, None)


def _descend(
    dense: Tensor,
    table: Tensor,
    rates: Tensor,
    table_rates: Tensor | None,
    scales: Tensor,
    loss: PerceptronLoss,
    part: Part,
    kept: list[Step] | None,
) -> Moved:
    moved = descend(
        loss, part, array(dense)[None], flat(table), _rates(rates, table_rates), array(scales), kept
    )
    return torch.from_numpy(moved.dense), tensor_like(table, moved.table)


def _rates(rates: Tensor, table_rates: Tensor | None) -> DenseAndTable:
    return DenseAndTable(array(rates), None if table_rates is None else flat(table_rates))
