from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView, View
from bench_baselines._losses import mean_mixture_loss
from bench_baselines._perceptron import Perceptron
from bench_baselines.context_gate import ContextGate
from tests.plugins.bench_baselines.kinds import Kinds, draw_kinds
from tests.plugins.bench_baselines.parts import CONTEXT

FAST = {"batch_size": 32, "learning_rate": 1e-2, "epochs": 15}


def fitted(train: TaskView, valid: TaskView, **params: object) -> ContextGate:
    selector = ContextGate(ContextGate.Params.model_validate({**FAST, **params}))
    selector.fit(train, valid, CONTEXT)
    return selector


def weights_of(selector: ContextGate, tasks: TaskView) -> np.ndarray:
    weights = selector.predict(tasks).weights
    assert weights is not None
    return weights


@pytest.fixture(scope="module")
def kinds(interactions: Interactions) -> Kinds:
    return draw_kinds(interactions)


def average_loss(tasks: TaskView) -> float:
    models = len(tasks.models)
    return mean_mixture_loss(np.full((len(tasks.query), models), 1 / models), tasks)


def without_support(tasks: TaskView) -> TaskView:
    """The same query; nobody has support."""
    nothing = np.empty(0, dtype=np.int64)
    return TaskView(
        tasks.models,
        View(tasks.support.interactions, nothing, np.empty(0, dtype=np.uint8)),
        tasks.query,
        np.zeros_like(tasks.support_ptr),
        tasks.query_ptr,
        tasks.support_base_logits[:0],
        tasks.query_base_logits,
    )


def test_it_finds_from_the_support_whom_to_trust(kinds: Kinds) -> None:
    selector = fitted(kinds.train, kinds.valid)
    weights = weights_of(selector, kinds.test)
    assert np.where(kinds.first, *weights.T).mean() > 0.8
    assert mean_mixture_loss(weights, kinds.test) < 0.5 * average_loss(kinds.test)


def test_trained_without_support_too_it_does_no_harm_where_there_is_none(kinds: Kinds) -> None:
    test = without_support(kinds.test)
    losses = {
        share: mean_mixture_loss(
            weights_of(fitted(kinds.train, kinds.valid, support_dropout=share), test), test
        )
        for share in (0.0, 0.3)
    }
    assert losses[0.3] < 1.02 * average_loss(test)
    assert losses[0.3] < losses[0.0]


def test_the_epoch_that_is_kept_is_the_best_on_validation_users_query(kinds: Kinds) -> None:
    selector = fitted(kinds.train, kinds.valid, learning_rate=0.1, patience=2)
    history = selector.history
    assert 0 < history.best_epoch < history.epochs == history.best_epoch + 2
    assert history.valid_logloss[history.best_epoch - 1] == min(history.valid_logloss)
    found = mean_mixture_loss(weights_of(selector, kinds.valid), kinds.valid)
    np.testing.assert_allclose(found, min(history.valid_logloss), rtol=1e-5)
    assert history.rows == history.epochs * len(kinds.train.query)
    assert selector.details == {"candidates": history.epochs + 1}


def test_where_every_epoch_does_worse_it_stays_the_average(kinds: Kinds) -> None:
    """Validation users for whom the opposite holds of what can be learned."""
    labels = kinds.valid.query.labels
    assert labels is not None
    query = View(kinds.valid.query.interactions, kinds.valid.query.index, 1 - labels)
    opposite = TaskView(
        kinds.valid.models,
        kinds.valid.support,
        query,
        kinds.valid.support_ptr,
        kinds.valid.query_ptr,
        kinds.valid.support_base_logits,
        kinds.valid.query_base_logits,
    )
    selector = fitted(kinds.train, opposite)
    assert selector.history.best_epoch == 0
    assert selector.history.epochs == selector.params.patience
    np.testing.assert_array_equal(
        weights_of(selector, kinds.test), np.full((len(kinds.test.query), 2), 0.5)
    )


@pytest.mark.parametrize("widths", [(3, 2), (3, 5, 4, 2)])
def test_the_perceptron_is_the_product_of_its_layers(widths: tuple[int, ...]) -> None:
    network = Perceptron(widths, torch.Generator().manual_seed(1))
    inputs = torch.randn(7, 3, generator=torch.Generator().manual_seed(2))
    assert (network(inputs) == 0).all()
    with torch.no_grad():
        network.weights[-1].fill_(0.5)
        network.biases[-1].fill_(-0.25)
    expected = inputs.double().numpy()
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        expected = expected @ weight.detach().numpy().T + bias.detach().numpy()
        expected = expected if layer == len(network.weights) - 1 else np.maximum(expected, 0)
    np.testing.assert_allclose(network(inputs).detach().numpy(), expected, atol=1e-5)
