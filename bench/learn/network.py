"""A differentiable plugin with what the harness owns of it: tables, bias, and the two ways of calling it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from bench.data.interactions import Interactions
from bench.errors import PluginError
from bench.learn.encode import layout_of
from bench.learn.lookup import RowLookup
from bench.learn.plugins import DifferentiableModel, DifferentiableSelector
from bench.learn.row_index import RowIndex

__all__ = ["Group", "Network", "Rows", "build_model", "build_selector"]

Group = Literal["table", "bias", "dense"]
BIAS = "bias"


class Rows(NamedTuple):
    """Looked-up rows as tensors, which vmap can map over."""

    pooled: dict[str, Tensor]  # table -> (..., F, width)
    unpooled: dict[tuple[str, str], Tensor]  # table, field -> (..., L, width)


class Network(nn.Module):
    """Plugin, tables (J, width) and, for a base model, the bias.

    Its *leaves* are all of these parameters under one name each: the plugin's own as in its state ('net.0.weight'),
    tables by name, and 'bias'."""

    def __init__(
        self, plugin: DifferentiableModel | DifferentiableSelector, interactions: Interactions, with_bias: bool
    ) -> None:
        super().__init__()
        _refuse_bad_names(plugin)
        self.plugin = plugin
        self.layout = layout_of(interactions)
        self.entries = interactions.entries
        self.widths = dict(plugin.tables())
        self.tables = nn.ParameterDict()
        for table, width in self.widths.items():
            values = torch.empty(interactions.entries, width)
            plugin.initialise(table, values)
            self.tables[table] = nn.Parameter(values)
        self.bias = nn.Parameter(torch.zeros(())) if with_bias else None

    def leaves(self) -> dict[str, Tensor]:
        """Every parameter by its leaf name."""
        dense = dict(self.plugin.named_parameters())
        bias = {} if self.bias is None else {BIAS: self.bias}
        return {**dense, **dict(self.tables.items()), **bias}

    def group(self, leaf: str) -> Group:
        return "table" if leaf in self.widths else "bias" if leaf == BIAS else "dense"

    def lookup(self, index: RowIndex, weights: Tensor, base_logits: Tensor | None = None) -> RowLookup:
        """Rows of the master tables; weights (..., E - single) as in `index`."""
        return RowLookup(
            lambda table: index.pooled(self.tables[table]),
            lambda table, field: index.of_field(self.tables[table], field),
            weights,
            self.layout,
            base_logits,
        )

    def forward(self, rows: RowLookup) -> Tensor:
        """Logits (...) with the bias, or a selector's scores (..., K)."""
        out: Tensor = self.plugin(rows)
        return out if self.bias is None else out + self.bias

    def rows(self, index: RowIndex, leaves: Mapping[str, Tensor]) -> Rows:
        """What `call` needs of the given tables (rows, width): pooled by table, unpooled by table and field."""
        unpooled = [(table, field) for table in self.widths for field in self.plugin.unpooled]
        return Rows(
            {table: index.pooled(leaves[table]) for table in self.widths},
            {(table, field): index.of_field(leaves[table], field) for table, field in unpooled},
        )

    def call(
        self,
        dense: Mapping[str, Tensor],
        rows: Rows,
        weights: Tensor,
        base_logits: Tensor | None = None,
    ) -> Tensor:
        """The same as `forward`, as a pure function of dense leaves, bias included, and of rows already looked up."""
        lookup = RowLookup(rows.pooled.__getitem__, lambda *key: rows.unpooled[key], weights, self.layout, base_logits)
        own = {name: leaf for name, leaf in dense.items() if name != BIAS}
        out: Tensor = functional_call(self.plugin, own, (lookup,))
        return out if self.bias is None else out + dense[BIAS]


def build_model(plugin: DifferentiableModel, interactions: Interactions, seed: int) -> Network:
    """A base model with fresh parameters drawn from `seed`; the global RNG is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        plugin.build(interactions.fields)
        return Network(plugin, interactions, with_bias=True)


def build_selector(
    plugin: DifferentiableSelector, interactions: Interactions, models: tuple[str, ...], seed: int
) -> Network:
    """A selector over `models` with fresh parameters drawn from `seed`; the global RNG is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        plugin.build(interactions.fields, models)
        return Network(plugin, interactions, with_bias=False)


def _refuse_bad_names(plugin: DifferentiableModel | DifferentiableSelector) -> None:
    """Tables, layers and the bias are leaves of one namespace."""
    dense, kind = {name for name, _ in plugin.named_parameters()}, type(plugin).__name__
    for table in plugin.tables():
        if table == BIAS or table in dense or not table.isidentifier():
            raise PluginError(
                f"{kind}: a table can't be named {table!r}; it takes a Python identifier that is neither 'bias' (the "
                "harness's own) nor a parameter of the module"
            )
    if BIAS in dense:
        raise PluginError(f"{kind}: a parameter can't be named 'bias' (the harness's own); rename it")
