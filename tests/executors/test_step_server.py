"""A program that does steps: lines of JSON in, what becomes of them out, and all ends where nobody asks any more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.executors.step_server import StepServer, StepServerGone
from bench.job.outcome import Outcome
from bench.job.steps import parse_step, to_text
from bench.processes.system import descendants
from bench.storage.kept import KeptFolder
from bench.testing.executor_subject import lives
from tests.executors.faulty_steps import FaultySteps


@pytest.fixture(scope="module")
def server() -> Iterator[StepServer]:
    made = StepServer()
    yield made
    made.close()


@pytest.fixture
def steps(tmp_path: Path) -> FaultySteps:
    return FaultySteps(tmp_path / "cache")


def test_steps_are_done_one_after_the_other_and_a_failure_ends_none_but_its_own(
    server, steps
) -> None:
    told: list[str] = []
    outcomes = [
        Outcome.model_validate_json(server.perform(to_text(steps.step(name, fault)), told.append))
        for name, fault in (("a", "none"), ("b", "segfault"), ("c", "raise"), ("d", "noise"))
    ]
    assert [outcome.label for outcome in outcomes] == ["ok", "crashed:SIGSEGV", "error", "ok"]
    assert server.alive
    assert KeptFolder(steps.cache / "steps" / "d").exists()
    assert "\n" not in "".join(told)


def test_a_step_that_is_there_is_not_done_again(server, steps) -> None:
    step = to_text(steps.step("twice"))
    server.perform(step, lambda _: None)
    left = steps.cache / "steps" / "twice" / "result.json"
    before = left.stat()
    assert Outcome.model_validate_json(server.perform(step, lambda _: None)).ok
    assert left.stat() == before


def test_a_step_lies_where_its_reader_has_the_cache(steps, tmp_path) -> None:
    step = steps.step("a")
    there = parse_step(to_text(step), tmp_path / "elsewhere")
    assert there.folder == tmp_path / "elsewhere" / "steps" / "a"
    assert there.dataset == tmp_path / "elsewhere" / "data" / "made"
    assert there.plugin_paths == step.plugin_paths


def test_a_server_that_is_killed_is_told_with_how_it_ended(steps) -> None:
    server = StepServer()
    said = server.told(to_text(steps.step("slow", "sleep-once")))
    os.kill(server._process.pid, signal.SIGKILL)
    with pytest.raises(StepServerGone, match="the step server ended with -9"):
        next(said)
    server.close()


def test_closing_ends_the_step_that_runs_and_all_below(steps) -> None:
    server = StepServer()
    from threading import Thread

    def perform() -> None:
        with pytest.raises((StepServerGone, ValueError)):
            server.perform(to_text(steps.step("slow", "sleep-once")), lambda _: None)

    asking = Thread(target=perform)
    asking.start()
    _wait_for(lambda: (steps.cache / "steps" / "slept").exists())
    below = [process.pid for process in descendants(server._process.pid)]
    assert below
    server.close()
    asking.join()
    _wait_for(lambda: not any(map(lives, below)))


def test_it_ends_with_its_input_and_only_answers_are_on_its_output(steps) -> None:
    """What it says is read as another program would: as lines of JSON."""
    done = subprocess.Popen(
        [sys.executable, "-m", "bench.executors.serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.stdin is not None
    assert done.stdout is not None
    done.stdin.write(to_text(steps.step("a", "noise")) + "\n")
    done.stdin.flush()
    kinds = []
    for line in done.stdout:
        kinds.append(json.loads(line)[0])
        if kinds[-1] == "ended":
            break
    assert [kinds[0], kinds[-1]] == ["started", "ended"]
    done.stdin.close()
    assert done.wait(30) == 0
    done.stdout.close()


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
