"""Nothing is compiled while a clock runs: what `prepare` has compiled is all that a fit and a prediction call."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from bench.data.views.rows import View
from bench.interfaces import Context
from bench.learn import FittedModel, Gating
from bench.processes import Task, ask
from bench.processes.workers import PRELOAD, worker_environment
from bench.settings import TrainSettings
from tests.datasets import make_interactions
from tests.learn.parts import Gate, tasks
from tests.learn.test_compiled_training import MODELS

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
