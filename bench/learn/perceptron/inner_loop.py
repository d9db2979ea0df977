"""The inner loop of a perceptron, forwards and backwards, on arrays.

A step moves dense leaves and the table alike: x <- x - scale * rate * gradient. A table without rates stays; what is looked
up in it is then constant, and the steps derive nothing by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bench.learn.perceptron.loss import DenseAndTable, Evaluation, Part, PerceptronLoss

__all__ = ["Derivatives", "Step", "descend", "descend_backward"]

Array = np.ndarray[Any, Any]


class Step(NamedTuple):
    """What an inner step leaves for its derivatives."""

    dense: Array  # before it, (U, P), or (1, P) where all users share them
    at: Evaluation
    gradients: DenseAndTable
    scales: Array  # (U,)


class Derivatives(NamedTuple):
    """Of the outer loss, by what an inner loop started from and was given."""

    by_start: DenseAndTable  # of each user's own
    by_rates: DenseAndTable  # dense ones (P,), of all users together
    by_scales: Array  # (S, U)


def descend(
    loss: PerceptronLoss,
    part: Part,
    dense: Array,
    table: Array,
    rates: DenseAndTable,
    scales: Array,
    kept: list[Step] | None,
) -> DenseAndTable:
    """From dense leaves (1, P) and a table (U * R, D) a step for each of `scales` (S, U), with rates (P,) and (U * R, D). No
    table comes back where it stays. `kept`: takes what `descend_backward` needs."""
    moving = rates.table is not None
    vectors = loss.look_up(part, table)
    for number, scale in enumerate(scales):
        if moving and number > 0:
            vectors = loss.look_up(part, table)
        at = loss.evaluate(part, dense, vectors)
        gradients = loss.gradients(part, at, dense, by_table=moving)
        if kept is not None:
            kept.append(Step(dense, at, gradients, scale))
        moved = np.empty_like(gradients.dense)
        loss.kernel.step(dense, rates.dense, scale, gradients.dense, moved)
        dense = moved
        if rates.table is not None:
            table = table - _of_rows(scale, table) * (rates.table * gradients.table)
    return DenseAndTable(dense, table if moving else None)


def descend_backward(
    loss: PerceptronLoss,
    part: Part,
    steps: Sequence[Step],
    rates: DenseAndTable,
    adjoints: DenseAndTable,
    *,
    second_order: bool,
) -> Derivatives:
    """From `adjoints`, the outer loss's derivatives by the leaves that the steps led to: v <- v - H (scale * rate * v) from
    the last step to the first, H the Hessian of the support loss at the leaves before the step (Finn, Abbeel, Levine 2017,
    eq. 1). First order leaves H out. Adjoints without a table: nobody asks for the derivative by it."""
    by_rates = DenseAndTable(
        np.zeros_like(rates.dense), None if rates.table is None else np.zeros_like(rates.table)
    )
    by_scales = np.empty((len(steps), len(adjoints.dense)), dtype=rates.dense.dtype)
    for number in reversed(range(len(steps))):
        step = steps[number]
        directions = _step_backward(loss.kernel, step, rates, adjoints, by_rates, by_scales[number])
        if second_order:
            products = loss.products(
                part, step.at, step.dense, directions, by_table=adjoints.table is not None
            )
            adjoints = _minus(adjoints, products)
    return Derivatives(adjoints, by_rates, by_scales)


def _step_backward(
    kernel: Any,
    step: Step,
    rates: DenseAndTable,
    adjoints: DenseAndTable,
    by_rates: DenseAndTable,
    by_scales: Array,
) -> DenseAndTable:
    """A step's part of `by_rates`, which it is added to, and `by_scales` (U,), which it fills. What comes back are the
    directions scale * rate * adjoint: the derivatives by the step's gradients, with the sign turned."""
    directions = np.empty_like(step.gradients.dense)
    kernel.step_backward(
        rates.dense,
        step.scales,
        step.gradients.dense,
        adjoints.dense,
        by_rates.dense,
        by_scales,
        directions,
    )
    if rates.table is None:
        return DenseAndTable(directions, None)
    assert adjoints.table is not None, "a table that moves has adjoints"
    assert by_rates.table is not None, "and its rates have derivatives"
    scales = _of_rows(step.scales, rates.table)  # (U * R, 1)
    by_scaled_rates = -(adjoints.table * step.gradients.table)  # (U * R, D)
    np.add(by_rates.table, scales * by_scaled_rates, out=by_rates.table)
    by_scales += (rates.table * by_scaled_rates).reshape(len(by_scales), -1).sum(axis=1)
    return DenseAndTable(directions, scales * (rates.table * adjoints.table))


def _minus(adjoints: DenseAndTable, products: DenseAndTable) -> DenseAndTable:
    dense = np.subtract(adjoints.dense, products.dense, out=products.dense)
    return DenseAndTable(dense, None if products.table is None else adjoints.table - products.table)


def _of_rows(scales: Array, table: Array) -> Array:
    """(U,) of users as (U * R, 1) of their rows of the table."""
    return np.repeat(scales, len(table) // len(scales))[:, None]
