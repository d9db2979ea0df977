"""A differentiable plugin with what the harness owns of it: tables, bias, and the two ways of calling it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from bench.data.views.interactions import Interactions
from bench.errors import PluginError
from bench.learn.network.encoder import layout_of
from bench.learn.network.lookup import RowLookup
from bench.learn.network.plugins import DifferentiableModel, DifferentiableSelector
from bench.learn.network.row_index import RowIndex

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
        self._copies = threading.local()
        self._takes_user_axis: bool | None = None  # not found out yet

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
        """What `call` needs of the given tables (rows, width), looked up."""
        return Rows({table: index.pooled(leaves[table]) for table in self.widths}, self.unpooled_rows(index, leaves))

    def unpooled_rows(self, index: RowIndex, leaves: Mapping[str, Tensor]) -> dict[tuple[str, str], Tensor]:
        """Of tables (rows, width): by table and field, for the fields that the plugin reads entry by entry."""
        wanted = [(table, field) for table in self.widths for field in self.plugin.unpooled]
        return {(table, field): index.of_field(leaves[table], field) for table, field in wanted}

    def call(
        self, dense: Mapping[str, Tensor], rows: Rows, weights: Tensor, base_logits: Tensor | None = None
    ) -> Tensor:
        """The same as `forward`, as a pure function of dense leaves, bias included, and of rows already looked up."""
        out = self._plugin_call(dense, rows, weights, base_logits)
        return out if self.bias is None else out + dense[BIAS]

    def call_by_user(
        self, dense: Mapping[str, Tensor], rows: Rows, weights: Tensor, base_logits: Tensor | None = None
    ) -> Tensor:
        """`call` for U users at once, each with dense leaves of their own: everything has a leading user axis.

        Where the plugin takes that axis as it is, in one call (much less to dispatch, and one product a layer), else by
        torch.func.vmap. Which one is found out once."""
        if self._takes_user_axis is None:
            self._takes_user_axis = _takes_user_axis(self, dense, rows, weights, base_logits)
        called = self._with_user_axis if self._takes_user_axis else self._mapped
        return called(dense, rows, weights, base_logits)

    def _with_user_axis(
        self, dense: Mapping[str, Tensor], rows: Rows, weights: Tensor, base_logits: Tensor | None
    ) -> Tensor:
        out = self._plugin_call(dense, rows, weights, base_logits)
        return out if self.bias is None else out + dense[BIAS].unsqueeze(-1)

    def _mapped(self, dense: Mapping[str, Tensor], rows: Rows, weights: Tensor, base_logits: Tensor | None) -> Tensor:
        return vmap(self.call, in_dims=(0, 0, 0, None if base_logits is None else 0))(dense, rows, weights, base_logits)

    def _plugin_call(
        self, dense: Mapping[str, Tensor], rows: Rows, weights: Tensor, base_logits: Tensor | None
    ) -> Tensor:
        lookup = RowLookup(rows.pooled.__getitem__, lambda *key: rows.unpooled[key], weights, self.layout, base_logits)
        own = {name: leaf for name, leaf in dense.items() if name != BIAS}
        out: Tensor = functional_call(self._plugin_of_thread(), own, (lookup,))
        return out

    def _plugin_of_thread(self) -> DifferentiableModel | DifferentiableSelector:
        """functional_call puts the given leaves into the module while it runs: other threads than the first have a copy."""
        if threading.current_thread() is threading.main_thread():
            return self.plugin
        if not hasattr(self._copies, "plugin"):
            self._copies.plugin = copy.deepcopy(self.plugin)
        plugin: DifferentiableModel | DifferentiableSelector = self._copies.plugin
        return plugin


def _takes_user_axis(
    network: Network, dense: Mapping[str, Tensor], rows: Rows, weights: Tensor, base_logits: Tensor | None
) -> bool:
    """Whether one call with a leading user axis gives what vmap gives; true of elementwise code and of bench.learn's layers.

    Tried on random numbers in float64, shaped as the given arguments are but for users and rows: with as many rows as
    users, too, since a broadcast between them would be wrong without an error."""
    generator = torch.Generator().manual_seed(0)

    def drawn(users: int, rows: tuple[int, ...], like: Tensor) -> Tensor:
        shape = (users, *rows, *like.shape[1 + len(rows) :])
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for users, n in ((3, 5), (4, 4)):
        arguments = (
            {name: drawn(users, (), leaf) for name, leaf in dense.items()},
            Rows(
                {table: drawn(users, (n,), like) for table, like in rows.pooled.items()},
                {key: drawn(users, (n,), like) for key, like in rows.unpooled.items()},
            ),
            drawn(users, (n,), weights),
            None if base_logits is None else drawn(users, (n,), base_logits),
        )
        expected = network._mapped(*arguments)
        try:
            found = network._with_user_axis(*arguments)
        except (RuntimeError, IndexError, ValueError, TypeError):
            return False
        if found.shape != expected.shape or not torch.allclose(found, expected, rtol=1e-9, atol=1e-12):
            return False
    return True


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
