"""Laws that every base model of the pool keeps."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import vmap

from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.interfaces import Context, Model
from bench.learn import DifferentiableModel, Encoder, FittedModel, Network
from bench.learn.network.lookup import Rows
from bench.learn.network.row_index import RowIndex
from bench.settings import TrainSettings
from bench_ctr.autoint import AutoInt
from bench_ctr.dcn_v2 import DCNv2
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.gbdt import GBDT
from bench_ctr.lr import LR
from bench_ctr.mean import Mean
from tests.datasets import make_interactions
from tests.plugins.bench_ctr.oracle import everything, random_network


def models() -> list[DifferentiableModel]:
    return [
        LR(LR.Params()),
        FM(FM.Params(embedding_dim=3)),
        FFM(FFM.Params(embedding_dim=2)),
        DeepFM(DeepFM.Params(embedding_dim=3, hidden=(4, 3))),
        DCNv2(DCNv2.Params(embedding_dim=2, rank=2, hidden=(3,))),
        AutoInt(AutoInt.Params(embedding_dim=2, head_dim=1)),
    ]


def plain_models() -> list[Model]:
    return [GBDT(GBDT.Params()), Mean(Mean.Params())]


each_model = pytest.mark.parametrize("plugin", models(), ids=lambda plugin: plugin.name)


def one_user(
    network: Network, interactions: Interactions, user: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Pooled rows (4, F, width) of every table, and weights (4, E - single): a user's first four interactions."""
    start = int(interactions.user_ptr[user])
    rows = everything(interactions)
    encoded = Encoder.fit(rows).encode(rows.take(np.arange(start, start + 4)))
    weights = encoded.weights.double()
    index = RowIndex(encoded.index, weights, network.layout, network.entries)
    return {name: index.pooled(table.detach()) for name, table in network.tables.items()}, weights


def users_with_four_rows(interactions: Interactions) -> list[int]:
    return [int(user) for user in np.flatnonzero(np.diff(interactions.user_ptr) >= 4)]


def dense_leaves(network: Network) -> dict[str, Tensor]:
    return {
        name: leaf.detach() for name, leaf in network.leaves().items() if name not in network.widths
    }


@each_model
def test_mapped_over_users_it_is_the_same_function(
    plugin: DifferentiableModel, interactions: Interactions
) -> None:
    network = random_network(plugin, interactions, 1)
    dense = dense_leaves(network)
    users = [
        one_user(network, interactions, user) for user in users_with_four_rows(interactions)[:3]
    ]
    alone = torch.stack(
        [network.call(dense, Rows(tables, {}), weights) for tables, weights in users]
    )
    tables = {name: torch.stack([own[name] for own, _ in users]) for name in network.widths}
    mapped = vmap(network.call, in_dims=(None, 0, 0))(
        dense, Rows(tables, {}), torch.stack([weights for _, weights in users])
    )
    assert alone.shape == (3, 4)
    torch.testing.assert_close(mapped, alone, rtol=1e-12, atol=1e-12)


@each_model
def test_first_and_second_derivatives_are_those_of_the_function(
    plugin: DifferentiableModel, interactions: Interactions
) -> None:
    network = random_network(plugin, interactions, 2)
    tables, weights = one_user(network, interactions, users_with_four_rows(interactions)[0])
    dense = dense_leaves(network)
    names = [*dense, *tables]

    def loss(*leaves: Tensor) -> Tensor:
        given = dict(zip(names, leaves, strict=True))
        rows = Rows({name: given[name] for name in tables}, {})
        logits = network.call({name: given[name] for name in dense}, rows, weights)
        return torch.nn.functional.softplus(
            logits / 4
        ).mean()  # curved, so that linear models have second derivatives

    leaves = [leaf.clone() for leaf in (*dense.values(), *tables.values())]
    inputs = tuple(leaf.requires_grad_() for leaf in leaves)
    assert torch.autograd.gradcheck(loss, inputs)
    assert torch.autograd.gradgradcheck(loss, inputs)


@pytest.mark.parametrize("plugin", [*models(), *plain_models()], ids=lambda plugin: plugin.name)
def test_it_learns(plugin: DifferentiableModel | Model, tmp_path: Path) -> None:
    """Beyond the base rate on rows that it has not seen."""
    interactions = make_interactions(tmp_path, users=60, items=20, rows_per_user=30, seed=1)
    labels, held_out = interactions.labels(), np.arange(len(interactions)) % 5 == 0
    train, valid = (
        View(interactions, rows, labels[rows])
        for rows in map(np.flatnonzero, (~held_out, held_out))
    )
    settings = TrainSettings(batch_size=64, learning_rate=2e-2, epochs=20, l2=0.05)
    model = FittedModel(plugin, settings) if isinstance(plugin, DifferentiableModel) else plugin
    model.fit(train, valid, Context(seed=0, threads=1, device="cpu", scratch=tmp_path))
    rate = float(labels[~held_out].mean())
    base_rate_loss = -float(np.where(labels[held_out], math.log(rate), math.log(1 - rate)).mean())
    logits = model.predict(valid.without_labels())
    assert logits.dtype in (np.float32, np.float64)
    assert np.isfinite(logits).all()
    assert (
        np.logaddexp(0, np.where(labels[held_out], -logits, logits)).mean() < 0.9 * base_rate_loss
    )


@pytest.mark.parametrize(
    ("params", "value"),
    [
        (FM.Params, {"embedding_dim": 0}),
        (FFM.Params, {"embedding_dim": 0}),
        (DeepFM.Params, {"hidden": ()}),
        (DeepFM.Params, {"hidden": (0,)}),
        (DeepFM.Params, {"dropout": 1.0}),
        (DCNv2.Params, {"structure": "beside"}),
        (DCNv2.Params, {"hidden": (0,)}),
        (DCNv2.Params, {"layers": 0}),
        (AutoInt.Params, {"heads": 0}),
        (GBDT.Params, {"learning_rate": 0.0}),
        (GBDT.Params, {"id_columns": -1}),
        (Mean.Params, {"strengths": ()}),
        (Mean.Params, {"strengths": (0.0,)}),
        (LR.Params, {"embedding_dim": 4}),
    ],
)
def test_settings_out_of_range_are_refused(params: type, value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(value))):
        params(**value)


@pytest.mark.parametrize("plugin", [*models(), *plain_models()], ids=lambda plugin: plugin.name)
def test_every_setting_says_what_it_is(plugin: DifferentiableModel | Model) -> None:
    assert all(field.description for field in type(plugin).Params.model_fields.values())
    assert (type(plugin).__doc__ or "").splitlines()[0]
