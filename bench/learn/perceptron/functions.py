"""A perceptron's loss and inner loop as functions that torch differentiates by derivatives written by hand.

The loss can be differentiated twice, the inner loop once; one time more is an error, never a wrong number."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.learn.perceptron.loss import Evaluation, Part, RaggedPerceptron

__all__ = ["Descent", "Loss", "descend_without_graph", "loss_without_graph"]

Array = np.ndarray[Any, Any]


class Loss(torch.autograd.Function):
    """Mean cross-entropy (U,) of each user's rows at dense leaves (U, P) and own table rows (U, R, D)."""

    @staticmethod
    def forward(ctx: Any, dense: Tensor, table: Tensor, perceptron: RaggedPerceptron, part: Part) -> Tensor:
        ctx.perceptron, ctx.part = perceptron, part
        ctx.at = perceptron.evaluate(part, dense.detach().numpy(), _flat(table))
        ctx.save_for_backward(dense, table)
        return torch.from_numpy(ctx.at.losses)

    @staticmethod
    def backward(ctx: Any, by_losses: Tensor) -> tuple[Tensor, Tensor, None, None]:
        dense, table = ctx.saved_tensors
        by_dense, by_table = _Gradient.apply(dense, table, ctx.perceptron, ctx.part, ctx.at)  # type: ignore[no-untyped-call]
        return by_losses[:, None] * by_dense, by_losses[:, None, None] * by_table, None, None


class _Gradient(torch.autograd.Function):
    """Of each user's own loss, by dense leaves (U, P) and own table rows (U, R, D)."""

    @staticmethod
    def forward(
        ctx: Any, dense: Tensor, table: Tensor, perceptron: RaggedPerceptron, part: Part, at: Evaluation
    ) -> tuple[Tensor, Tensor]:
        ctx.perceptron, ctx.part, ctx.at = perceptron, part, at
        ctx.save_for_backward(dense, table)
        by_dense, by_table = perceptron.gradients(part, at, dense.numpy())
        return torch.from_numpy(by_dense), torch.from_numpy(by_table).view_as(table)

    @staticmethod
    def backward(ctx: Any, directions: Tensor, table_directions: Tensor) -> tuple[Tensor | None, ...]:
        dense, table = ctx.saved_tensors
        by_dense, by_table = ctx.perceptron.products(
            ctx.part, ctx.at, dense.detach().numpy(), _array(directions), _flat(table_directions)
        )
        products = torch.from_numpy(by_dense), torch.from_numpy(by_table).view_as(table)
        return *_once("the loss", "twice", products, (dense, table, directions, table_directions)), None, None, None


class _Step(NamedTuple):
    """What an inner step leaves for its derivatives."""

    dense: Array  # before it, (U, P) or (1, P)
    at: Evaluation
    gradients: Array  # (U, P)
    by_table: Array  # (U * R, D)


