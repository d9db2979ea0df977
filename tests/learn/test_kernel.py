"""The selector-only inner loop by hand against the plain loop over users, for both ways of running its kernel."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

from bench.interfaces import Context
from bench.learn import (
    Learnable,
    MetaLearned,
    PerceptronSelector,
    TaskData,
    build_selector,
    descend,
    fitting,
    inner_step,
)
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench.learn.perceptron import compiled as kernels
from bench.learn.perceptron.loss import RaggedPerceptron
from bench.settings import MetaTrainSettings, TrainSettings
from bench_baselines.mlp import MLP
from bench_metaselector.meta_sgd import MetaSGD
from tests.datasets import make_interactions
from tests.learn.parts import Gate, networks, task_data, tasks
from tests.learn.test_exactness import EMPTY_SUPPORT, ONE_USER, RAGGED, RATES, engine, plain, rule, worst

MODELS = ("linear", "pairwise", "deep")
ALL_EMPTY = [(0, 3), (0, 1)]
without_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")


@pytest.fixture(scope="module", params=["numpy", pytest.param("numba", marks=without_numba)])
def kernel(request):
    return request.param


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    """Few items, so that a user's items repeat and users share rows; multi-valued and numeric fields, empty bags."""
    return make_interactions(tmp_path_factory.mktemp("data"), users=40, items=5, rows_per_user=12, seed=3)


def perceptron(interactions, hidden=(6,), kind=MLP):
    """float64, parameters well away from zero."""
    selector = build_selector(kind(kind.Params(embedding_dim=2, hidden=hidden)), interactions, MODELS, seed=1).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in selector.parameters():
            parameter += 0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return {"selector": selector}


def some_tasks(interactions, sizes=RAGGED) -> TaskData:
    return task_data(interactions, tasks(interactions, sizes), full=False)


@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize("steps", [1, 3, 5])
@pytest.mark.parametrize(
    "sizes",
    [RAGGED, EMPTY_SUPPORT, ONE_USER, ALL_EMPTY],
    ids=["ragged", "empty-support", "one-user", "all-supports-empty"],
)
def test_meta_gradients_equal_the_plain_loop(interactions, kernel, order, steps, sizes):
    nets, data = perceptron(interactions), some_tasks(interactions, sizes)
    found = engine(nets, data, interactions, rule(steps, order), kernel=kernel)
    assert worst(found, plain(nets, data, interactions, steps, order)) < 1e-10


@pytest.mark.parametrize("hidden", [(), (7, 5), (4, 4, 4)], ids=["linear", "two layers", "three layers"])
def test_any_depth_equals_the_plain_loop(interactions, kernel, hidden):
    nets, data = perceptron(interactions, hidden), some_tasks(interactions)
    found = engine(nets, data, interactions, rule(3, "second"), kernel=kernel)
    assert worst(found, plain(nets, data, interactions, 3, "second")) < 1e-10


def test_every_leaf_and_rate_has_a_gradient(interactions, kernel):
    """The comparison above would hold for zeros too."""
    _, gradients = engine(
        perceptron(interactions), some_tasks(interactions), interactions, rule(3, "second"), kernel=kernel
    )
    assert [name for name, gradient in gradients.items() if not gradient.abs().max() > 0] == []


@pytest.mark.parametrize("order", ["first", "second"])
def test_steps_scaled_by_support_and_factors_equal_the_plain_loop(interactions, kernel, order):
    nets, data = perceptron(interactions), some_tasks(interactions, EMPTY_SUPPORT + RAGGED)
    scaled = MetaSGD(MetaSGD.Params(inner_steps=3, order=order, rates=RATES, support_scale=4.0))
    values = {"support scale": torch.tensor(1.3).double(), "step factors": torch.tensor([0.9, 1.1, 0.7]).double()}
    mine = {name: value.clone().requires_grad_() for name, value in values.items()}
    found = engine(nets, data, interactions, scaled, values=values, kernel=kernel)
    n0 = 4.0 * mine["support scale"]
    expected = plain(
        nets,
        data,
        interactions,
        3,
        order,
        scale=lambda n, step: n / (n + n0) * mine["step factors"][step],
        extra=mine,
    )
    assert worst(found, expected) < 1e-10
    assert all(expected[1][name].abs().max() > 0 for name in values)


def test_frozen_fields_stay(interactions, kernel):
    nets, data = perceptron(interactions), some_tasks(interactions)
    frozen = (interactions.fields[1].name, interactions.fields[3].name)
    found = engine(nets, data, interactions, rule(2, "second"), frozen=frozen, kernel=kernel)
    assert worst(found, plain(nets, data, interactions, 2, "second", frozen=frozen)) < 1e-10
    assert worst(found, plain(nets, data, interactions, 2, "second")) > 1e-3


