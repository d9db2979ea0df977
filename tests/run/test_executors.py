"""Where steps run: events in order, steps called off, and no process left behind."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.data.splits import UserHoldout
from bench.data.splits.split import divide
from bench.interfaces import Timeline
from bench.job.splits import write_split
from bench.job.steps import FitStep, PluginUse
from bench.run.executors import InlineExecutor, LocalExecutor
from bench.settings import TrainSettings
from tests.datasets import make_interactions

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"


@pytest.fixture
def step(tmp_path):
    """Makes the JSON of a step that behaves as a fault says."""
    interactions = make_interactions(tmp_path / "data")
    protocol = UserHoldout(UserHoldout.Params.model_validate({"users": {"train": 0.5, "valid": 0.25, "test": 0.25}}))
    write_split(divide(protocol, Timeline(interactions.user_ptr, None), 0), interactions, tmp_path / "steps" / "split")

    def step(identity: str, fault: str = "none") -> str:
        model = PluginUse(use="faulty", params={"fault": fault}, train=TrainSettings())
        return FitStep(
            id=identity, title=identity, dataset=tmp_path / "data", split=tmp_path / "steps" / "split",
            folder=tmp_path / "steps" / identity, base_predictions="in-sample", folds=2, fold_seed=0, seed=0,
            plugins=(FAULTY,), autoload=False, model=model, variant="star",
        ).model_dump_json()  # fmt: skip

    return step


def told(executor) -> list[tuple[str, str]]:
    """(step, event), progress left out."""
    return [(step, event) for step, event, _ in executor.events() if event != "progress"]


@pytest.mark.parametrize("make", [InlineExecutor, LocalExecutor])
def test_each_step_starts_and_ends_once(step, make, tmp_path):
    executor = make(1)
    for name in ("a", "b"):
        executor.submit(step(name))
    assert told(executor) == [("a", "started"), ("a", "done"), ("b", "started"), ("b", "done")]
    executor.close()
    assert (tmp_path / "steps" / "a" / "logits.npy").exists()


@pytest.mark.parametrize("make", [InlineExecutor, LocalExecutor])
def test_steps_can_be_handed_in_as_others_end(step, make):
    executor, ended = make(1), []
    executor.submit(step("a"))
    for name, event, _ in executor.events():
        if event == "done":
            ended.append(name)
            if name == "a":
                executor.submit(step("b"))
    executor.close()
    assert ended == ["a", "b"]


@pytest.mark.parametrize("make", [InlineExecutor, LocalExecutor])
def test_a_step_that_was_called_off_never_starts(step, make):
    executor = make(1)
    for name in ("a", "b", "c"):
        executor.submit(step(name))
    executor.cancel("b")
    assert {name for name, _ in told(executor)} == {"a", "c"}
    executor.close()


def test_the_same_failure_is_told_alike(step):
    details = []
    for make in (InlineExecutor, LocalExecutor):
        executor = make(1)
        executor.submit(step("bad", "raise"))
        (detail,) = (json.loads(detail) for _, event, detail in executor.events() if event == "lost")
        executor.close()
        details.append((detail["status"], detail["reason"], detail["traceback"].splitlines()[-1]))
    assert details[0] == details[1]
    assert details[0][:2] == ("error", "RuntimeError: the fit went wrong")


def test_workers_run_steps_side_by_side(step):
    executor = LocalExecutor(2)
    for name in ("a", "b", "c"):
        executor.submit(step(name))
    events = [event for _, event in told(executor)]
    executor.close()
    running = list(itertools.accumulate(1 if event == "started" else -1 for event in events))
    assert max(running) == 2
    assert running[-1] == 0


def test_a_running_step_that_is_called_off_is_ended(step, tmp_path):
    executor = LocalExecutor(1)
    executor.submit(step("slow", "sleep-once"))
    found = []
    for _, event, detail in executor.events():
        found.append((event, detail))
        if event == "started":
            _wait_for(lambda: (tmp_path / "steps" / "slept").exists())
            executor.cancel("slow")
    executor.close()
    assert [event for event, _ in found] == ["started", "lost"]
    assert json.loads(found[-1][1])["status"] == "crashed:SIGKILL"


def test_closing_ends_what_runs(step, tmp_path):
    executor = LocalExecutor(1)
    executor.submit(step("slow", "sleep-once"))
    assert next(executor.events())[1] == "started"
    (running,) = executor._running.values()
    _wait_for(lambda: (tmp_path / "steps" / "slept").exists())
    executor.close(kill=True)
    with pytest.raises(ProcessLookupError):
        os.kill(running.process.pid, 0)
    assert list(executor.events()) == []


def test_a_worker_imports_nothing_heavy_that_steps_can_do_without():
    """Each step has the memory of what its server imported."""
    heavy = ("pandas", "requests", "sklearn", "numba")
    code = f"import sys, bench.worker.perform; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