class Descent(torch.autograd.Function):
    """From shared dense leaves (P,) and own table rows (U, R, D), a step for each of `scales` (S, U): leaves of each user's
    own, (U, P) and (U, R, D). Rates: (P,) and (U, R, D).

    Backwards by hand: v <- v - scale * H (rate * v) from the last step to the first, H the Hessian of the support loss at the
    leaves before the step (Finn, Abbeel, Levine 2017, eq. 1); first order leaves H out."""

    @staticmethod
    def forward(
        ctx: Any,
        dense: Tensor,
        table: Tensor,
        rates: Tensor,
        table_rates: Tensor,
        scales: Tensor,
        perceptron: RaggedPerceptron,
        part: Part,
        second_order: bool,
    ) -> tuple[Tensor, Tensor]:
        ctx.perceptron, ctx.part, ctx.second_order = perceptron, part, second_order
        ctx.save_for_backward(dense, table, rates, table_rates, scales)
        ctx.steps = []
        return _steps(dense, table, rates, table_rates, scales, perceptron, part, ctx.steps)

    @staticmethod
    def backward(ctx: Any, by_dense: Tensor, by_table: Tensor) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        _, table, rates, table_rates, scales = saved
        adjoints, table_adjoints = _array(by_dense), _flat(by_table)
        by_rates, by_table_rates = np.zeros_like(_array(rates)), np.zeros_like(_flat(table_rates))
        by_scales = np.empty_like(_array(scales))
        for number in reversed(range(len(scales))):
            step: _Step = ctx.steps[number]
            scale, directions = _array(scales[number]), np.empty_like(step.gradients)
            ctx.perceptron.kernel.pull(
                _array(rates), scale, step.gradients, adjoints, by_rates, by_scales[number], directions
            )
            by_row = np.repeat(scale, table.shape[1])[:, None]
            both = table_adjoints * step.by_table
            by_table_rates -= by_row * both
            by_scales[number] -= (_flat(table_rates) * both).reshape(len(scale), -1).sum(axis=1)
            if ctx.second_order:
                table_directions = by_row * (_flat(table_rates) * table_adjoints)
                products = ctx.perceptron.products(ctx.part, step.at, step.dense, directions, table_directions)
                adjoints = np.subtract(adjoints, products[0], out=products[0])
                table_adjoints = table_adjoints - products[1]
        found = (
            torch.from_numpy(adjoints.sum(axis=0)),
            torch.from_numpy(table_adjoints).view_as(table),
            torch.from_numpy(by_rates),
            torch.from_numpy(by_table_rates).view_as(table_rates),
            torch.from_numpy(by_scales),
        )
        return *_once("an inner loop", "once", found, (*saved, by_dense, by_table)), None, None, None


def descend_without_graph(
    dense: Tensor,
    table: Tensor,
    rates: Tensor,
    table_rates: Tensor,
    scales: Tensor,
    perceptron: RaggedPerceptron,
    part: Part,
) -> tuple[Tensor, Tensor]:
    """`Descent`, with nothing kept from one step to the next."""
    return _steps(dense, table, rates, table_rates, scales, perceptron, part, None)


def loss_without_graph(dense: Tensor, table: Tensor, perceptron: RaggedPerceptron, part: Part) -> Tensor:
    """`Loss`, with nothing kept."""
    return torch.from_numpy(perceptron.evaluate(part, _array(dense), _flat(table)).losses)


def _steps(
    dense: Tensor,
    table: Tensor,
    rates: Tensor,
    table_rates: Tensor,
    scales: Tensor,
    perceptron: RaggedPerceptron,
    part: Part,
    kept: list[_Step] | None,
) -> tuple[Tensor, Tensor]:
    leaves, rows = _array(dense)[None], _flat(table)
    for scale in _array(scales):
        at = perceptron.evaluate(part, leaves, rows)
        gradients, by_table = perceptron.gradients(part, at, leaves)
        if kept is not None:
            kept.append(_Step(leaves, at, gradients, by_table))
        moved = np.empty_like(gradients)
        perceptron.kernel.step(leaves, _array(rates), scale, gradients, moved)
        by_row = np.repeat(scale, table.shape[1])[:, None]
        leaves, rows = moved, rows - by_row * (_flat(table_rates) * by_table)
    return torch.from_numpy(leaves), torch.from_numpy(rows).view_as(table)


class _Once(torch.autograd.Function):
    """Results computed outside of the graph: to differentiate them is an error."""

    @staticmethod
    def forward(ctx: Any, message: str, count: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.message = message
        return tuple(tensor.view_as(tensor) for tensor in tensors[:count])

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> None:
        raise NotImplementedError(ctx.message)


def _once(what: str, times: str, results: tuple[Tensor, ...], sources: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """`results`, which depend on `sources` in a way that no graph shows."""
    message = f"{what} of a perceptron is differentiated {times} at most; Learnable(kernel='autograd') has no limit"
    found: tuple[Tensor, ...] = _Once.apply(message, len(results), *results, *sources)  # type: ignore[no-untyped-call]
    return found


def _array(tensor: Tensor) -> Array:
    return tensor.detach().contiguous().numpy()


def _flat(table: Tensor) -> Array:
    """(U, R, D) as (U * R, D)."""
    return _array(table).reshape(-1, table.shape[-1])