def test_a_table_frozen_whole_equals_automatic_differentiation(interactions, kernel):
    nets, data = perceptron(interactions), some_tasks(interactions)
    frozen = tuple(field.name for field in interactions.fields)
    found, expected = (
        engine(nets, data, interactions, rule(2, "second"), frozen=frozen, kernel=name) for name in (kernel, "autograd")
    )
    assert worst(found, expected) < 1e-10


def test_hidden_users_share_the_unknown_row(interactions, kernel):
    nets = perceptron(interactions)
    data = task_data(interactions, tasks(interactions, RAGGED, hide_users=True), full=False)
    found = engine(nets, data, interactions, rule(3, "second"), kernel=kernel)
    assert worst(found, plain(nets, data, interactions, 3, "second")) < 1e-10


def test_entries_that_no_row_has_get_no_gradient(interactions, kernel):
    data = some_tasks(interactions, ONE_USER)
    _, gradients = engine(perceptron(interactions), data, interactions, rule(3, "second"), kernel=kernel)
    touched = np.isin(np.arange(interactions.entries), data.encoded["selector"].index.numpy())
    by_entry = gradients["selector/embeddings"].abs().sum(1).numpy()
    assert not touched.all()
    assert (by_entry[~touched] == 0).all()


def test_finite_differences_agree(interactions, kernel):
    nets, data = perceptron(interactions), some_tasks(interactions, RAGGED[:3])
    _, gradients = engine(nets, data, interactions, rule(2, "second"), kernel=kernel)
    for leaf in ("scores.0.weight", "scores.0.bias", "scores.2.weight", "embeddings"):
        flat, gradient = nets["selector"].leaves()[leaf].data.view(-1), gradients[f"selector/{leaf}"].flatten()
        position, losses = int(gradient.abs().argmax()), []
        for move in (1e-5, -2e-5):
            flat[position] += move
            losses.append(float(engine(nets, data, interactions, rule(2, "second"), kernel=kernel)[0]))
        flat[position] += 1e-5
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx(float(gradient[position]), rel=1e-6)


@pytest.mark.parametrize("users", [1, 2, 5])
def test_chunks_do_not_matter(interactions, kernel, users):
    """Nor does the padding, which is what differs between them, nor a user's place in a chunk."""
    nets, data = perceptron(interactions), some_tasks(interactions, RAGGED + EMPTY_SUPPORT)
    together = engine(nets, data, interactions, rule(3, "second"), kernel=kernel, users=64)
    assert worst(engine(nets, data, interactions, rule(3, "second"), kernel=kernel, users=users), together) < 1e-12


def test_a_permutation_of_users_permutes_the_leaves(interactions, kernel):
    learnable, batch = _learnable(interactions, kernel)
    order = np.array([3, 0, 5, 1, 4, 2])
    (windows,) = chunks(whole(some_tasks(interactions)))
    permuted = gather(some_tasks(interactions), windows.take(order))
    leaves, moved = _descend(learnable, batch), _descend(learnable, permuted)
    for leaf, value in leaves.items():
        if leaf != "selector/embeddings":
            torch.testing.assert_close(moved[leaf], value[order], rtol=1e-12, atol=1e-12)


def test_rates_of_zero_leave_the_leaves_bit_for_bit(interactions, kernel):
    learnable, batch = _learnable(interactions, kernel)
    for training in (True, False):
        leaves = _descend(learnable, batch, rate=0.0, training=training)
        for leaf, value in learnable.per_user(learnable.parameters(), batch).items():
            assert torch.equal(leaves[leaf], value)


def test_leaves_are_those_of_automatic_differentiation(interactions, kernel):
    learnable, batch = _learnable(interactions, kernel)
    automatic, _ = _learnable(interactions, "autograd")
    expected = _descend(automatic, batch)
    assert expected.keys() == _descend(learnable, batch).keys()
    for training in (True, False):
        for leaf, value in _descend(learnable, batch, training=training).items():
            torch.testing.assert_close(value, expected[leaf], rtol=1e-12, atol=1e-12)


def test_at_test_time_no_graph_is_kept(interactions, kernel):
    learnable, batch = _learnable(interactions, kernel)
    leaves = _descend(learnable, batch, training=False)
    assert all(value.is_leaf and value.requires_grad for value in leaves.values())


