"""The adaptation engine's short cut: a perceptron over base models that the kernels know, adapted by compiled code with
derivatives written by hand. Same leaves, same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Literal

import torch
from torch import Tensor

from bench.interfaces import Block
from bench.learn.inner_loop.functions import (
    Descent,
    Losses,
    descend_without_graph,
    losses_without_graph,
    outputs_without_graph,
)
from bench.learn.inner_loop.layout import Layout, layout_of
from bench.learn.inner_loop.rows import rows_of
from bench.learn.network.network import Network

__all__ = ["CompiledMixture", "KernelName", "kernel_software"]

Leaves = Mapping[str, Tensor]
KernelName = Literal["numba", "autograd"]
CHUNK_VALUES = 1 << 20  # dense leaves of the users of a chunk, which stay near the processor


class CompiledMixture:
    """Loss and inner loop of a selector, alone or with its pool. Leaves have the names that `Learnable` gives them."""

    def __init__(self, layout: Layout) -> None:
        self._layout, self._program = layout, layout.program
        self._values = sum(shape.numel() for shape in layout.dense.values())  # P
        self._with_pool = len(layout.program.terms) > 0

    @classmethod
    def of(cls, selector: Network, pool: Mapping[str, Network]) -> CompiledMixture | None:
        """None where one of the networks is none that the kernels know."""
        layout = layout_of(selector, pool)
        return None if layout is None else cls(layout)

    @property
    def chunk_users(self) -> int:
        """How many users are best adapted together: nothing is padded, so that many save a chunk's own cost."""
        return min(64, max(16, CHUNK_VALUES // self._values))

    def loss(self, per_user: Leaves, block: Block) -> Tensor:
        """(U,) as Learnable.loss."""
        dense, tables = self._together(per_user)
        rows = rows_of(block, self._with_pool)
        if not torch.is_grad_enabled():
            return losses_without_graph(dense, tables, self._program, rows)
        losses: Tensor = Losses.apply(dense, tables, self._program, rows)  # type: ignore[no-untyped-call]
        return losses

    def outputs(self, per_user: Leaves, block: Block) -> tuple[Tensor, Tensor]:
        """Scores and base logits (U, n, K), without a graph; padding has no meaning."""
        dense, tables = self._together(per_user)
        rows = rows_of(block, self._with_pool)
        found = outputs_without_graph(dense, tables, self._program, rows)
        present = block.mask > 0  # (U, n)
        padded = [each.new_zeros(*present.shape, self._program.models) for each in found]
        for out, values in zip(padded, found, strict=True):
            out[present] = values
        scores, base_logits = padded
        return scores, base_logits

    def descend(
        self,
        outer: Leaves | None,
        per_user: Leaves,
        rates: Leaves,
        scales: Sequence[Tensor | None],
        support: Block,
        fields: Mapping[str, Tensor],
        *,
        second_order: bool,
        training: bool,
    ) -> dict[str, Tensor]:
        """As bench.learn.descend, from master leaves, what per_user makes of them, and the rates of the leaves that move; the
        others have a rate of 0. `fields`: of each component's own rows (U, R), F where a row stays. Without master leaves:
        from each user's own, at test time."""
        layout, tables = self._layout, self._layout.tables_together(per_user)
        ones = tables.new_ones(len(tables))
        no_rows = torch.empty((len(tables), 0), dtype=torch.int64)
        arguments = (
            layout.dense_together(per_user) if outer is None else layout.shared_together(outer),
            tables,
            layout.shared_rates(rates, per_user),
            *layout.table_rates(rates, per_user),
            torch.stack([ones if scale is None else ones * scale for scale in scales]),
            (fields.get("pool", no_rows).numpy(), fields["selector"].numpy()),
            self._program,
            rows_of(support, self._with_pool),
        )
        if training:
            dense, tables_moved = Descent.apply(*arguments, second_order)  # type: ignore[no-untyped-call]
        else:
            dense, tables_moved = descend_without_graph(*arguments)
        apart = layout.dense_apart(dense)
        if tables_moved is not None:
            apart |= layout.tables_apart(tables_moved, per_user)
        moved = {leaf: apart[leaf] for leaf in rates}
        if not training:
            moved = {leaf: value.detach().requires_grad_() for leaf, value in moved.items()}
        return {**per_user, **moved}

    def _together(self, per_user: Leaves) -> tuple[Tensor, Tensor]:
        """(U, P) and (U, T)"""
        return self._layout.dense_together(per_user), self._layout.tables_together(per_user)


def kernel_software(mixture: CompiledMixture | None) -> str:
    """For a record: what adapts. Last bits may differ between them."""
    return "autograd" if mixture is None else f"numba {version('numba')}"
