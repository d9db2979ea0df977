"""A worker that dies between what it left on disk and the word of it: the result is there once."""

from __future__ import annotations

import pytest

from tests.run.conftest import by_method, status

DIES = """
import os, signal
import numpy as np
from bench import hookimpl
from bench.interfaces import Model
from bench.worker import perform


class Dies(Model):
    "One that has the process killed as soon as its result is on disk."

    name = "dies"

    def fit(self, train, valid, context):
        commit = perform.commit_folder

        def commit_and_die(*arguments):
            commit(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)

        perform.commit_folder = commit_and_die

    def predict(self, rows):
        return np.linspace(-1, 1, len(rows))


@hookimpl
def bench_models():
    return {"dies": f"{__name__}:Dies"}
"""


@pytest.mark.fault(30)
def test_a_worker_that_dies_after_its_commit_is_counted_once(go, write_suite, tmp_path):
    plugin = tmp_path / "dies.py"
    plugin.write_text(DIES, "utf-8")
    models = "  lr: {use: lr}\n  dies: {use: dies}"
    file = write_suite(models=models, protocol="base_predictions: in-sample")
    killed, _ = go(file, executor="local", plugins=(plugin,))
    assert set(status(killed).values()) == {"ok"}, "begun again, it is found done"
    (record,) = (record for record in killed.records if record["trial"]["method"] == "dies")
    assert "begun again once" in str(record["details"]["warnings"])
    assert len(list((tmp_path / "cache-one" / "steps").glob("fit-*"))) == 2

    finished, watcher = go(file, executor="local", plugins=(plugin,))
    assert not [title for title in watcher.titles if " dies, " in title], "it is fitted no more"
    trials = [line["method"] for line in finished.manifest["trials"]]
    assert len(trials) == len(set(trials)) == len(by_method(finished)) == len(finished.records)
    assert not list((finished.folder / "failures").glob("*"))