@pytest.mark.parametrize("training", [True, False])
def test_a_rule_may_step_on_from_there(interactions, kernel, training):
    """The loss itself is differentiated twice: a step in torch after one by hand."""
    found, expected = [], []
    for name, kept in ((kernel, found), ("autograd", expected)):
        learnable, batch = _learnable(interactions, name)
        outer, rates = learnable.parameters(), learnable.rates(RATES)
        leaves = descend(learnable, outer, batch, rates, [None], second_order=True, training=training)
        spread, scale = learnable.spread(rates, batch), torch.linspace(0.5, 1.0, batch.users, dtype=torch.float64)
        leaves = inner_step(learnable, leaves, batch, spread, create_graph=training, training=training, scale=scale)
        loss = learnable.loss(leaves, batch, "query")
        kept += [loss, *torch.autograd.grad(loss.sum(), list((outer if training else leaves).values()))]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_once_more_is_an_error(interactions, kernel):
    """A derivative of what was computed outside of the graph would be silently wrong."""
    learnable, batch = _learnable(interactions, kernel)
    outer = list(learnable.parameters().values())
    loss = learnable.loss(_descend(learnable, batch), batch, "query").sum()
    gradients = torch.autograd.grad(loss, outer, create_graph=True)
    with pytest.raises(NotImplementedError, match="kernel='autograd'"):
        torch.autograd.grad(sum(gradient.square().sum() for gradient in gradients), outer)


def test_the_third_derivative_of_the_loss_is_an_error(interactions, kernel):
    learnable, batch = _learnable(interactions, kernel)
    outer = list(learnable.parameters().values())
    loss = learnable.loss(learnable.per_user(learnable.parameters(), batch), batch, "support").sum()
    for _ in range(2):
        gradients = torch.autograd.grad(loss, outer, create_graph=True)
        loss = sum(gradient.square().sum() for gradient in gradients)
    with pytest.raises(NotImplementedError, match="the loss of a perceptron is differentiated twice at most"):
        torch.autograd.grad(loss, outer)


def test_saturated_base_models_give_the_true_gradient_in_float32(interactions, kernel):
    view = tasks(interactions, RAGGED)
    view.support_base_logits[:] = np.where(view.support_base_logits > 0, 40, -40)
    view.query_base_logits[:] = np.where(view.query_base_logits > 0, 40, -40)
    nets, data = perceptron(interactions), task_data(interactions, view, full=False)
    exact = engine(nets, data, interactions, rule(1, "second"), kernel=kernel)
    nets["selector"].float()
    found = engine(nets, _single(data), interactions, rule(1, "second"), kernel=kernel)
    for name, gradient in exact[1].items():
        assert found[1][name].dtype == torch.float32 or name not in nets["selector"].leaves()
        torch.testing.assert_close(found[1][name].double(), gradient, rtol=2e-3, atol=2e-4)


def test_float32_is_that_of_automatic_differentiation(interactions, kernel):
    nets, data = perceptron(interactions), _single(some_tasks(interactions))
    nets["selector"].float()
    found, expected = (
        engine(nets, data, interactions, rule(3, "second"), kernel=name) for name in (kernel, "autograd")
    )
    for name, gradient in expected[1].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-4, atol=1e-6)


# -- where it is used, and where not


class Scaled(MLP):
    """A forward of its own."""

    def forward(self, rows):
        return 2 * super().forward(rows)


class Smooth(MLP):
    """Another activation."""

    def build(self, fields, models):
        super().build(fields, models)
        self.scores[1] = nn.Tanh()


class Extended(MLP):
    """A parameter more."""

    def build(self, fields, models):
        super().build(fields, models)
        self.temperature = nn.Parameter(torch.ones(()))


def test_a_perceptron_is_adapted_by_hand(interactions):
    assert Learnable(interactions, perceptron(interactions)["selector"]).ragged is not None
    assert Learnable(interactions, perceptron(interactions)["selector"], kernel="autograd").ragged is None


@pytest.mark.parametrize("kind", [Scaled, Smooth, Extended])
def test_what_is_not_just_a_perceptron_is_not(interactions, kind):
    nets, data = perceptron(interactions, kind=kind), some_tasks(interactions)
    assert Learnable(interactions, nets["selector"]).ragged is None
    found = engine(nets, data, interactions, rule(2, "second"))
    assert worst(found, plain(nets, data, interactions, 2, "second")) < 1e-10


def test_with_a_pool_it_is_not(interactions):
    pool = {name: net for name, net in networks(interactions, full=True).items() if name != "selector"}
    assert Learnable(interactions, perceptron(interactions)["selector"], pool).ragged is None


def test_the_mlp_is_such_a_perceptron():
    assert issubclass(MLP, PerceptronSelector)


