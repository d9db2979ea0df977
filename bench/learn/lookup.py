"""Looking up table rows: where each field's entries lie, and what a differentiable plugin sees of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.interfaces import Fields

__all__ = ["Layout", "RowLookup"]


@dataclass(frozen=True)
class Layout:
    """A row has E entries: one a categorical field, as many as its longest bag a multi-valued one, two a numeric one.

    Field f's lie in [starts[f], starts[f + 1]). The first `single` fields are categorical: one entry of weight 1."""

    fields: Fields
    starts: tuple[int, ...]  # (F + 1,)

    @property
    def entries(self) -> int:
        """E."""
        return self.starts[-1]

    @property
    def single(self) -> int:
        return sum(field.kind == "categorical" for field in self.fields)

    def span(self, field: str) -> slice:
        """Where one field's entries lie along the E axis."""
        position = self.fields.index(self.fields.named(field))
        return slice(self.starts[position], self.starts[position + 1])


class RowLookup:
    """bench.interfaces.Lookup: rows of any leading shape, gathered once a table and kept.

    `gather(table)` gives (..., E, width) rows of the entries; `weights` (..., E - single) are those of the entries that
    are not categorical."""

    def __init__(
        self,
        gather: Callable[[str], Tensor],
        weights: Tensor,
        layout: Layout,
        base_logits: Tensor | None = None,
    ) -> None:
        self._gather, self._weights, self._layout, self._base_logits = gather, weights, layout, base_logits
        self._rows: dict[str, Tensor] = {}

    @property
    def base_logits(self) -> Tensor:
        if self._base_logits is None:
            raise AttributeError("base_logits are for selectors; a base model has none")
        return self._base_logits

    def rows(self, table: str) -> Tensor:
        """(..., E, width): the rows of all entries, not weighted."""
        if table not in self._rows:
            self._rows[table] = self._gather(table)
        return self._rows[table]

    def __getitem__(self, table: str) -> Tensor:
        rows, layout = self.rows(table), self._layout
        single = layout.single
        if layout.entries == single:
            return rows
        weighted = rows[..., single:, :] * self._weights.unsqueeze(-1)
        pooled = [
            weighted[..., start - single : stop - single, :].sum(-2, keepdim=True)
            for start, stop in zip(layout.starts[single:-1], layout.starts[single + 1 :], strict=True)
        ]
        return torch.cat([rows[..., :single, :], *pooled], dim=-2)

    def entries(self, table: str, field: str) -> tuple[Tensor, Tensor]:
        span, single = self._layout.span(field), self._layout.single
        rows = self.rows(table)[..., span, :]
        if span.start < single:
            return rows, torch.ones_like(rows[..., 0])
        return rows, self._weights[..., span.start - single : span.stop - single]

    def squared_norm(self, tables: Mapping[str, int]) -> Tensor:
        """Sum over looked-up rows of tables wider than 1 of |row|^2, padding left out: what L2 weighs."""
        single = self._layout.single
        total = torch.zeros((), dtype=self._weights.dtype)
        for table, width in tables.items():
            if width > 1:
                rows = self.rows(table)
                total = total + rows[..., :single, :].square().sum()
                present = (self._weights != 0).unsqueeze(-1)
                total = total + (rows[..., single:, :].square() * present).sum()
        return total
