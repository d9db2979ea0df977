"""Nothing is compiled while a clock runs: what `prepare` has compiled is all that a fit and a prediction call."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bench.data.views.rows import View
from bench.interfaces import Context, PluginParams
from bench.learn import FittedModel, Gating
from bench.processes import Task, ask
from bench.processes.workers import PRELOAD, worker_environment
from bench.settings import TrainSettings
from tests.datasets import make_interactions
from tests.learn.parts import Gate, tasks
from tests.learn.test_compiled_training import MODELS, Deep

MODULES = (
    "adagrad",
    "adam",
    "batches",
    "lookups",
    "logistic",
    "factorization",
    "field_aware",
    "deep_factorization",
    "tower",
    "dense",
    "steps",
)


def signatures() -> dict[str, int]:
    """Of every compiled function, for how many types of arguments it is compiled by itself."""
    found = {}
    for name in MODULES:
        module = import_module(f"bench.learn.kernels.{name}")
        for function, value in vars(module).items():
            if hasattr(value, "py_func"):
                found[f"{name}.{function}"] = len(value.signatures)
    return found


def compiled_by(folder, model, optimizer):
    """What is compiled after `prepare`, and after a fit and predictions."""
    interactions = make_interactions(folder, users=12, items=6, rows_per_user=5, seed=2)
    settings = TrainSettings(batch_size=16, epochs=2, optimizer=optimizer)
    if model == "selector":
        train = valid = tasks(interactions, [(2, 1)] * 6)
        fitted = Gating(Gate(Gate.Params()), settings)
        fitted.prepare(interactions.fields, train.models)
    else:
        rows = np.arange(len(interactions))
        train = valid = View(interactions, rows, interactions.labels())
        fitted = FittedModel(MODELS[model](), settings, id_dropout=0.2)
        fitted.prepare(interactions.fields)
    before = signatures()
    fitted.fit(train, valid, Context(1, 1, "cpu", folder))
    fitted.predict(valid)
    return before, signatures()


def compiled_in_a_step(arguments, say):
    folder, model, optimizer = json.loads(arguments)
    return json.dumps(compiled_by(Path(folder), model, optimizer))


class OfDoubles(Deep):
    """With a parameter that the compiled optimiser does not move."""

    def build(self, fields):
        super().build(fields)
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))


def prepared_in_a_step(folder, say):
    """Whether torch's compiler was imported before, and after."""
    interactions = make_interactions(Path(folder), users=4, items=3, rows_per_user=3, seed=2)
    before = "torch._dynamo" in sys.modules
    FittedModel(OfDoubles(PluginParams()), TrainSettings()).prepare(interactions.fields)
    return json.dumps([before, "torch._dynamo" in sys.modules])


def test_what_an_optimiser_of_torchs_imports_is_imported_before(tmp_path):
    """It takes as long as torch itself."""
    task = Task("prepare", "tests.learn.test_precompiling:prepared_in_a_step", str(tmp_path))
    of_its_own = {
        **worker_environment(),
        "OMP_OF_THIS_TEST": "1",
    }  # in which nobody has imported it
    answer = ask(task, of_its_own, PRELOAD)
    assert json.loads(answer.result or "[]") == [False, True], answer


CASES = [
    (model, optimizer)
    for model in (
        "lr",
        "fm, width 10",
        "ffm, width 4",
        "deepfm, two layers",
        "a stranger's, field by field",
        "selector",
    )
    for optimizer in ("adam", "adagrad")
]
USUALLY_TRIED = {
    ("lr", "adagrad"),
    ("deepfm, two layers", "adam"),
    ("a stranger's, field by field", "adam"),
    ("selector", "adam"),
}


@pytest.mark.parametrize(
    ("model", "optimizer"),
    [
        pytest.param(*case, marks=[] if case in USUALLY_TRIED else [pytest.mark.slow])
        for case in CASES
    ],
)
def test_a_fit_compiles_nothing(tmp_path, model, optimizer):
    """In a process like that of a step: whatever was compiled in this one."""
    arguments = json.dumps([str(tmp_path), model, optimizer])
    task = Task("fit", "tests.learn.test_precompiling:compiled_in_a_step", arguments)
    answer = ask(task, worker_environment(), PRELOAD)
    before, after = json.loads(answer.result or "[0, 0]")
    assert before == after, answer
    assert sum(before.values()) >= 2
