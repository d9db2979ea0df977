"""What a plugin tells of its fit: whatever is no note is that trial's error, and none speaks for the harness."""

from __future__ import annotations

import platform
from importlib.metadata import version

import pytest

from bench.job.outcome import of_record
from bench.report import build
from tests.run.conftest import by_method, status

PLUGIN = """
import types
import numpy as np
from pydantic import Field
from bench import hookimpl
from bench.interfaces import History, Model, PluginParams, Selection, Selector

def note(owner, fault):
    name, value = FAULTS[fault]
    setattr(owner, name, value)

FAULTS = {
    "numbered-warnings": ("details", {"warnings": 1}),
    "text-warnings": ("details", {"warnings": "text"}),
    "extreme": ("details", {"extreme_logits": 7}),
    "epochs": ("details", {"epochs": 3}),
    "details-text": ("details", "text"),
    "details-nan": ("details", {"folds": [float("nan")]}),
    "details-keys": ("details", {1: 2}),
    "details-deep": ("details", {}),
    "chosen-number": ("chosen", 5),
    "rows-text": ("history", History(1, 1, (0.5,), "many")),
    "rows-below": ("history", History(1, 1, (0.5,), -10**9)),
    "rows-truth": ("history", History(1, 1, (0.5,), True)),
    "losses-nan": ("history", History(1, 1, (float("nan"),), 5)),
    "other-history": ("history", types.SimpleNamespace(epochs=1, best_epoch=1, valid_logloss=(), rows=5)),
    "software-nested": ("software", {"x": {"y": 1}}),
    "software-number": ("software", {"x": 5}),
    "users-below": ("trained_users", -1),
    "versions": ("software", {"torch": "9.9", "python": "2.7", "mine": "1.0", "processor": "other"}),
    "fine": ("history", History(2, 1, (0.5, 0.6), 10)),
}
deep = FAULTS["details-deep"][1]
for _ in range(5000):
    deep["a"] = deep = {}

class Params(PluginParams):
    fault: str = Field("fine", description="what is told")

class Telling(Model):
    \"\"\"Base rate.\"\"\"
    name = "telling"
    Params = Params

    def fit(self, train, valid, context):
        self.rate = float(np.log(train.labels.mean() / (1 - train.labels.mean())))
        note(self, self.params.fault)

    def predict(self, rows):
        return np.full(len(rows), self.rate)

class TellingSelector(Selector):
    \"\"\"Plain average.\"\"\"
    name = "telling"
    Params = Params

    def fit(self, train, valid, context):
        note(self, self.params.fault)

    def predict(self, tasks):
        return Selection(weights=np.full((len(tasks.query), len(tasks.models)), 1 / len(tasks.models)))

@hookimpl
def bench_models():
    return {"telling": f"{__name__}:Telling"}

@hookimpl
def bench_selectors():
    return {"telling": f"{__name__}:TellingSelector"}
"""
KEY = "details has the key {!r}, which is the harness's own; choose another"
TOLD = {
    "numbered-warnings": KEY.format("warnings"),
    "text-warnings": KEY.format("warnings"),
    "extreme": KEY.format("extreme_logits"),
    "epochs": KEY.format("epochs"),
    "details-text": "details: Input should be a valid dictionary, not 'text'",
    "details-nan": "it['folds'][0] is nan, which is no JSON",
    "details-keys": "1.[key]: Input should be a valid string",
    "details-deep": "",
    "chosen-number": "chosen: Input should be a valid dictionary, not 5",
    "rows-text": "history.rows: Input should be a valid integer, not 'many'",
    "rows-below": "history.rows: Input should be greater than or equal to 0, not -1000000000",
    "rows-truth": "history.rows: Input should be a valid integer, not True",
    "losses-nan": "history.valid_logloss.0: Input should be a finite number, not nan",
    "other-history": "history: ",
    "software-nested": "software.x: Input should be a valid string",
    "software-number": "software.x: Input should be a valid string",
    "users-below": "trained_users: Input should be greater than or equal to 0, not -1",
}
GOOD = ("versions", "fine")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """One run of base models, and one of selectors, that tell all of it."""
    from bench.run import run
    from tests.run.conftest import load_suite, write_small_suite

    folder = tmp_path_factory.mktemp("notes")
    plugin = folder / "telling.py"
    plugin.write_text(PLUGIN)
    faulty = "\n".join(f"  {fault}: {{use: telling, fault: {fault}}}" for fault in (*TOLD, *GOOD))
    chosen = "\n".join(
        f"  {fault}: {{selector: {{use: telling, fault: {fault}}}}}" for fault in (*TOLD, *GOOD)
    )
    forms = {
        "models": (f"  lr: {{use: lr}}\n{faulty}", "  average: {selector: {use: average}}"),
        "selectors": ("  lr: {use: lr}\n  mean: {use: mean}", chosen),
    }
    found = {}
    for kind, (models, methods) in forms.items():
        file = write_small_suite(folder, "warm", models, methods, "base_predictions: in-sample")
        found[kind] = run(
            load_suite(file, (plugin,)), out=folder / kind, cache_dir=folder / "cache", plugins=(plugin,), autoload=False,
            executor="inline",
        )  # fmt: skip
    return found


@pytest.mark.parametrize("kind", ["models", "selectors"])
def test_what_is_no_note_is_that_trials_error(told, kind):
    records = by_method(told[kind])
    for fault, reason in TOLD.items():
        outcome = of_record(records[fault])
        assert outcome.status == "error", fault
        assert reason in outcome.reason, (fault, outcome.reason)
    assert {status(told[kind])[name] for name in ("lr", *GOOD)} == {"ok"}
    assert build(told[kind]).exit_code == 4


@pytest.mark.parametrize("kind", ["models", "selectors"])
def test_versions_of_the_harness_are_its_own(told, kind):
    versions = by_method(told[kind])["versions"]["versions"]
    assert versions["python"] == platform.python_version()
    assert versions["torch"] == version("torch")
    assert versions["mine"] == "1.0"


def test_a_history_is_told(told):
    models, selectors = (by_method(told[kind])["fine"] for kind in ("models", "selectors"))
    for record in (models, selectors):
        assert record["details"]["valid_logloss"] == [0.5, 0.6]
        assert (record["details"]["epochs"], record["cost"]["own"]["train_rows"]) == (2, 10)
