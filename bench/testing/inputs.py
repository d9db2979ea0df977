"""Rows of the synthetic dataset as tensors in float64, as a network is called with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bench.data.views.rows import View
from bench.learn import Encoder, Network
from bench.learn.network.lookup import Rows
from bench.learn.network.row_index import RowIndex
from bench.testing.subject import Subject
from bench.testing.synthetic import MODELS

__all__ = ["Encoded", "OwnRows", "at", "encoded", "encoder", "own_dense", "own_rows"]


class Encoded(NamedTuple):
    """n rows: entries (n, E) of the joint index, weights (n, E - single), labels (n,) and base logits (n, K)."""

    entries: Tensor
    weights: Tensor
    labels: Tensor
    base_logits: Tensor


def encoder(subject: Subject) -> Encoder:
    """One that knows every value of the dataset."""
    return Encoder.fit(View(subject.interactions, torch.arange(len(subject.interactions)).numpy()))


def encoded(subject: Subject) -> Encoded:
    """The test users' rows, base logits drawn at random."""
    rows = subject.test_rows(subject.prepared.labels)
    found = encoder(subject).encode(rows)
    generator = torch.Generator().manual_seed(1)
    base_logits = torch.randn(len(rows), len(MODELS), generator=generator, dtype=torch.float64)
    return Encoded(
        found.index, found.weights.double(), torch.tensor(rows.labels).double(), base_logits
    )


class OwnRows(NamedTuple):
    """Rows of several users, looked up: every tensor has the user axis first."""

    rows: Rows
    weights: Tensor
    base_logits: Tensor | None

    def part(self, change: Callable[[Tensor], Tensor]) -> OwnRows:
        """The same with every tensor changed, e.g. one user's."""
        return OwnRows(
            Rows(
                {table: change(value) for table, value in self.rows.pooled.items()},
                {key: change(value) for key, value in self.rows.unpooled.items()},
            ),
            change(self.weights),
            None if self.base_logits is None else change(self.base_logits),
        )

    def arguments(self) -> tuple[Any, ...]:
        """What Network.call takes after the dense leaves; without base logits where there are none, for vmap's sake."""
        return tuple(value for value in self if value is not None)


def own_rows(subject: Subject, network: Network, users: int, rows: int) -> OwnRows:
    """So many users with so many rows each."""
    shaped = Encoded(
        *(
            values[: users * rows].reshape(users, rows, *values.shape[1:])
            for values in encoded(subject)
        )
    )
    index = RowIndex(shaped.entries, shaped.weights, network.layout, network.entries)
    looked_up = OwnRows(network.rows(index, network.leaves()), shaped.weights, shaped.base_logits)
    own = looked_up.part(Tensor.detach)
    return own if subject.is_selector else own._replace(base_logits=None)


def own_dense(network: Network, users: int) -> dict[str, Tensor]:
    """Dense leaves (users, *shape) that differ between users."""
    generator = torch.Generator().manual_seed(2)
    return {
        name: value.detach()
        + 0.1 * torch.randn(users, *value.shape, generator=generator, dtype=torch.float64)
        for name, value in network.leaves().items()
        if name not in network.widths
    }


def at(tensors: Mapping[str, Tensor], user: int) -> dict[str, Tensor]:
    """One user's own."""
    return {name: value[user] for name, value in tensors.items()}
