"""A perceptron's loss as a function that torch differentiates by derivatives written by hand: twice, one time more raises."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from bench.learn.perceptron.arrays import array, flat, tensor_like
from bench.learn.perceptron.loss import DenseAndTable, Evaluation, Part, PerceptronLoss
from bench.learn.perceptron.undifferentiable import differentiated_no_further

__all__ = ["LossFunction", "loss_without_graph"]


def loss_without_graph(dense: Tensor, table: Tensor, loss: PerceptronLoss, part: Part) -> Tensor:
    """`LossFunction`, with nothing kept."""
    return torch.from_numpy(_evaluate(dense, table, loss, part).losses)


class LossFunction(torch.autograd.Function):
    """Mean cross-entropy (U,) of each user's rows at dense leaves (U, P) and own table rows (U, R, D)."""

    @staticmethod
    def forward(ctx: Any, dense: Tensor, table: Tensor, loss: PerceptronLoss, part: Part) -> Tensor:
        ctx.loss, ctx.part = loss, part
        ctx.at = _evaluate(dense, table, loss, part)
        ctx.save_for_backward(dense, table)
        return torch.from_numpy(ctx.at.losses)

    @staticmethod
    def backward(ctx: Any, by_losses: Tensor) -> tuple[Tensor | None, ...]:
        dense, table = ctx.saved_tensors
        table_asked = ctx.needs_input_grad[1]
        by_dense, by_table = _Gradient.apply(dense, table, ctx.loss, ctx.part, ctx.at, table_asked)  # type: ignore[no-untyped-call]
        return (
            by_losses[:, None] * by_dense,
            by_losses[:, None, None] * by_table if table_asked else None,
            None,
            None,
        )


class _Gradient(torch.autograd.Function):
    """Of each user's own loss, by dense leaves (U, P) and, where asked for, by own table rows (U, R, D), else None."""

    @staticmethod
    def forward(
        ctx: Any,
        dense: Tensor,
        table: Tensor,
        loss: PerceptronLoss,
        part: Part,
        at: Evaluation,
        table_asked: bool,
    ) -> tuple[Tensor, Tensor | None]:
        ctx.loss, ctx.part, ctx.at, ctx.table_asked = loss, part, at, table_asked
        ctx.save_for_backward(dense, table)
        gradients = loss.gradients(part, at, array(dense), by_table=table_asked)
        return torch.from_numpy(gradients.dense), tensor_like(table, gradients.table)

    @staticmethod
    def backward(ctx: Any, by_dense: Tensor, by_table: Tensor | None) -> tuple[Tensor | None, ...]:
        dense, table = ctx.saved_tensors
        directions = DenseAndTable(array(by_dense), None if by_table is None else flat(by_table))
        products = ctx.loss.products(
            ctx.part, ctx.at, array(dense), directions, by_table=ctx.table_asked
        )
        found = torch.from_numpy(products.dense), tensor_like(table, products.table)
        sources = dense, table, by_dense, by_table
        return (
            *differentiated_no_further("the loss", "twice", found, sources),
            None,
            None,
            None,
            None,
        )


def _evaluate(dense: Tensor, table: Tensor, loss: PerceptronLoss, part: Part) -> Evaluation:
    return loss.evaluate(part, array(dense), loss.look_up(part, flat(table)))
