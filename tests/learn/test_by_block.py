"""Rows that are handed out by block, and lie in files, give what rows in memory as a whole give: to the bit."""

import dataclasses

import numpy as np
import pytest
import torch

from bench.data import paged
from bench.data.paged import paging
from bench.data.views.rows import TaskView, View
from bench.interfaces import Context
from bench.learn import Encoder, FittedModel, Gating, MetaLearned, TaskData
from bench.learn.network import slices
from bench.learn.network.draws import Hidden, draw
from bench.settings import MetaTrainSettings, TrainSettings
from bench_baselines.mlp import MLP
from bench_ctr.deepfm import DeepFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR
from bench_metaselector.meta_sgd import MetaSGD
from tests.datasets import make_interactions
from tests.learn.parts import tasks

SETTINGS = TrainSettings(batch_size=16, epochs=3)
MODELS = {
    "lr": lambda: LR(LR.Params()),
    "fm": lambda: FM(FM.Params(embedding_dim=3)),
    "deepfm": lambda: DeepFM(DeepFM.Params(embedding_dim=3, hidden=(4,))),
}


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(tmp_path_factory.mktemp("data"), users=30, rows_per_user=20, seed=3)


def both_ways(monkeypatch, folder, work):
    """What the work gives in memory as a whole, and in files by block. In both, torch's products are of few rows."""
    monkeypatch.setattr(slices, "ROWS", 7)
    whole = work()
    monkeypatch.setattr(paged, "LARGE", 1)
    monkeypatch.setattr(paged, "BLOCK", 7)
    with paging(folder):
        return whole, work()


def test_a_block_is_predicted_in_the_slices_of_the_whole():
    assert paged.BLOCK % slices.ROWS == 0


def context(folder):
    return Context(0, 1, "cpu", folder)


@pytest.mark.parametrize("id_dropout", [0.0, 0.3])
@pytest.mark.parametrize("model", MODELS)
def test_a_base_model(interactions, tmp_path, monkeypatch, model, id_dropout):
    rows, labels = np.arange(len(interactions)), np.array(interactions.labels())
    train, valid = rows % 5 != 0, rows % 5 == 0

    def work():
        fitted = FittedModel(MODELS[model](), SETTINGS, id_dropout)
        fitted.fit(
            View(interactions, rows[train], labels[train]),
            View(interactions, rows[valid], labels[valid]),
            context(tmp_path),
        )
        return fitted.predict(View(interactions, rows)), fitted.history

    (whole, told), (by_block, told_by_block) = both_ways(monkeypatch, tmp_path, work)
    assert np.ptp(whole) > 0
    np.testing.assert_array_equal(by_block, whole)
    assert told_by_block == told


@pytest.mark.parametrize("kind", ["gating", "simplified", "full"])
def test_a_selector(interactions, tmp_path, monkeypatch, kind):
    found = tasks(interactions, [(9, 3), (0, 2), (7, 4), (5, 2), (8, 1)])
    rows, labels = np.arange(len(interactions)), np.array(interactions.labels())

    def pool():
        fitted = {name: FittedModel(MODELS[name](), SETTINGS) for name in MODELS}
        for model in fitted.values():
            every = View(interactions, rows, labels)
            model.fit(every, every, context(tmp_path))
        return fitted

    def work():
        selector = MLP(MLP.Params(embedding_dim=3, hidden=(4,)))
        method = (
            Gating(selector, SETTINGS)
            if kind == "gating"
            else MetaLearned(
                MetaSGD, MetaSGD.Params(), selector, SETTINGS, MetaTrainSettings(users=2, epochs=2),
                pool=pool() if kind == "full" else None,
                adapt=("selector", "base_models") if kind == "full" else ("selector",),
            )
        )  # fmt: skip
        method.fit(found, found, context(tmp_path))
        given = method.predict(found.without_query_labels())
        return given.weights if given.logits is None else given.logits

    whole, by_block = both_ways(monkeypatch, tmp_path, work)
    assert np.ptp(whole) > 0
    np.testing.assert_array_equal(by_block, whole)


