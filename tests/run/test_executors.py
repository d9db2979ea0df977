"""Where steps run: events in order, resources held, and no process left behind."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from bench.data.splits import UserHoldout
from bench.data.splits.split import divide
from bench.executors.inline import InlineExecutor
from bench.executors.local import LocalExecutor
from bench.interfaces import PluginParams, Timeline
from bench.job.code import harness_digest
from bench.job.outcome import Outcome, of_exit
from bench.job.resources import Resources
from bench.job.spec import BaseModelSpec
from bench.job.splits import write_split
from bench.job.steps import FitStep, to_text
from bench.registry.sources import digest
from bench.registry.used_plugin import UsedPlugin
from bench.settings import PredictionSource, TrainSettings
from tests.datasets import make_interactions

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"


@pytest.fixture
def step(tmp_path):
    """Makes the JSON of a step that behaves as a fault says."""
    interactions = make_interactions(tmp_path / "data")
    protocol = UserHoldout(
        UserHoldout.Params.model_validate({"users": {"train": 0.5, "valid": 0.25, "test": 0.25}})
    )
    write_split(
        divide(protocol, Timeline(interactions.user_ptr, None), 0),
        interactions,
        tmp_path / "steps" / "split",
    )

    def step(
        identity: str, fault: str = "none", threads: int = 1, *, exclusive: bool = False
    ) -> str:
        model = BaseModelSpec(use="faulty", params={"fault": fault}, train=TrainSettings())
        used = UsedPlugin(
            "models", "faulty", "bench_local.faulty_plugin:Faulty", str(FAULTY), digest([FAULTY])
        )
        source = PredictionSource(base_predictions="in-sample", folds=2, seed=0)
        made = FitStep(
            id=identity, title=identity, owner="faulty", cache=tmp_path, dataset=tmp_path / "data",
            split=tmp_path / "steps" / "split",
            folder=tmp_path / "steps" / identity, source=source, seed=0, resources=Resources(threads=threads),
            harness=harness_digest(), plugins=(used,), plugin_paths=(FAULTY,), model=model, variant="star",
            exclusive=exclusive,
        )  # fmt: skip
        return to_text(made)

    return step


def made(executor, workers: int = 1):
    return executor(PluginParams(), workers)


def told(executor) -> list[tuple[str, str]]:
    """(step, event), progress left out."""
    return [(step, event) for step, event, _ in executor.events() if event != "progress"]


@pytest.mark.parametrize("make", [InlineExecutor, LocalExecutor])
def test_each_step_starts_and_ends_once(step, make, tmp_path):
    executor = made(make)
    for name in ("a", "b"):
        executor.submit(step(name))
    assert told(executor) == [("a", "started"), ("a", "ended"), ("b", "started"), ("b", "ended")]
    executor.close()
    assert (tmp_path / "steps" / "a" / "logits.npy").exists()


@pytest.mark.parametrize("make", [InlineExecutor, LocalExecutor])
def test_steps_can_be_handed_in_as_others_end(step, make):
    executor, ended = made(make), []
    executor.submit(step("a"))
    for name, event, _ in executor.events():
        if event == "ended":
            ended.append(name)
            if name == "a":
                executor.submit(step("b"))
    executor.close()
    assert ended == ["a", "b"]


@pytest.mark.fault(4)
def test_the_same_failure_is_told_alike(step):
    outcomes = []
    for make in (InlineExecutor, LocalExecutor):
        executor = made(make)
        executor.submit(step("bad", "raise"))
        (outcome,) = (
            Outcome.model_validate_json(one.detail)
            for one in executor.events()
            if one.kind == "ended"
        )
        executor.close()
        outcomes.append(outcome)
    assert all(outcome.status == "error" and outcome.peak_rss_bytes > 0 for outcome in outcomes)
    assert {outcome.reason for outcome in outcomes} == {"RuntimeError: the fit went wrong"}
    assert len({outcome.traceback.splitlines()[-1] for outcome in outcomes}) == 1


def test_workers_run_steps_side_by_side(step):
    executor = made(LocalExecutor, 2)
    for name in ("a", "b", "c"):
        executor.submit(step(name))
    events = [event for _, event in told(executor)]
    executor.close()
    running = list(itertools.accumulate(1 if event == "started" else -1 for event in events))
    assert max(running) == 2
    assert running[-1] == 0


def test_the_process_of_each_running_step_is_known_and_that_of_no_other(step, tmp_path):
    """Of one that is begun again it is another."""
    executor, seen = made(LocalExecutor), []
    executor.submit(step("slow", "sleep-once"))
    executor.submit(step("next"))
    for event in executor.events():
        seen.append((event.step, event.kind, dict(executor.processes)))
        if (event.step, event.kind) == ("slow", "started"):
            _wait_for(lambda: (tmp_path / "steps" / "slept").exists())
            os.kill(executor.processes["slow"], signal.SIGKILL)
    executor.close()
    told = {(name, kind): processes for name, kind, processes in seen}
    assert list(told["slow", "started"]) == ["slow"]
    assert told["slow", "progress"] == told["slow", "ended"] == {}
    assert list(told["next", "started"]) == ["next"]
    assert told["next", "started"]["next"] != told["slow", "started"]["slow"]


@pytest.mark.fault(9)
def test_a_step_that_is_killed_from_outside_is_begun_again(step, tmp_path):
    """Told once, and kept for its record."""
    executor = made(LocalExecutor)
    executor.submit(step("slow", "sleep-once"))
    found = []
    for event in executor.events():
        found.append(event)
        if event.kind == "started":
            _wait_for(lambda: (tmp_path / "steps" / "slept").exists())
            os.kill(*executor._server.running.values(), signal.SIGKILL)
    executor.close()
    assert [event.kind for event in found] == ["started", "progress", "ended"]
    assert found[1].detail == "begun again, alone: its process was killed from outside (SIGKILL)"
    outcome = Outcome.model_validate_json(found[-1].detail)
    assert outcome.ok
    assert outcome.warnings == ("begun again once: its process was killed from outside",)


@pytest.mark.fault(9)
def test_a_step_that_is_killed_three_times_is_lost(step):
    executor = made(LocalExecutor, 2)
    for name, fault in (("killed", "kill-self"), ("beside", "none"), ("later", "none")):
        executor.submit(step(name, fault))
    events = [
        event for event in executor.events() if event.step == "killed" or event.kind != "progress"
    ]
    executor.close()
    outcome = Outcome.model_validate_json(
        next(event.detail for event in events if (event.step, event.kind) == ("killed", "ended"))
    )
    assert outcome.label == "lost"
    assert outcome.reason.startswith("its process was killed from outside 3 times (SIGKILL)")
    killed = [event.kind for event in events if event.step == "killed"]
    assert killed == ["started", "progress", "progress", "ended"]
    told = [(event.step, event.kind) for event in events]
    since = told[told.index(("killed", "progress")) : told.index(("killed", "ended"))]
    assert not [step for step, kind in since if kind == "started"], "what is begun again goes first"
    assert {step for step, kind in told if kind == "ended"} == {"killed", "beside", "later"}


@pytest.mark.parametrize("alone", ["a", "b", "d"])
def test_a_step_that_asks_for_it_runs_alone_and_in_its_turn(step, alone):
    executor = made(LocalExecutor, 2)
    for name in "abcd":
        executor.submit(step(name, "nap", exclusive=name == alone))
    events, beside = told(executor), set()
    executor.close()
    running: set[str] = set()
    for name, event in events:
        running ^= {name}
        beside |= {frozenset(running)} if event == "started" else set()
    assert [name for name, event in events if event == "started"] == list("abcd")
    assert not any(alone in together and len(together) > 1 for together in beside)
    assert any(len(together) == 2 for together in beside), "the others run side by side"


@pytest.mark.slow
def test_a_step_that_ends_the_server_fails_alone(step, tmp_path):
    """Those that ran beside it are begun again, and have their result."""
    executor = made(LocalExecutor, 2)
    for name, fault in (("beside", "sleep-once"), ("culprit", "kill-parent"), ("later", "none")):
        executor.submit(step(name, fault))
    events = list(executor.events())
    executor.close()
    ends = {name: Outcome.model_validate_json(detail) for name, event, detail in events if event == "ended"}  # fmt: skip
    assert {name: end.label for name, end in ends.items()} == {
        "beside": "ok",
        "culprit": "lost",
        "later": "ok",
    }
    started = [name for name, event, _ in events if event == "started"]
    assert started == ["beside", "culprit", "later"]


@pytest.mark.fault(12)
@pytest.mark.parametrize("make", [InlineExecutor, LocalExecutor])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_step_has_the_threads_that_its_resources_say(step, make, threads, tmp_path):
    """Whichever executor runs it; and in this process they are put back."""
    before = torch.get_num_threads()
    executor = made(make)
    executor.submit(step("counted", "count-threads", threads))
    assert told(executor)[-1] == ("counted", "ended")
    executor.close()
    assert json.loads((tmp_path / "steps" / "threads.json").read_text("utf-8")) == [threads]
    result = json.loads((tmp_path / "steps" / "counted" / "result.json").read_text("utf-8"))
    assert result["environment"]["threads"] == threads
    assert torch.get_num_threads() == before


def test_closing_ends_what_runs(step, tmp_path):
    executor = made(LocalExecutor)
    executor.submit(step("slow", "sleep-once"))
    assert next(executor.events())[1] == "started"
    (pid,) = executor._server.running.values()
    _wait_for(lambda: (tmp_path / "steps" / "slept").exists())
    executor.close(kill=True)
    _wait_for(lambda: not _lives(pid))
    assert list(executor.events()) == []


def test_a_worker_imports_nothing_heavy_that_steps_can_do_without():
    """Each step has the memory of what its server imported."""
    heavy = ("pandas", "requests", "sklearn", "numba", "torch._dynamo")
    code = f"import sys, bench.worker.perform; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _lives(pid: int) -> bool:
    """Whether it still does something: one that has ended and was not waited for does not."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("code", "label"), [(-11, "crashed:SIGSEGV"), (-35, "crashed:signal 35"), (3, "no_result")]
)
def test_an_exit_code_is_told_whatever_it_is(code, label):
    assert of_exit(code).label == label
