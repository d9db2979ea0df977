"""Where the leaves of a selector, and of the pool that is adapted with it, lie in a user's two flat arrays, and the kernels'
program that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from bench.adapt_sets import SELECTOR
from bench.learn.inner_loop.kernels.program import FIELD_AWARE, NO_PAIRS, PAIRS, Program
from bench.learn.network.declared import FACTORS, LINEAR, declared_form
from bench.learn.network.network import BIAS, Network
from bench.learn.network.perceptron_selector import TABLE, PerceptronSelector
from bench.learn.network.plugins import CompiledForm

__all__ = ["Layout", "layout_of"]

Leaves = Mapping[str, Tensor]
MEETING: Mapping[CompiledForm, int] = {
    "logistic-regression": NO_PAIRS,
    "factorization-machine": PAIRS,
    "field-aware-factorization-machine": FIELD_AWARE,
    "deep-factorization-machine": PAIRS,
}


class Layout(NamedTuple):
    program: Program
    dense: Mapping[str, torch.Size]  # the shape of each dense leaf, in their order
    pool_tables: tuple[str, ...]  # side by side
    selector_table: str

    @property
    def tables(self) -> tuple[str, ...]:
        return (*self.pool_tables, self.selector_table)

    def shared_together(self, leaves: Leaves) -> Tensor:
        """Dense leaves that all users share: (P,)."""
        return torch.cat([leaves[leaf].flatten() for leaf in self.dense])

    def dense_together(self, leaves: Leaves) -> Tensor:
        """Of each user's own: (U, P)."""
        users = len(leaves[self.selector_table])
        return torch.cat([leaves[leaf].reshape(users, -1) for leaf in self.dense], dim=1)

    def dense_apart(self, together: Tensor) -> dict[str, Tensor]:
        """From (U, P)."""
        sizes = [shape.numel() for shape in self.dense.values()]
        parts = torch.split(together, sizes, dim=1)
        return {
            leaf: part.reshape(len(together), *shape)
            for (leaf, shape), part in zip(self.dense.items(), parts, strict=True)
        }

    def shared_rates(self, rates: Leaves, per_user: Leaves) -> Tensor:
        """Of dense leaves, 0 of those that have none: (P,)."""
        every = {
            leaf: rates[leaf].expand(shape) if leaf in rates else per_user[leaf].new_zeros(shape)
            for leaf, shape in self.dense.items()
        }
        return self.shared_together(every)

    def table_rates(self, rates: Leaves, per_user: Leaves) -> tuple[Tensor | None, Tensor | None]:
        """Of the pool's tables (F + 1, W) and the selector's (F + 1, D), the last row and those of tables that have none 0;
        None where all tables stay."""
        if not any(table in rates for table in self.tables):
            return None, None
        fields = self.program.fields

        def of_table(table: str) -> Tensor:
            width = per_user[table].shape[2]
            nothing = per_user[table].new_zeros(fields, width)
            rate = rates[table].expand(fields, width) if table in rates else nothing
            return torch.cat([rate, nothing[:1]])

        pool = [of_table(table) for table in self.pool_tables]
        return torch.cat(pool, dim=1) if pool else None, of_table(self.selector_table)

    def tables_together(self, leaves: Leaves) -> Tensor:
        """(U, T)"""
        own = leaves[self.selector_table].flatten(1)
        if not self.pool_tables:
            return own
        pool = torch.cat([leaves[table] for table in self.pool_tables], dim=-1)  # (U, R, W)
        return torch.cat([pool.flatten(1), own], dim=1)

    def tables_apart(self, together: Tensor, like: Leaves) -> dict[str, Tensor]:
        """From (U, T), each shaped as in `like`."""
        own = like[self.selector_table]
        apart = {self.selector_table: together[:, together.shape[1] - own[0].numel() :]}
        apart[self.selector_table] = apart[self.selector_table].reshape(own.shape)
        if self.pool_tables:
            users, rows, _ = like[self.pool_tables[0]].shape
            widths = [like[table].shape[2] for table in self.pool_tables]
            pool = together[:, : rows * sum(widths)].reshape(users, rows, sum(widths))
            apart |= dict(zip(self.pool_tables, torch.split(pool, widths, dim=-1), strict=True))
        return apart


