from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import vmap

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView, View
from bench.learn import Encoder, Gating, Network, build_selector
from bench.learn.network.lookup import Rows
from bench.learn.network.row_index import RowIndex
from bench.settings import TrainSettings
from bench_baselines._losses import average_logits, log_losses
from bench_baselines.mlp import MLP
from tests.datasets import make_interactions
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks

MODELS = ("a", "b", "c")
Row = tuple[Rows, Tensor, Tensor]


def random_selector(interactions: Interactions, hidden: tuple[int, ...] = (5,)) -> Network:
    """float64, every parameter of order 1."""
    network = build_selector(
        MLP(MLP.Params(embedding_dim=2, hidden=hidden)), interactions, MODELS, seed=0
    ).double()
    generator = torch.Generator().manual_seed(0)
    for leaf in network.leaves().values():
        leaf.data.copy_(torch.randn(leaf.shape, generator=generator, dtype=torch.float64) / 2)
    return network.eval()


def first_rows(network: Network, interactions: Interactions, user: int) -> Row:
    """Looked-up rows, weights and base logits of a user's first three interactions."""
    start = int(interactions.user_ptr[user])
    rows = View(interactions, np.arange(len(interactions)))
    encoded = Encoder.fit(rows).encode(rows.take(np.arange(start, start + 3)))
    logits = (
        torch.randn(3, 3, generator=torch.Generator().manual_seed(user), dtype=torch.float64) * 5
    )
    weights = encoded.weights.double()
    index = RowIndex(encoded.index, weights, network.layout, network.entries)
    return (
        Rows({"embeddings": index.pooled(network.tables["embeddings"].detach())}, {}),
        weights,
        logits,
    )


def dense_leaves(network: Network) -> dict[str, Tensor]:
    return {
        name: leaf.detach() for name, leaf in network.leaves().items() if name not in network.widths
    }


def long_users(interactions: Interactions) -> list[int]:
    return [int(user) for user in np.flatnonzero(np.diff(interactions.user_ptr) >= 3)[:4]]


def test_scores_are_those_of_the_mlp_unit_by_unit(interactions: Interactions) -> None:
    network = random_selector(interactions, hidden=(4, 3))
    tables, weights, logits = first_rows(network, interactions, long_users(interactions)[0])
    dense = {name: leaf.numpy() for name, leaf in dense_leaves(network).items()}
    scores = network.call(dense_leaves(network), tables, weights, logits).numpy()
    for row in range(3):
        units = np.concatenate(
            [tables.pooled["embeddings"][row].numpy().ravel(), logits[row].numpy()]
        )
        for layer in (0, 2):
            units = np.maximum(
                dense[f"scores.{layer}.weight"] @ units + dense[f"scores.{layer}.bias"], 0
            )
        np.testing.assert_allclose(
            scores[row], dense["scores.4.weight"] @ units + dense["scores.4.bias"], rtol=1e-12
        )


def test_before_training_it_is_the_average(interactions: Interactions) -> None:
    network = build_selector(MLP(MLP.Params()), interactions, MODELS, seed=1).double().eval()
    tables, weights, logits = first_rows(network, interactions, long_users(interactions)[0])
    scores = network.call(dense_leaves(network), tables, weights, logits)
    torch.testing.assert_close(scores.softmax(-1), torch.full((3, 3), 1 / 3, dtype=torch.float64))


@pytest.mark.parametrize("hidden", [(), (5,)])
def test_mapped_over_users_it_is_the_same_function(
    interactions: Interactions, hidden: tuple[int, ...]
) -> None:
    network = random_selector(interactions, hidden)
    dense = dense_leaves(network)
    users = [first_rows(network, interactions, user) for user in long_users(interactions)]
    alone = torch.stack([network.call(dense, *row) for row in users])
    tables = Rows(
        {"embeddings": torch.stack([own.pooled["embeddings"] for own, _, _ in users])}, {}
    )
    weights, logits = (torch.stack([row[position] for row in users]) for position in (1, 2))
    mapped = vmap(network.call, in_dims=(None, 0, 0, 0))(dense, tables, weights, logits)
    torch.testing.assert_close(mapped, alone, rtol=1e-12, atol=1e-12)


def test_first_and_second_derivatives_are_those_of_the_function(interactions: Interactions) -> None:
    network = random_selector(interactions)
    tables, weights, logits = first_rows(network, interactions, long_users(interactions)[0])
    dense = dense_leaves(network)

    def loss(embeddings: Tensor, base_logits: Tensor, *leaves: Tensor) -> Tensor:
        given = dict(zip(dense, leaves, strict=True))
        return (
            network.call(given, Rows({"embeddings": embeddings}, {}), weights, base_logits)
            .logsumexp(-1)
            .mean()
        )

    inputs = tuple(
        leaf.clone().requires_grad_()
        for leaf in (tables.pooled["embeddings"], logits, *dense.values())
    )
    assert torch.autograd.gradcheck(loss, inputs)
    assert torch.autograd.gradgradcheck(loss, inputs)


def test_trained_row_by_row_it_finds_which_model_to_trust_where(tmp_path: Path) -> None:
    """Two models, each right for half of the segments and guessing for the others."""
    interactions = make_interactions(tmp_path, users=80, items=15, rows_per_user=30, seed=4)
    rng = np.random.default_rng(0)
    segment = View(interactions, np.arange(len(interactions))).codes("segment")
    right = 3 * (2.0 * interactions.labels() - 1) + rng.normal(size=len(interactions))
    guess = 2 * rng.normal(size=len(interactions))
    first = segment <= 2
    base_logits = np.stack([np.where(first, right, guess), np.where(first, guess, right)], axis=1)
    train, valid, test = (
        make_tasks(interactions, np.arange(*ends), base_logits, support_share=0.2)
        for ends in ((1, 50), (50, 65), (65, 80))
    )
    gating = Gating(MLP(MLP.Params()), TrainSettings(batch_size=64, learning_rate=1e-2, epochs=10))
    gating.fit(train, valid, CONTEXT)
    weights = gating.predict(test.without_query_labels()).weights
    assert weights is not None
    assert weights.shape == (len(test.query), 2)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    trusted = np.where(test.query.codes("segment") <= 2, weights[:, 0], weights[:, 1])
    assert trusted.mean() > 0.9
    assert _mixture_loss(test, weights) < 0.5 * _average_loss(test)


def _mixture_loss(tasks: TaskView, weights: np.ndarray) -> float:
    p = (weights / (1 + np.exp(-tasks.query_base_logits.astype(np.float64)))).sum(axis=1)
    return float(-np.log(np.where(tasks.query.labels == 1, p, 1 - p)).mean())


def _average_loss(tasks: TaskView) -> float:
    assert tasks.query.labels is not None
    return float(log_losses(average_logits(tasks.query_base_logits), tasks.query.labels).mean())