@pytest.mark.parametrize("owner", ["user", "item", "row"])
def test_bags_by_block(interactions, tmp_path, monkeypatch, owner):
    """Of each kind of owner; a block's rows have few of all bags."""
    (field, bags), *_ = interactions.bags.items()
    count = {"user": interactions.users, "item": interactions.items}
    owners = len(interactions) if owner == "row" else int(count[owner].max()) + 1
    lengths = np.random.default_rng(0).integers(0, 4, owners)
    ptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    codes = np.random.default_rng(1).integers(0, interactions.sizes[field], ptr[-1])
    other = dataclasses.replace(interactions)
    other.__dict__["bags"] = {
        field: bags._replace(owner=owner, ptr=ptr, codes=codes.astype(np.int32))
    }
    rows = np.arange(len(other))[::2]
    encoder = Encoder.fit(View(other, rows[: len(rows) // 2]))

    def work():
        found = encoder.encode(View(other, rows))
        return found.index.numpy().copy(), found.weights.numpy().copy()

    whole, by_block = both_ways(monkeypatch, tmp_path, work)
    np.testing.assert_array_equal(by_block[0], whole[0])
    np.testing.assert_array_equal(by_block[1], whole[1])
    span = encoder.layout.span(field)
    whose = View(other, rows).owners(field)
    first = encoder.layout.single
    for row, its in enumerate(whose):
        own = other.offsets[field] + codes[ptr[its] : ptr[its + 1]]
        known = np.where(encoder.seen[own], own, other.offsets[field])
        assert whole[0][row, span][: len(own)].tolist() == known.tolist()
        weights = whole[1][row, span.start - first : span.stop - first]
        assert weights[len(own) :].tolist() == [0] * (len(weights) - len(own))


def test_draws_are_torch_s_own(tmp_path, monkeypatch):
    """The order, then a chance a row, batch by batch."""
    generator = torch.Generator().manual_seed(5)
    order = torch.randperm(23, generator=generator)
    chances = torch.cat([torch.rand(len(part), generator=generator) for part in order.split(4)])

    def work():
        return draw(23, 4, Hidden(0, 0, 0.4), torch.Generator().manual_seed(5))

    for found in both_ways(monkeypatch, tmp_path, work):
        assert found.order.tolist() == order.tolist()
        assert found.hides.tolist() == (chances < 0.4).int().tolist()


def test_support_that_lies_among_the_query_in_time_stays_support(interactions):
    """As where a method is calibrated: each part of the support is predicted by the rest of it, later rows among that."""
    found = tasks(interactions, [(8, 2), (6, 2)])
    asked = np.arange(len(found.support)) % 3 == 1
    of_user = np.repeat([0, 1], np.diff(found.support_ptr))
    ptr = [np.cumsum([0, *np.bincount(of_user[part])]) for part in (~asked, asked)]
    parted = TaskView(
        models=found.models,
        support=found.support.take(~asked),
        query=found.support.take(asked).without_labels(),
        support_ptr=ptr[0],
        query_ptr=ptr[1],
        support_base_logits=found.support_base_logits[~asked],
        query_base_logits=found.support_base_logits[asked],
    )
    data = TaskData.of(parted, Encoder.fit(found.support))
    assert data.view is not None
    for user in range(2):
        support, query = (
            slice(*bounds)
            for bounds in ((data.ptr[user], data.cut[user]), (data.cut[user], data.ptr[user + 1]))
        )
        own = of_user == user
        for part, rows in ((support, own & ~asked), (query, own & asked)):
            assert data.view.index[part].tolist() == found.support.index[rows].tolist()
            assert data.base_logits[part].tolist() == found.support_base_logits[rows].tolist()
        assert data.labels[support].tolist() == found.support.labels[own & ~asked].tolist()
        assert not data.labels[query].any(), "withheld"