def layout_of(selector: Network, pool: Mapping[str, Network]) -> Layout | None:
    """None where a network is not of a form that the kernels know, or not on the CPU."""
    networks = {SELECTOR: selector, **pool}
    widths = _layer_widths(selector)
    forms = [declared_form(network.plugin) for network in pool.values()]
    known = [form for form in forms if form is not None]
    if widths is None or len(known) < len(forms) or not all(map(_is_on_cpu, networks.values())):
        return None
    dense = {
        f"{name}/{leaf}": value.shape
        for name, network in networks.items()
        for leaf, value in network.leaves().items()
        if leaf not in network.widths
    }
    starts = _starts(dense)
    perceptrons = {**pool, SELECTOR: selector}  # the selector's is the last
    layers = [_layers(name, network, starts) for name, network in perceptrons.items()]
    if sum(map(_values, layers)) + len(pool) < sum(shape.numel() for shape in dense.values()):
        return None  # a leaf that is neither a layer's nor a bias
    program = Program(
        fields=len(selector.layout.fields),
        models=widths[-1],
        pool_width=sum(sum(network.widths.values()) for network in pool.values()),
        selector_width=selector.widths[TABLE],
        terms=_terms(pool, known, starts),
        layers=np.array([layer for run in layers for layer in run], np.int64).reshape(-1, 4),
        spans=_spans([len(run) for run in layers]),
        starts=np.cumsum([0, *map(_levels, layers)]),
    )
    tables = [f"{name}/{table}" for name, network in pool.items() for table in _tables(network)]
    return Layout(program, dense, tuple(tables), f"{SELECTOR}/{TABLE}")


def _layer_widths(selector: Network) -> tuple[int, ...] | None:
    plugin = selector.plugin
    return plugin.layer_widths() if isinstance(plugin, PerceptronSelector) else None


def _is_on_cpu(network: Network) -> bool:
    return all(value.device.type == "cpu" for value in network.leaves().values())


def _starts(dense: Mapping[str, torch.Size]) -> dict[str, int]:
    starts, start = {}, 0
    for leaf, shape in dense.items():
        starts[leaf] = start
        start += shape.numel()
    return starts


def _tables(network: Network) -> list[str]:
    """In the order of their columns."""
    return [table for table in (LINEAR, FACTORS) if table in network.widths]


def _terms(
    pool: Mapping[str, Network], forms: Sequence[CompiledForm], starts: Mapping[str, int]
) -> np.ndarray:
    """As Program has them."""
    terms, column = [], 0
    for (name, network), form in zip(pool.items(), forms, strict=True):
        width, meeting = network.widths.get(FACTORS, 0), MEETING[form]
        met_by = width // len(network.layout.fields) if meeting == FIELD_AWARE else width
        terms.append([column, column + 1, met_by, meeting, starts[f"{name}/{BIAS}"]])
        column += 1 + width
    return np.array(terms, np.int64).reshape(-1, 5)


def _layers(name: str, network: Network, starts: Mapping[str, int]) -> list[list[int]]:
    """Of each layer: inputs, outputs, where its weight starts and where its bias."""
    linear = {
        f"{name}/{path}": layer
        for path, layer in network.plugin.named_modules()
        if isinstance(layer, nn.Linear)
    }
    return [
        [
            layer.in_features,
            layer.out_features,
            starts[f"{path}.weight"],
            starts.get(f"{path}.bias", -1),
        ]
        for path, layer in linear.items()
    ]


def _values(layers: list[list[int]]) -> int:
    """How many dense leaves the layers have."""
    return sum(inputs * outputs + outputs * (bias >= 0) for inputs, outputs, _, bias in layers)


def _spans(lengths: list[int]) -> np.ndarray:
    ends = np.cumsum(lengths)
    return np.stack([ends - lengths, ends], axis=1)


def _levels(layers: list[list[int]]) -> int:
    """Floats a row of all levels."""
    return sum(inputs for inputs, *_ in layers) + (layers[-1][1] if layers else 0)