@without_numba
def test_once_compiled_a_fit_compiles_nothing(tmp_path):
    """In a process of its own, as a step is: whatever was compiled in this one."""
    code = (
        "import sys; from pathlib import Path; from tests.learn.test_kernel import compiled_by_a_fit as found; "
        "before, after = found(Path(sys.argv[1])); assert before == after, (before, after); "
        "assert len(before) > 5 and set(before.values()) == {1}, before"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def compiled_by_a_fit(folder):
    """Of each function, how many signatures are compiled before and after a fit, a prediction and their interpretation."""
    interactions = make_interactions(folder, users=40, items=5, rows_per_user=12, seed=3)
    view, selector = tasks(interactions, RAGGED + EMPTY_SUPPORT), MLP(MLP.Params(embedding_dim=2, hidden=(6,)))
    method = MetaLearned(
        MetaSGD, MetaSGD.Params(inner_steps=2), selector, TrainSettings(epochs=1), MetaTrainSettings(epochs=1, users=5)
    )
    method.prepare()
    before = _signatures()
    method.fit(view, view, Context(1, 1, "cpu", folder))
    method.predict(view)
    method.interpret(view)
    assert method.software
    return before, _signatures()


def _signatures():
    """Of those that Python calls; the others are compiled with them."""
    called = ("forward", "backward", "forward_tangent", "backward_tangent", "step", "pull")
    return {name: len(getattr(kernels.kernel(), name).signatures) for name in called}


@pytest.mark.parametrize(("kind", "compiled"), [(MLP, True), (Gate, False)])
def test_only_a_perceptron_without_a_pool_has_it_compiled(monkeypatch, kind, compiled):
    called = []
    monkeypatch.setattr(fitting, "compile_kernel", lambda: called.append(1))
    settings = TrainSettings(), MetaTrainSettings()
    MetaLearned(MetaSGD, MetaSGD.Params(), kind(kind.Params()), *settings).prepare()
    MetaLearned(MetaSGD, MetaSGD.Params(), kind(kind.Params()), *settings, pool={}).prepare()
    assert len(called) == compiled


def test_what_runs_the_kernel_is_named(monkeypatch):
    assert kernels.kernel_software("numpy") == "numpy"
    if find_spec("numba") is not None:
        assert kernels.kernel_software() == kernels.kernel_software("numba") == f"numba {version('numba')}"
    monkeypatch.setattr(kernels, "find_spec", lambda name: None)
    assert kernels.kernel_software() == "numpy"


@pytest.mark.parametrize("code", ["import bench.cli", "import bench.learn", "import bench_baselines.mlp"])
def test_numba_is_not_imported_before_a_descent(code):
    subprocess.run([sys.executable, "-c", f"{code}, sys; assert 'numba' not in sys.modules"], check=True)


# -- mutants of the kernel: each must be caught by the comparison with the plain loop


def _caught(interactions, kernel) -> bool:
    nets, data = perceptron(interactions), some_tasks(interactions)
    found = engine(nets, data, interactions, rule(3, "second"), kernel=kernel)
    return worst(found, plain(nets, data, interactions, 3, "second")) > 1e-6


def test_mutant_second_order_term_dropped(interactions, kernel, monkeypatch):
    def nothing(self, part, at, dense, directions, table_directions):
        return np.zeros_like(directions), np.zeros_like(table_directions)

    monkeypatch.setattr(RaggedPerceptron, "products", nothing)
    assert _caught(interactions, kernel)


def test_mutant_two_users_rows_swapped(interactions, kernel, monkeypatch):
    original = RaggedPerceptron.gradients

    def swapped(self, part, at, dense):
        gradients, by_table = original(self, part, at, dense)
        return gradients[[1, 0, *range(2, len(gradients))]], by_table

    monkeypatch.setattr(RaggedPerceptron, "gradients", swapped)
    assert _caught(interactions, kernel)


@pytest.mark.parametrize("function", ["gradients", "products"])
def test_mutant_table_forgotten(interactions, kernel, monkeypatch, function):
    original = getattr(RaggedPerceptron, function)

    def forgetful(*arguments):
        by_dense, by_table = original(*arguments)
        return by_dense, np.zeros_like(by_table)

    monkeypatch.setattr(RaggedPerceptron, function, forgetful)
    assert _caught(interactions, kernel)


def _learnable(interactions, kernel):
    """A learnable and one chunk of all users."""
    learnable = Learnable(interactions, perceptron(interactions)["selector"], kernel=kernel)
    (windows,) = chunks(whole(some_tasks(interactions)))
    return learnable, gather(some_tasks(interactions), windows)


def _descend(learnable, batch, *, rate=0.5, training=True):
    rates = learnable.rates(dict.fromkeys(RATES, rate))
    return descend(learnable, learnable.parameters(), batch, rates, [None] * 3, second_order=True, training=training)


def _single(data: TaskData) -> TaskData:
    encoded = {key: type(one)(one.index, one.weights.float()) for key, one in data.encoded.items()}
    return TaskData(data.layout, encoded, data.labels.float(), data.base_logits.float(), data.ptr, data.cut)
