"""The inner loop and the loss as functions that torch differentiates by derivatives written by hand: the loop once, the loss
twice. One time more raises."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.learn.inner_loop.kernels.program import Program, Rows, TableRates
from bench.learn.inner_loop.undifferentiable import differentiated_no_further

__all__ = [
    "Descent",
    "Losses",
    "descend_without_graph",
    "losses_without_graph",
    "outputs_without_graph",
]

Array = np.ndarray[Any, Any]
Fields = tuple[
    Array, Array
]  # of the users' own rows of the pool's tables (U, R), and of the selector's
Moved = tuple[Tensor, Tensor | None]  # dense leaves (U, P); tables (U, T), or None where they stay


def kernels() -> Any:
    """Compiled, or read from disk, when they are first called; numba is imported here, and not before."""
    from bench.learn.inner_loop.kernels import descent

    return descent


class Descent(torch.autograd.Function):
    """From shared dense leaves (P,) and own tables (U, T), a step for each of `scales` (S, U): leaves of each user's own.
    Rates: (P,), and those of TableRates, or None where tables stay; `fields` of both kinds of tables' rows."""

    @staticmethod
    def forward(
        ctx: Any,
        dense: Tensor,
        tables: Tensor,
        rates: Tensor,
        pool_rates: Tensor | None,
        selector_rates: Tensor | None,
        scales: Tensor,
        fields: Fields,
        program: Program,
        rows: Rows,
        second_order: bool,
    ) -> Moved:
        # of first order, with rates and scales that nobody learns, the steps matter to no derivative
        learned = any(ctx.needs_input_grad[2:6])
        steps = len(scales) if second_order or learned else 0
        table_rates = _table_rates(pool_rates, selector_rates, fields, tables)
        moved, kept = _descend(
            dense[None], tables, rates, table_rates, scales, program, rows, steps
        )
        ctx.program, ctx.rows, ctx.second_order, ctx.kept = program, rows, second_order, kept
        ctx.table_rates = table_rates
        ctx.save_for_backward(dense, tables, rates, pool_rates, selector_rates, scales)
        return moved

    @staticmethod
    def backward(ctx: Any, by_dense: Tensor, by_tables: Tensor | None) -> tuple[Tensor | None, ...]:
        dense, tables, rates, pool_rates, selector_rates, scales = ctx.saved_tensors
        # A table that stays and that the outer loop trains matters to every step's gradient.
        asked = by_tables is not None or (ctx.second_order and ctx.needs_input_grad[1])
        dense_adjoints = array(by_dense).copy()
        table_adjoints = (
            np.zeros_like(array(tables)) if by_tables is None else array(by_tables).copy()
        )
        by_rates, by_scales = np.zeros_like(array(rates)), np.zeros_like(array(scales))
        by_table_rates = ctx.table_rates._replace(
            pool=np.zeros_like(ctx.table_rates.pool),
            selector=np.zeros_like(ctx.table_rates.selector),
        )
        kept_dense, kept_tables = ctx.kept
        if len(kept_dense):
            kernels().descend_backward(
                ctx.program, ctx.rows, array(rates), ctx.table_rates, array(scales), kept_dense,
                kept_tables, dense_adjoints, table_adjoints, by_rates, by_table_rates, by_scales,
                ctx.second_order, asked,
            )  # fmt: skip
        found = (
            torch.from_numpy(dense_adjoints.sum(axis=0)),
            torch.from_numpy(table_adjoints) if asked else None,
            torch.from_numpy(by_rates),
            _like(pool_rates, by_table_rates.pool),
            _like(selector_rates, by_table_rates.selector),
            torch.from_numpy(by_scales),
        )
        sources = dense, tables, rates, pool_rates, selector_rates, scales, by_dense, by_tables
        known = differentiated_no_further("an inner loop", "once", found, sources)
        return *known, None, None, None, None


def descend_without_graph(
    dense: Tensor,
    tables: Tensor,
    rates: Tensor,
    pool_rates: Tensor | None,
    selector_rates: Tensor | None,
    scales: Tensor,
    fields: Fields,
    program: Program,
    rows: Rows,
) -> Moved:
    """`Descent`, with nothing kept; dense leaves may also be each user's own, (U, P)."""
    start = dense if dense.dim() == 2 else dense[None]
    table_rates = _table_rates(pool_rates, selector_rates, fields, tables)
    moved, _ = _descend(start, tables, rates, table_rates, scales, program, rows, 0)
    return moved


