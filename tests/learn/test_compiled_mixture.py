"""Where compiled code adapts and where automatic differentiation does; when it is compiled."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.interfaces import Context, PluginParams
from bench.learn import FittedModel, Learnable, MetaLearned, PerceptronSelector, fitting
from bench.learn.inner_loop import functions, kernel_software
from bench.processes import Task, ask
from bench.processes.workers import PRELOAD, worker_environment
from bench.settings import MetaTrainSettings, TrainSettings
from bench_baselines.mlp import MLP
from bench_ctr.deepfm import DeepFM
from bench_ctr.fm import FM
from bench_metaselector.meta_sgd import MetaSGD
from tests.learn.mixtures import (
    POOL,
    perceptron,
    pool_of,
    some_interactions,
    some_tasks,
    with_pool,
)
from tests.learn.parts import Gate, Pairwise, networks, tasks
from tests.learn.test_exactness import EMPTY_SUPPORT, RAGGED, engine, plain, rule, worst


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return some_interactions(tmp_path_factory.mktemp("data"))


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


def method_of(selector, **settings):
    rule_settings = MetaSGD.Params(inner_steps=2)
    return MetaLearned(
        MetaSGD,
        rule_settings,
        selector,
        TrainSettings(epochs=1),
        MetaTrainSettings(epochs=1, users=5),
        **settings,
    )


def small_mlp():
    return MLP(MLP.Params(embedding_dim=2, hidden=(6,)))


def test_a_perceptron_is_adapted_by_hand(interactions):
    assert Learnable(interactions, perceptron(interactions)["selector"]).compiled is not None
    assert (
        Learnable(interactions, perceptron(interactions)["selector"], kernel="autograd").compiled
        is None
    )


@pytest.mark.parametrize("kind", [Scaled, Smooth, Extended])
def test_what_is_not_just_a_perceptron_is_not(interactions, kind):
    nets, data = perceptron(interactions, kind=kind), some_tasks(interactions)
    assert Learnable(interactions, nets["selector"]).compiled is None
    found = engine(nets, data, interactions, rule(2, "second"))
    assert worst(found, plain(nets, data, interactions, 2, "second")) < 1e-10


def test_a_pool_of_known_forms_is_adapted_with_it(interactions):
    nets = with_pool(interactions)
    assert Learnable(interactions, nets["selector"], pool_of(nets)).compiled is not None


class Halved(FM):
    """A forward of its own."""

    def forward(self, rows):
        return super().forward(rows) / 2


@pytest.mark.parametrize("model", [Halved(FM.Params()), Pairwise(PluginParams())])
def test_with_a_model_of_another_function_in_the_pool_it_is_not(interactions, model):
    nets = with_pool(interactions, pool=POOL | {"other": model})
    data = some_tasks(interactions, full=True)
    assert Learnable(interactions, nets["selector"], pool_of(nets)).compiled is None
    found = engine(nets, data, interactions, rule(2, "second"))
    assert worst(found, plain(nets, data, interactions, 2, "second")) < 1e-10


class WithoutDropout(DeepFM):
    """A tower of Linear and ReLU alone."""

    compiled_form = "deep-factorization-machine"

    def build(self, fields):
        super().build(fields)
        self.deep = nn.Sequential(*(one for one in self.deep if type(one) is not nn.Dropout))


def test_a_tower_without_dropout_is_adapted_by_hand_too(interactions):
    model = WithoutDropout(DeepFM.Params(embedding_dim=3, hidden=(5, 4)))
    nets, data = with_pool(interactions, pool={"it": model}), some_tasks(interactions, full=True)
    assert Learnable(interactions, nets["selector"], pool_of(nets)).compiled is not None
    found = engine(nets, data, interactions, rule(2, "second"))
    assert worst(found, plain(nets, data, interactions, 2, "second")) < 1e-10


def test_networks_of_strangers_are_not(interactions):
    nets = networks(interactions, full=True)
    assert Learnable(interactions, nets["selector"], pool_of(nets)).compiled is None


def test_the_mlp_is_such_a_perceptron():
    assert issubclass(MLP, PerceptronSelector)


# -- what is compiled, and when


def test_what_adapts_is_named(interactions):
    learnable = Learnable(interactions, perceptron(interactions)["selector"])
    assert kernel_software(learnable.compiled) == f"numba {version('numba')}"
    assert kernel_software(None) == "autograd"


def test_once_compiled_a_fit_compiles_nothing(tmp_path):
    """In a process like that of a step: whatever was compiled in this one."""
    task = Task("fits", "tests.learn.test_compiled_mixture:compiled_in_a_step", str(tmp_path))
    answer = ask(task, worker_environment(), PRELOAD)
    before, after = json.loads(answer.result or "[0, 0]")
    assert before == after, answer
    assert len(before) > 5
    assert set(before.values()) == {1}


def compiled_in_a_step(folder, say):
    return json.dumps(compiled_by_fits(Path(folder)))


def compiled_by_fits(folder):
    """Of each function, how many signatures are compiled before and after fits, with a table that moves and with one that
    stays, their predictions and interpretations."""
    interactions = some_interactions(folder)
    view = tasks(interactions, RAGGED + EMPTY_SUPPORT)
    methods = [method_of(small_mlp()), method_of(small_mlp(), adapt=("selector/scores",))]
    methods[0].prepare(interactions.fields, view.models)
    before = _signatures()
    for method in methods:
        method.fit(view, view, Context(1, 1, "cpu", folder))
        method.predict(view)
        method.interpret(view)
        assert method.software["inner_loop"].startswith("numba")
    return before, _signatures()


def _signatures():
    """Of those that Python calls; the others are compiled with them."""
    kernels = functions.kernels()
    return {name: len(getattr(kernels, name).signatures) for name in kernels.__all__}


@pytest.mark.parametrize(("kind", "compiled"), [(MLP, True), (Gate, False)])
@pytest.mark.parametrize(("model", "known"), [(None, True), ("fm", True), ("other", False)])
def test_it_is_compiled_only_where_it_is_used(monkeypatch, tmp_path, kind, compiled, model, known):
    called = []
    monkeypatch.setattr(fitting, "compile_kernel", lambda: called.append(1))
    interactions = some_interactions(tmp_path)
    models = {"fm": FM(FM.Params()), "other": Pairwise(PluginParams())}
    pool = None
    if model is not None:
        pool = {model: FittedModel(models[model], TrainSettings())}
    method_of(kind(kind.Params()), pool=pool).prepare(interactions.fields, ("a", "b", "c"))
    assert len(called) == (compiled and known)


def test_numba_is_not_imported_before_a_fit():
    code = (
        "import sys, bench.cli, bench.learn, bench_baselines.mlp; assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
