"""Looking up table rows: where each field's entries lie, and what a differentiable plugin sees of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

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

    @cached_property
    def single(self) -> int:
        """How many fields, the first ones, are categorical."""
        return sum(field.kind == "categorical" for field in self.fields)

    @cached_property
    def bag_lengths(self) -> list[int]:
        """Entries of each of the other fields."""
        return [stop - start for start, stop in pairwise(self.starts[self.single :])]

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
        once, bagged = rows.split([single, layout.entries - single], dim=-2)  # a split's backward is one concatenation
        weighted = bagged * self._weights.unsqueeze(-1)
        pooled = [bag.sum(-2, keepdim=True) for bag in weighted.split(layout.bag_lengths, dim=-2)]
        return torch.cat([once, *pooled], dim=-2)

    def entries(self, table: str, field: str) -> tuple[Tensor, Tensor]:
        span, single = self._layout.span(field), self._layout.single
        rows = self.rows(table)[..., span, :]
        if span.start < single:
            return rows, torch.ones_like(rows[..., 0])
        return rows, self._weights[..., span.start - single : span.stop - single]
