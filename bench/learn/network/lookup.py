"""Looking up table rows: where each field's entries lie, and what a differentiable plugin sees of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from bench.errors import PluginError
from bench.interfaces import Fields

__all__ = ["Layout", "RowLookup", "Rows"]


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

    def span(self, field: str) -> slice:
        """Where one field's entries lie along the E axis."""
        position = self.fields.index(self.fields.named(field))
        return slice(self.starts[position], self.starts[position + 1])


class Rows(NamedTuple):
    """Looked-up rows as tensors, which vmap can map over."""

    pooled: dict[str, Tensor]  # table -> (..., F, width)
    unpooled: dict[tuple[str, str], Tensor]  # table, field -> (..., L, width)


class RowLookup:
    """bench.interfaces.Lookup for rows of any leading shape; each table is looked up once and kept.

    `pooled(table)` gives (..., F, width) of one of `tables`; `unpooled(table, field)` (..., L, width) for the fields that a
    plugin declares (`apart`); `weights` (..., E - single) are those of the entries that are not categorical. PluginError for
    what is asked for and not declared."""

    def __init__(
        self,
        pooled: Callable[[str], Tensor],
        unpooled: Callable[[str, str], Tensor],
        weights: Tensor,
        layout: Layout,
        base_logits: Tensor | None = None,
        *,
        tables: Collection[str],
        apart: Collection[str],
    ) -> None:
        self._pooled, self._unpooled = pooled, unpooled
        self._tables, self._apart = tables, apart
        self._weights, self._layout, self._base_logits = weights, layout, base_logits
        self._kept: dict[str, Tensor] = {}

    @property
    def base_logits(self) -> Tensor:
        if self._base_logits is None:
            raise AttributeError("base_logits are for selectors; a base model has none")
        return self._base_logits

    def __getitem__(self, table: str) -> Tensor:
        if table not in self._kept:
            self._check_table(table)
            self._kept[table] = self._pooled(table)
        return self._kept[table]

    def entries(self, table: str, field: str) -> tuple[Tensor, Tensor]:
        self._check_table(table)
        if field not in self._apart:
            named = ", ".join(self._apart) or "none"
            raise PluginError(
                f"forward asks for the field {field!r} entry by entry, and unpooled names {named}; name it there"
            )
        rows = self._unpooled(table, field)
        span, single = self._layout.span(field), self._layout.single
        if span.start < single:
            return rows, torch.ones_like(rows[..., 0])
        weights = self._weights[..., span.start - single : span.stop - single]
        return rows, weights.to(rows.dtype, copy=True)  # the plugin's own

    def _check_table(self, table: str) -> None:
        if table not in self._tables:
            given = ", ".join(self._tables) or "none"
            raise PluginError(f"forward asks for the table {table!r}, and tables() gives {given}")
