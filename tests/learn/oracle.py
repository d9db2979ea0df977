"""The plain way to adapt: a Python loop over users, each with whole tables of its own. Slow and obvious.

Nothing of the engine is used: no gathered rows, no padding, no vmap, no chunks. Kept as the engine's oracle,
in float64 in the tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from bench.data import Interactions
from bench.learn import Network, TaskData


class PlainLookup:
    """bench.interfaces.Lookup over whole tables, a field at a time."""

    def __init__(self, leaves, index, weights, layout, base) -> None:
        self._leaves, self._index, self._layout, self.base_logits = leaves, index, layout, base
        self._weights = torch.cat([weights.new_ones(len(index), layout.single), weights], dim=1)

    def __getitem__(self, table):
        spans = [self._layout.span(field.name) for field in self._layout.fields]
        rows = self._leaves[table][self._index] * self._weights.unsqueeze(-1)
        return torch.stack([rows[:, span].sum(1) for span in spans], dim=1)

    def entries(self, table, field):
        span = self._layout.span(field)
        return self._leaves[table][self._index[:, span]], self._weights[:, span]


def evaluate(
    network: Network, leaves: Mapping[str, Tensor], index: Tensor, weights: Tensor, base=None
) -> Tensor:
    """A network's outputs for rows of one user, with that user's own whole tables."""
    rows = PlainLookup(leaves, index.long(), weights, network.layout, base)
    dense = {
        name: leaf for name, leaf in leaves.items() if name not in network.widths and name != "bias"
    }
    out = functional_call(network.plugin, dense, (rows,))
    return out + leaves["bias"] if network.bias is not None else out


def mixture_loss(networks, leaves, tasks: TaskData, rows: slice) -> Tensor:
    """Mean cross-entropy of the mixture over one user's rows; by probabilities, as the paper writes it."""

    def own(name: str) -> dict[str, Tensor]:
        return {
            leaf.removeprefix(f"{name}/"): value
            for leaf, value in leaves.items()
            if leaf.startswith(f"{name}/")
        }

    pool = [name for name in networks if name != "selector"]
    if pool:
        encoded = tasks.encoded["pool"]
        outs = [
            evaluate(networks[name], own(name), encoded.index[rows], encoded.weights[rows])
            for name in pool
        ]
        base = torch.stack(outs, dim=-1)
    else:
        base = tasks.base_logits[rows]
    encoded = tasks.encoded["selector"]
    scores = evaluate(
        networks["selector"], own("selector"), encoded.index[rows], encoded.weights[rows], base
    )
    p = (scores.softmax(-1) * base.sigmoid()).sum(-1)
    y = tasks.labels[rows]
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


def outer_loss(
    networks: Mapping[str, Network],
    leaves: Mapping[str, Tensor],
    rates: Mapping[str, Tensor],
    tasks: TaskData,
    *,
    steps: int,
    second_order: bool,
    field_of_entry: Tensor,
    frozen_positions: tuple[int, ...] = (),
    scale=lambda rows, step: 1.0,
    inner_batch: int = 0,
) -> Tensor:
    """Mean over users of the query loss after `steps` gradient steps on the support; users without query count 0."""
    total = torch.zeros((), dtype=torch.float64)
    for user in range(tasks.users):
        support, query = _rows(tasks, user)
        mine = dict(leaves)
        if support.stop > support.start:
            for step in range(steps):
                factor = scale(support.stop - support.start, step)
                scaled = {name: rate * factor for name, rate in rates.items()}
                seen = _in_turn(support, step, inner_batch) if inner_batch else support
                mine = _step(
                    networks,
                    mine,
                    scaled,
                    tasks,
                    seen,
                    second_order,
                    field_of_entry,
                    frozen_positions,
                )
        total = total + mixture_loss(networks, mine, tasks, query)
    return total / tasks.users


def adapted(
    networks: Mapping[str, Network],
    leaves: Mapping[str, Tensor],
    rates: Mapping[str, Tensor],
    tasks: TaskData,
    rows: slice,
    *,
    steps: int,
    field_of_entry: Tensor,
) -> dict[str, Tensor]:
    """One user's leaves, whole tables, after so many gradient steps on the given rows; none where there are no rows."""
    mine = dict(leaves)
    for _ in range(steps if rows.stop > rows.start else 0):
        mine = _step(networks, mine, rates, tasks, rows, False, field_of_entry, ())
        mine = {name: value.detach().requires_grad_() for name, value in mine.items()}
    return mine


def _in_turn(support: slice, step: int, size: int) -> list[int]:
    """The rows of one step: `size` of the support, going round and round."""
    rows = list(range(support.start, support.stop))
    return [rows[(step * size + place) % len(rows)] for place in range(min(size, len(rows)))]


def _rows(tasks: TaskData, user: int) -> tuple[slice, slice]:
    return slice(tasks.ptr[user], tasks.cut[user]), slice(tasks.cut[user], tasks.ptr[user + 1])


def _step(networks, leaves, rates, tasks, support, second_order, field_of_entry, frozen_positions):
    loss = mixture_loss(networks, leaves, tasks, support)
    names = list(leaves)
    gradients = torch.autograd.grad(
        loss,
        [leaves[name] for name in names],
        create_graph=second_order,
        allow_unused=True,
        retain_graph=True,
    )
    moved = {}
    for name, gradient in zip(names, gradients, strict=True):
        if gradient is None:
            moved[name] = leaves[name]
            continue
        gradient = gradient if second_order else gradient.detach()
        rate = rates[name]
        if _is_table(networks, name):
            rate = F.embedding(field_of_entry, rate)  # (J, width): an entry's field gives its rate
            frozen = torch.from_numpy(np.isin(field_of_entry.numpy(), frozen_positions))
            rate = rate * (~frozen).to(rate.dtype).unsqueeze(-1)
        moved[name] = leaves[name] - rate * gradient
    return moved


def _is_table(networks, name: str) -> bool:
    network, leaf = name.split("/", 1)
    return leaf in networks[network].widths


def field_of_entry(interactions: Interactions) -> Tensor:
    """(J,) int64: position of the field that owns each joint entry."""
    sizes = [interactions.sizes[field.name] for field in interactions.fields]
    return torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
