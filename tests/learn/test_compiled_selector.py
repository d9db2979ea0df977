"""Where the compiled kernel adapts a perceptron and where automatic differentiation does; when it is compiled."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest
import torch
from torch import nn

from bench.interfaces import Context
from bench.learn import Learnable, MetaLearned, PerceptronSelector, fitting
from bench.learn.perceptron import compiled_kernel as compiling
from bench.learn.perceptron import kernel_software
from bench.settings import MetaTrainSettings, TrainSettings
from bench_baselines.mlp import MLP
from bench_metaselector.meta_sgd import MetaSGD
from tests.learn.parts import Gate, networks, tasks
from tests.learn.perceptrons import perceptron, some_interactions, some_tasks
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


def test_with_a_pool_it_is_not(interactions):
    pool = {
        name: net for name, net in networks(interactions, full=True).items() if name != "selector"
    }
    assert Learnable(interactions, perceptron(interactions)["selector"], pool).compiled is None


def test_the_mlp_is_such_a_perceptron():
    assert issubclass(MLP, PerceptronSelector)


@pytest.mark.parametrize(
    ("leaves", "compiled"),
    [
        ((), False),
        (("embeddings",), False),
        (("scores.2.weight", "scores.2.bias"), False),
        (("scores.0.weight", "scores.0.bias", "scores.2.weight", "scores.2.bias"), True),
        (
            ("embeddings", "scores.0.weight", "scores.0.bias", "scores.2.weight", "scores.2.bias"),
            True,
        ),
    ],
    ids=["nothing", "table", "last layer", "layers", "all"],
)
def test_which_leaves_its_descent_moves(interactions, leaves, compiled):
    learnable = Learnable(interactions, perceptron(interactions)["selector"])
    narrowed = learnable.only(f"selector/{leaf}" for leaf in leaves)
    assert narrowed.compiled.moves(narrowed.adapted()) == compiled


# -- what is compiled, and when


def test_what_adapts_is_named(interactions):
    learnable = Learnable(interactions, perceptron(interactions)["selector"])
    assert kernel_software(learnable.compiled) == f"numba {version('numba')}"
    assert kernel_software(None) == "autograd"


def test_once_compiled_a_fit_compiles_nothing(tmp_path):
    """In a process of its own, as a step is: whatever was compiled in this one."""
    code = (
        "import sys; from pathlib import Path; from tests.learn.test_compiled_selector import compiled_by_fits as found; "
        "before, after = found(Path(sys.argv[1])); assert before == after, (before, after); "
        "assert len(before) > 5 and set(before.values()) == {1}, before"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


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
        assert method.software["selector_kernel"].startswith("numba")
    return before, _signatures()


def _signatures():
    """Of those that Python calls; the others are compiled with them."""
    called = ("forward", "backward", "forward_tangent", "backward_tangent", "step", "step_backward")
    return {name: len(getattr(compiling.compiled_kernel(), name).signatures) for name in called}


@pytest.mark.parametrize(("kind", "compiled"), [(MLP, True), (Gate, False)])
def test_only_a_perceptron_without_a_pool_has_it_compiled(monkeypatch, tmp_path, kind, compiled):
    called = []
    monkeypatch.setattr(fitting, "compile_kernel", lambda: called.append(1))
    fields, models = some_interactions(tmp_path).fields, ("a", "b", "c")
    method_of(kind(kind.Params())).prepare(fields, models)
    method_of(kind(kind.Params()), pool={}).prepare(fields, models)
    assert len(called) == compiled


@pytest.mark.parametrize(
    "code", ["import bench.cli", "import bench.learn", "import bench_baselines.mlp"]
)
def test_numba_is_not_imported_before_a_fit(code):
    subprocess.run(
        [sys.executable, "-c", f"{code}, sys; assert 'numba' not in sys.modules"], check=True
    )
