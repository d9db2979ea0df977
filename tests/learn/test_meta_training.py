"""The outer loop and prediction after adaptation: the laws that they keep."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.data.views.rows import TaskView
from bench.errors import PluginError
from bench.interfaces import Context, PluginParams
from bench.learn import FittedModel, Learnable, MetaLearned, adapt_and_predict, meta_train
from bench.learn.adaptation import meta_training
from bench.learn.adaptation import windows as windows_module
from bench.learn.adaptation.meta_training import outer_parameters
from bench.learn.adaptation.predicting import query_loss
from bench.settings import MetaTrainSettings, TrainSettings
from bench_metaselector.fine_tune import FineTune
from bench_metaselector.maml import MAML
from bench_metaselector.meta_sgd import MetaSGD
from tests.datasets import make_interactions
from tests.learn.parts import Deep, Gate, Linear, Pairwise, networks, task_data, tasks

SIZES = [(4, 2), (1, 1), (7, 3), (0, 4), (9, 1), (3, 3), (2, 2), (12, 3)]
RATES = {"selector": 0.7, "bias": 0.5, "dense": 0.2, "user": 0.6, "item": 0.4, "context": 0.3}


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=60, items=8, rows_per_user=12, seed=5
    )


def learnable_of(interactions, full=True):
    nets = networks(interactions, full=full)
    return Learnable(
        interactions, nets["selector"], {k: v for k, v in nets.items() if k != "selector"} or None
    )


def predict(interactions, view: TaskView, rule, full=True):
    learnable = learnable_of(interactions, full)
    return adapt_and_predict(
        rule, learnable, outer_parameters(rule, learnable), task_data(interactions, view, full=full)
    )


def maml(rates=None, steps=3):
    return MAML(MAML.Params(inner_steps=steps, rates=rates or RATES))


def none_of(rates):
    return dict.fromkeys(rates, 0.0)


def test_rate_zero_changes_nothing_bit_for_bit(interactions):
    view = tasks(interactions, SIZES)
    still = predict(interactions, view, maml(none_of(RATES)))
    unadapted = predict(interactions, view, maml(steps=0))
    assert still.logits.tobytes() == unadapted.logits.tobytes()


def test_empty_support_is_unadapted_bit_for_bit(interactions):
    empty = tasks(interactions, [(0, 3), (0, 2)])
    assert predict(interactions, empty, maml()).logits.tobytes() == (
        predict(interactions, empty, maml(steps=0)).logits.tobytes()
    )


def trained(interactions, threads):
    """Outer parameters after two epochs, and predictions, on so many threads."""
    rule = MetaSGD(MetaSGD.Params(inner_steps=2, rates=RATES))
    learnable = learnable_of(interactions)
    data = task_data(interactions, tasks(interactions, SIZES * 3), full=True)
    outer, history = meta_train(
        rule, learnable, data, data, MetaTrainSettings(users=9, epochs=2), seed=0, threads=threads
    )
    return outer, history, adapt_and_predict(rule, learnable, outer, data, threads)


def test_threads_change_nothing(interactions, monkeypatch):
    monkeypatch.setattr(windows_module, "CHUNK_USERS", 2)
    one, history, predicted = trained(interactions, 1)
    two, other_history, other = trained(interactions, 3)
    assert history == other_history
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    assert predicted.logits.tobytes() == other.logits.tobytes()
    assert predicted.weights.tobytes() == other.weights.tobytes()


def test_adaptation_moves_predictions(interactions):
    view = tasks(interactions, SIZES)
    assert (
        np.abs(
            predict(interactions, view, maml()).logits
            - predict(interactions, view, maml(steps=0)).logits
        ).max()
        > 1e-3
    )


def test_weights_are_on_the_simplex(interactions):
    adapted = predict(interactions, tasks(interactions, SIZES), maml())
    assert adapted.weights.shape == (19, 3)
    np.testing.assert_allclose(adapted.weights.sum(1), 1, atol=1e-6)


def test_query_labels_are_not_read(interactions):
    labelled, withheld = tasks(interactions, SIZES), tasks(interactions, SIZES, labelled=False)
    assert predict(interactions, labelled, maml()).logits.tobytes() == (
        predict(interactions, withheld, maml()).logits.tobytes()
    )


@pytest.mark.parametrize(("users", "rows"), [(1, 10), (3, 40), (64, 100_000)])
def test_chunks_change_nothing(interactions, monkeypatch, users, rows):
    """Padding, and who is padded with whom, moves float64 results by rounding alone."""
    view = tasks(interactions, SIZES)
    data, learnable, rule = (
        task_data(interactions, view, full=True),
        learnable_of(interactions),
        maml(),
    )
    outer = outer_parameters(rule, learnable)
    expected = query_loss(rule, learnable, outer, data)
    monkeypatch.setattr(windows_module, "CHUNK_USERS", users)
    monkeypatch.setattr(windows_module, "CHUNK_ROWS", rows)
    assert query_loss(rule, learnable, outer, data) == pytest.approx(expected, rel=1e-12)


def test_other_users_change_nothing(interactions):
    """A user's prediction is the same alone and among others: a permutation of users permutes the predictions."""
    alone = [
        predict(interactions, _only(tasks(interactions, SIZES), user), maml()).logits
        for user in range(len(SIZES))
    ]
    together = predict(interactions, tasks(interactions, SIZES), maml()).logits
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-6)


