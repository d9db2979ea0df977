"""A differentiable plugin with what the harness owns of it: tables, bias, and the ways of calling it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from bench.data.views.interactions import Interactions
from bench.errors import PluginError
from bench.interfaces import Fields
from bench.learn.network.encoder import layout_of
from bench.learn.network.lookup import RowLookup, Rows
from bench.learn.network.plugins import DifferentiableModel, DifferentiableSelector
from bench.learn.network.row_index import RowIndex
from bench.learn.network.user_axis import takes_user_axis
from bench.registry.kinds import did_you_mean

__all__ = ["BIAS", "Group", "Network", "build_model", "build_selector"]

Group = Literal["table", "bias", "dense"]
Leaves = Mapping[str, Tensor]
BIAS = "bias"


class Network(nn.Module):
    """Plugin, tables (J, width) and, for a base model, the bias.

    Its *leaves* are all of these parameters under one name each: the plugin's own as in its state ('net.0.weight'),
    tables by name, and 'bias'. *Dense* leaves are those that are not tables.

    Training calls `forward`, with the parameters that it holds. Adaptation calls `call_by_user`, with leaves of each user's
    own; `call`, of one user, says what that means."""

    def __init__(
        self,
        plugin: DifferentiableModel | DifferentiableSelector,
        interactions: Interactions,
        with_bias: bool,
    ) -> None:
        super().__init__()
        _refuse_bad_names(plugin)
        _refuse_unknown_fields(plugin, interactions.fields)
        self.plugin = plugin
        self.layout = layout_of(interactions)
        self.entries = interactions.entries
        for parameter in plugin.parameters():  # in memory as compiled code wants to move them
            parameter.data = parameter.data.contiguous()
        self.widths = dict(plugin.tables())
        self.tables = nn.ParameterDict()
        for table, width in self.widths.items():
            values = torch.empty(interactions.entries, width)
            plugin.initialise(table, values)
            self.tables[table] = nn.Parameter(values)
        self.bias = nn.Parameter(torch.zeros(())) if with_bias else None
        # .plugin: a copy of the plugin, in each thread but the main one
        self._copies = threading.local()
        self._takes_user_axis: bool | None = None  # not found out yet

    def leaves(self) -> dict[str, Tensor]:
        """Every parameter by its leaf name."""
        dense = dict(self.plugin.named_parameters())
        return {**dense, **dict(self.tables.items()), **self._own_bias()}

    def dense(self) -> dict[str, nn.Parameter]:
        """Those that are no tables: the plugin's own in their order, then the bias."""
        return dict(self.plugin.named_parameters()) | self._own_bias()

    def _own_bias(self) -> dict[str, nn.Parameter]:
        return {} if self.bias is None else {BIAS: self.bias}

    def size(self) -> int:
        """Numbers in all leaves."""
        return sum(leaf.numel() for leaf in self.leaves().values())

    def group(self, leaf: str) -> Group:
        if leaf in self.widths:
            return "table"
        return "bias" if leaf == BIAS else "dense"

    def lookup(
        self, index: RowIndex, weights: Tensor, base_logits: Tensor | None = None
    ) -> RowLookup:
        """Rows of the master tables; weights (..., E - single) as in `index`."""
        return RowLookup(
            pooled=lambda table: index.pooled(self.tables[table]),
            unpooled=lambda table, field: index.of_field(self.tables[table], field),
            weights=weights,
            layout=self.layout,
            base_logits=base_logits,
            tables=self.widths,
            apart=self.plugin.unpooled,
        )

    def forward(self, rows: RowLookup) -> Tensor:
        """Logits (...) with the bias, or a selector's scores (..., K)."""
        out: Tensor = self.plugin(rows)
        return out if self.bias is None else out + self.bias

    def rows(self, index: RowIndex, leaves: Leaves) -> Rows:
        """What `call` needs of the given tables (rows, width), looked up."""
        pooled = {table: index.pooled(leaves[table]) for table in self.widths}
        return Rows(pooled, self.unpooled_rows(index, leaves))

    def unpooled_rows(self, index: RowIndex, leaves: Leaves) -> dict[tuple[str, str], Tensor]:
        """Of tables (rows, width): by table and field, for the fields that the plugin reads entry by entry."""
        wanted = [(table, field) for table in self.widths for field in self.plugin.unpooled]
        return {(table, field): index.of_field(leaves[table], field) for table, field in wanted}

    def call(
        self, dense: Leaves, rows: Rows, weights: Tensor, base_logits: Tensor | None = None
    ) -> Tensor:
        """The same as `forward`, as a pure function of dense leaves, bias included, and of rows already looked up.

        n rows: weights (n, E - single), base_logits (n, K), result (n,) or (n, K)."""
        out = self._call_plugin(dense, rows, weights, base_logits)
        return out if self.bias is None else out + dense[BIAS]

    def call_by_user(
        self, dense: Leaves, rows: Rows, weights: Tensor, base_logits: Tensor | None = None
    ) -> Tensor:
        """`call` for U users at once, each with dense leaves of their own: everything has a leading user axis, (U, n, ...).

        In one call where the plugin takes that axis as it is (much less to dispatch, and one product a layer), else by
        torch.func.vmap. Which one is found out once."""
        if self._takes_user_axis is None:
            self._takes_user_axis = takes_user_axis(
                self._in_one_call, self._user_by_user, dense, rows, weights, base_logits
            )
        if self._takes_user_axis:
            return self._in_one_call(dense, rows, weights, base_logits)
        return self._user_by_user(dense, rows, weights, base_logits)

    def _in_one_call(
        self, dense: Leaves, rows: Rows, weights: Tensor, base_logits: Tensor | None
    ) -> Tensor:
        out = self._call_plugin(dense, rows, weights, base_logits)  # (U, n, ...)
        # (U, 1): for all rows of a user
        return out if self.bias is None else out + dense[BIAS].unsqueeze(-1)

    def _user_by_user(
        self, dense: Leaves, rows: Rows, weights: Tensor, base_logits: Tensor | None
    ) -> Tensor:
        axis_of_base_logits = None if base_logits is None else 0  # vmap can't map what is not there
        mapped = vmap(self.call, in_dims=(0, 0, 0, axis_of_base_logits))
        return mapped(dense, rows, weights, base_logits)

    def _call_plugin(
        self, dense: Leaves, rows: Rows, weights: Tensor, base_logits: Tensor | None
    ) -> Tensor:
        """The plugin's forward with the given leaves in place of its own parameters; no bias."""
        lookup = RowLookup(
            pooled=lambda table: rows.pooled[table],
            unpooled=lambda table, field: rows.unpooled[table, field],
            weights=weights,
            layout=self.layout,
            base_logits=base_logits,
            tables=self.widths,
            apart=self.plugin.unpooled,
        )
        plugin = self._plugin_of_thread()
        parameters = {leaf: value for leaf, value in dense.items() if leaf != BIAS}
        state = {**_buffers_like(weights, plugin), **parameters}
        out: Tensor = functional_call(plugin, state, (lookup,))
        return out

    def _plugin_of_thread(self) -> DifferentiableModel | DifferentiableSelector:
        """The plugin; in other threads than the main one a copy, since functional_call puts the given leaves into the module
        while it runs."""
        if threading.current_thread() is threading.main_thread():
            return self.plugin
        if not hasattr(self._copies, "plugin"):
            self._copies.plugin = copy.deepcopy(self.plugin)
        plugin: DifferentiableModel | DifferentiableSelector = self._copies.plugin
        return plugin


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


