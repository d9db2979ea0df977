"""The files that a base model reads are those that its step was planned with, or the trial has no figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.job.outcome import of_record
from tests.run.conftest import Counting, by_method, status

PLUGIN = """
import numpy as np
from bench import hookimpl
from bench.interfaces import Model

class Biased(Model):
    \"\"\"The number of its file, for every row.\"\"\"
    name = "my-biased"

    def files(self):
        return ["bias.txt"]

    def fit(self, train, valid, context):
        self.file = context.files["bias.txt"]
        {fit}

    def predict(self, rows):
        bias = float(self.file.read_text())
        {predict}
        return np.full(len(rows), bias)

@hookimpl
def bench_models():
    return {{"my-biased": f"{{__name__}}:Biased"}}
"""
MODELS = "  lr: {use: lr}\n  biased: {use: my-biased}"
METHODS = "  average: {selector: {use: average}}"
WRITE, RESTORE = "self.file.write_text('3.0')", "self.file.write_text('0.0')"
REPLACE = (
    "new = self.file.with_name('new'); new.write_text('0.0'); new.replace(self.file)"  # the same
)


class Editing(Counting):
    """Edits the file once the steps are planned."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    def planned(self, steps, trials, reused):
        super().planned(steps, trials, reused)
        self.file.write_text("3.0")


def write(folder: Path, fit: str = "", predict: str = "") -> Path:
    (folder / "bias.txt").write_text("0.0")
    plugin = folder / "biased.py"
    plugin.write_text(PLUGIN.format(fit=fit, predict=predict))
    return plugin


@pytest.mark.fault(28)
def test_a_file_that_was_edited_once_planned_gives_no_figure(tmp_path, go, write_suite):
    suite, plugin = write_suite(models=MODELS, methods=METHODS), write(tmp_path)
    file = tmp_path / "bias.txt"
    finished, _ = go(suite, plugins=(plugin,), watcher=Editing(file), cache="shared")
    outcome = of_record(by_method(finished)["biased"])
    assert (outcome.status, outcome.reason.partition(";")[0]) == (
        "error",
        "bias.txt: was changed while the run went on",
    )
    assert status(finished)["lr"] == "ok"
    file.write_text("0.0")
    again, _ = go(suite, plugins=(plugin,), cache="shared")
    assert set(status(again).values()) == {"ok"}
    honest, _ = go(suite, "honest", plugins=(plugin,))
    scores = [by_method(run)["biased"]["metrics"] for run in (again, honest)]
    assert scores[0] == scores[1]


@pytest.mark.fault(28)
@pytest.mark.parametrize(
    ("fit", "predict"),
    [(WRITE, RESTORE), ("", f"{WRITE}; {RESTORE}"), ("", REPLACE), ("", WRITE), ("", "self.file.unlink()")],
)  # fmt: skip
def test_a_file_that_changes_while_it_is_read_gives_no_figure(
    tmp_path, go, write_suite, fit, predict
):
    suite, plugin = write_suite(models=MODELS, methods=METHODS), write(tmp_path, fit, predict)
    finished, _ = go(suite, plugins=(plugin,))
    assert status(finished)["biased"] == "error"
    assert "bias.txt: was changed" in of_record(by_method(finished)["biased"]).reason