def _only(view: TaskView, user: int) -> TaskView:
    s, q = slice(*view.support_ptr[user : user + 2]), slice(*view.query_ptr[user : user + 2])
    return TaskView(
        view.models,
        view.support.take(np.arange(s.start, s.stop)),
        view.query.take(np.arange(q.start, q.stop)),
        np.array([0, s.stop - s.start]),
        np.array([0, q.stop - q.start]),
        view.support_base_logits[s],
        view.query_base_logits[q],
    )


@pytest.mark.parametrize(
    "rule", [maml(), MetaSGD(MetaSGD.Params(inner_steps=2, rates=RATES))], ids=lambda r: r.name
)
def test_meta_training_lowers_the_validation_loss_and_keeps_the_best(interactions, rule):
    data = task_data(interactions, tasks(interactions, SIZES * 3), full=True)
    learnable = learnable_of(interactions)
    settings = MetaTrainSettings(users=6, learning_rate=3e-2, base_learning_rate=1e-2, epochs=4)
    outer, history = meta_train(rule, learnable, data, data, settings, seed=0)
    assert min(history.valid_logloss) < history.valid_logloss[0] - 0.02
    assert query_loss(rule, learnable, outer, data) == pytest.approx(
        min(history.valid_logloss), rel=1e-12
    )


def test_steps_that_do_harm_are_not_kept(interactions):
    data = task_data(interactions, tasks(interactions, SIZES), full=True)
    learnable, rule = learnable_of(interactions), maml()
    start = {name: value.detach().clone() for name, value in learnable.parameters().items()}
    settings = MetaTrainSettings(learning_rate=10.0, base_learning_rate=10.0, epochs=2)
    outer, history = meta_train(rule, learnable, data, data, settings, seed=0)
    assert history.best_epoch == 0
    assert all(torch.equal(outer[name], value) for name, value in start.items())


def test_a_learned_name_that_is_a_leaf_is_refused(interactions):
    class Clash(MAML):
        def learned(self, learnable):
            return {"deep/factors": torch.ones(())}

    with pytest.raises(PluginError, match="'deep/factors' has the name of a leaf; rename it"):
        outer_parameters(Clash(MAML.Params()), learnable_of(interactions))


@pytest.mark.parametrize("full", [False, True], ids=["simplified", "full"])
@pytest.mark.parametrize("rule", [MetaSGD, FineTune], ids=lambda rule: rule.name)
def test_a_method_from_fit_to_prediction(interactions, tmp_path, rule, full):
    """The way a suite goes: base models fitted, selector as gating, then the rule; twice the same bytes."""
    view, context = tasks(interactions, SIZES * 2), Context(1, 1, "cpu", tmp_path)
    found = []
    for _ in range(2):
        pool = {name: _fitted(kind, view, context) for name, kind in POOL.items()} if full else None
        method = MetaLearned(
            rule,
            rule.Params(inner_steps=2 if rule is MetaSGD else (1, 2)),
            Gate(PluginParams()),
            TrainSettings(epochs=1),
            MetaTrainSettings(epochs=1),
            pool=pool,
        )
        method.fit(view, view, context)
        found.append(method.predict(view.without_query_labels()))
    assert (found[0].weights is None) == full
    for one, other in zip(found[0], found[1], strict=True):
        assert (one is None and other is None) or one.tobytes() == other.tobytes()
    if rule is FineTune:
        assert method.details["candidates"] == 18
        assert len(method.details["chosen"]["inner_steps"]) == 1


POOL = {"linear": Linear, "pairwise": Pairwise, "deep": Deep}


def _fitted(kind, view: TaskView, context: Context) -> FittedModel:
    model = FittedModel(kind(PluginParams()), TrainSettings(epochs=1))
    model.fit(view.support, view.query, context)
    return model


def test_at_a_tie_with_the_start_the_start_is_kept(interactions, monkeypatch):
    """As `best_epoch` says."""
    data = task_data(interactions, tasks(interactions, SIZES), full=True)
    learnable, rule = learnable_of(interactions), maml()
    start = {name: value.detach().clone() for name, value in learnable.parameters().items()}
    monkeypatch.setattr(meta_training, "query_loss", lambda *_: 0.5)
    outer, history = meta_train(rule, learnable, data, data, MetaTrainSettings(epochs=2), seed=0)
    assert (history.epochs, history.best_epoch) == (2, 0)
    assert all(torch.equal(outer[name], value) for name, value in start.items())
