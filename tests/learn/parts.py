"""Small differentiable plugins and tasks over them, for tests of the learning code. Models here are written as a stranger
would write them; the built-in ones have tests of their own."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView, View
from bench.interfaces import PluginParams
from bench.learn import (
    DifferentiableModel,
    DifferentiableSelector,
    Encoder,
    Network,
    TaskData,
    build_model,
    build_selector,
)


class Linear(DifferentiableModel):
    """A weight an entry."""

    name = "linear"

    def build(self, fields):
        pass

    def tables(self):
        return {"linear": 1}

    def forward(self, rows):
        return rows["linear"].sum((-2, -1))


class Pairwise(DifferentiableModel):
    """Inner products of the fields' vectors."""

    name = "pairwise"

    def build(self, fields):
        pass

    def tables(self):
        return {"linear": 1, "factors": 3}

    def forward(self, rows):
        v = rows["factors"]
        return rows["linear"].sum((-2, -1)) + (v.sum(-2).square() - v.square().sum(-2)).sum(-1) / 2


class Deep(DifferentiableModel):
    """A two-layer network on the fields' vectors."""

    name = "deep"

    def build(self, fields):
        self.net = nn.Sequential(nn.Linear(2 * len(fields), 5), nn.Tanh(), nn.Linear(5, 1))

    def tables(self):
        return {"factors": 2}

    def forward(self, rows):
        return self.net(rows["factors"].flatten(-2)).squeeze(-1)


class Gate(DifferentiableSelector):
    """A two-layer network on the fields' vectors and the base logits."""

    name = "gate"

    def build(self, fields, models):
        self.net = nn.Sequential(
            nn.Linear(2 * len(fields) + len(models), 4), nn.Tanh(), nn.Linear(4, len(models))
        )

    def tables(self):
        return {"embedding": 2}

    def forward(self, rows):
        return self.net(torch.cat([rows["embedding"].flatten(-2), rows.base_logits], dim=-1))


def networks(interactions: Interactions, *, full: bool, scale: float = 0.5) -> dict[str, Network]:
    """A selector under "selector" and, if full, three base models: float64, parameters well away from zero."""
    models = ("linear", "pairwise", "deep")
    built = {"selector": build_selector(Gate(PluginParams()), interactions, models, seed=1)}
    if full:
        for seed, kind in enumerate((Linear, Pairwise, Deep), start=2):
            built[kind.name] = build_model(kind(PluginParams()), interactions, seed=seed)
    generator = torch.Generator().manual_seed(0)
    for network in built.values():
        network.double()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter += scale * torch.randn(
                    parameter.shape, generator=generator, dtype=torch.float64
                )
    return built


def tasks(
    interactions: Interactions,
    sizes: list[tuple[int, int]],
    *,
    hide_users: bool = False,
    labelled: bool = True,
) -> TaskView:
    """A task a user: `sizes` are (support rows, query rows), each taken from the next user who has as many."""
    labels = interactions.labels()
    starts = np.asarray(interactions.user_ptr)[_users_with([s + q for s, q in sizes], interactions)]
    support = np.concatenate([np.arange(a, a + s) for a, (s, _) in zip(starts, sizes, strict=True)])
    query = np.concatenate(
        [np.arange(a + s, a + s + q) for a, (s, q) in zip(starts, sizes, strict=True)]
    )
    generator = np.random.default_rng(0)
    return TaskView(
        models=("linear", "pairwise", "deep"),
        support=View(interactions, support, labels[support], hide_users),
        query=View(interactions, query, labels[query] if labelled else None, hide_users),
        support_ptr=np.concatenate([[0], np.cumsum([s for s, _ in sizes])]),
        query_ptr=np.concatenate([[0], np.cumsum([q for _, q in sizes])]),
        support_base_logits=generator.normal(size=(len(support), 3)).astype(np.float32),
        query_base_logits=generator.normal(size=(len(query), 3)).astype(np.float32),
    )


def _users_with(rows: list[int], interactions: Interactions) -> list[int]:
    lengths = np.diff(interactions.user_ptr)
    chosen: list[int] = []
    for wanted in rows:
        first = chosen[-1] + 1 if chosen else 0
        chosen.append(first + int(np.flatnonzero(lengths[first:] >= wanted)[0]))
    return chosen


def task_data(
    interactions: Interactions, view: TaskView, *, full: bool, dtype: torch.dtype = torch.float64
) -> TaskData:
    """The tasks, encoded as if every row of the dataset had been trained on."""
    everything = View(interactions, np.arange(len(interactions)))
    encoder = Encoder.fit(everything)
    return TaskData.of(view, encoder, encoder if full else None, dtype)