def _buffers_like(values: Tensor, plugin: nn.Module) -> dict[str, Tensor]:
    """The plugin's floating buffers that have another dtype than `values`, cast to it. Parameters come in as arguments;
    buffers would else stay as the plugin made them, where the same function is asked for in float64."""
    return {
        name: buffer.to(values.dtype)
        for name, buffer in plugin.named_buffers()
        if buffer.is_floating_point() and buffer.dtype != values.dtype
    }


def _refuse_bad_names(plugin: DifferentiableModel | DifferentiableSelector) -> None:
    """Tables, layers and the bias are leaves of one namespace."""
    dense = {name for name, _ in plugin.named_parameters()}
    kind = type(plugin).__name__
    for table in plugin.tables():
        if table == BIAS or table in dense or not table.isidentifier():
            raise PluginError(
                f"{kind}: a table can't be named {table!r}; it takes a Python identifier that is neither 'bias' (the "
                "harness's own) nor a parameter of the module"
            )
    if BIAS in dense:
        raise PluginError(
            f"{kind}: a parameter can't be named 'bias' (the harness's own); rename it"
        )


def _refuse_unknown_fields(
    plugin: DifferentiableModel | DifferentiableSelector, fields: Fields
) -> None:
    """Of `unpooled`."""
    kind, names = type(plugin).__name__, [field.name for field in fields]
    if isinstance(plugin.unpooled, str):
        raise PluginError(
            f"{kind}: unpooled is the text {plugin.unpooled!r}; it takes a tuple of fields' names: ({plugin.unpooled!r},)"
        )
    for field in plugin.unpooled:
        if field not in names:
            raise PluginError(
                f"{kind}: unpooled names {field!r}, and the data have no such field{did_you_mean(str(field), names)}; take"
                " the name by a parameter (in build: self.unpooled = (self.params.field,)), and set it to a field of the data"
            )