def _descend(
    dense: Tensor,
    tables: Tensor,
    rates: Tensor,
    table_rates: TableRates,
    scales: Tensor,
    program: Program,
    rows: Rows,
    steps: int,
) -> tuple[Moved, tuple[Array, Array]]:
    """And what each of so many steps started from."""
    start = array(dense), array(tables)
    users, (p, t) = len(tables), (dense.shape[1], tables.shape[1])
    moved_dense, moved_tables = np.empty((users, p), start[0].dtype), np.empty_like(start[1])
    kept = np.empty((steps, users, p), start[0].dtype), np.empty((steps, users, t), start[0].dtype)
    kernels().descend(
        program, rows, *start, array(rates), table_rates, array(scales), moved_dense, moved_tables,
        *kept,
    )  # fmt: skip
    stay = not len(table_rates.selector)
    moved = torch.from_numpy(moved_dense), None if stay else torch.from_numpy(moved_tables)
    return moved, kept


def _table_rates(
    pool_rates: Tensor | None, selector_rates: Tensor | None, fields: Fields, tables: Tensor
) -> TableRates:
    none = np.empty(0, array(tables).dtype)
    pool = none if pool_rates is None else array(pool_rates).reshape(-1)
    selector = none if selector_rates is None else array(selector_rates).reshape(-1)
    return TableRates(pool, selector, *fields)


def _like(rates: Tensor | None, found: Array) -> Tensor | None:
    return None if rates is None else torch.from_numpy(found).view_as(rates)


class Losses(torch.autograd.Function):
    """Mean cross-entropy (U,) of each user's rows at dense leaves (U, P) and own tables (U, T)."""

    @staticmethod
    def forward(ctx: Any, dense: Tensor, tables: Tensor, program: Program, rows: Rows) -> Tensor:
        ctx.program, ctx.rows = program, rows
        ctx.save_for_backward(dense, tables)
        return losses_without_graph(dense, tables, program, rows)

    @staticmethod
    def backward(ctx: Any, by_losses: Tensor) -> tuple[Tensor | None, ...]:
        dense, tables = ctx.saved_tensors
        asked = ctx.needs_input_grad[1]
        by_dense, by_tables = _Gradients.apply(dense, tables, ctx.program, ctx.rows, asked)  # type: ignore[no-untyped-call]
        scaled = by_losses[:, None] * by_tables if asked else None
        return by_losses[:, None] * by_dense, scaled, None, None


def losses_without_graph(dense: Tensor, tables: Tensor, program: Program, rows: Rows) -> Tensor:
    losses = np.empty(len(tables), array(tables).dtype)
    kernels().all_losses(program, rows, array(dense), array(tables), losses)
    return torch.from_numpy(losses)


def outputs_without_graph(
    dense: Tensor, tables: Tensor, program: Program, rows: Rows
) -> tuple[Tensor, Tensor]:
    """Scores and base logits, (n, K) of the users' rows."""
    out = np.empty((len(rows.labels), program.models), array(tables).dtype)
    scores, base_logits = out, np.empty_like(out)
    kernels().all_outputs(program, rows, array(dense), array(tables), scores, base_logits)
    return torch.from_numpy(scores), torch.from_numpy(base_logits)


class _Gradients(torch.autograd.Function):
    """Of each user's own loss, by dense leaves (U, P) and, where asked for, by own tables (U, T), else None."""

    @staticmethod
    def forward(
        ctx: Any, dense: Tensor, tables: Tensor, program: Program, rows: Rows, asked: bool
    ) -> Moved:
        ctx.program, ctx.rows, ctx.asked = program, rows, asked
        ctx.save_for_backward(dense, tables)
        by_dense, by_tables = np.empty_like(array(dense)), np.empty_like(array(tables))
        kernels().all_gradients(
            program, rows, array(dense), array(tables), by_dense, by_tables, asked
        )
        return torch.from_numpy(by_dense), torch.from_numpy(by_tables) if asked else None

    @staticmethod
    def backward(ctx: Any, by_dense: Tensor, by_tables: Tensor | None) -> tuple[Tensor | None, ...]:
        dense, tables = ctx.saved_tensors
        dense_products, table_products = np.empty_like(array(dense)), np.empty_like(array(tables))
        kernels().all_products(
            ctx.program, ctx.rows, array(dense), array(tables), array(by_dense),
            array(tables if by_tables is None else by_tables), dense_products, table_products,
            by_tables is not None, ctx.asked,
        )  # fmt: skip
        found = (
            torch.from_numpy(dense_products),
            torch.from_numpy(table_products) if ctx.asked else None,
        )
        sources = dense, tables, by_dense, by_tables
        return *differentiated_no_further("the loss", "twice", found, sources), None, None, None


def array(tensor: Tensor) -> Array:
    """The same numbers, C-ordered."""
    return tensor.detach().contiguous().numpy()
