"""Executors over an engine: one of threads, each a worker with a step server of its own, stands for those of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from bench.errors import ExecutorError
from bench.executors import engine, orders
from bench.executors.at_worker import WorkerSide
from bench.executors.engine import EngineExecutor, EngineParams, Slot
from bench.interfaces import StepEvent
from bench.job.outcome import Outcome
from bench.job.steps import to_text
from bench.storage.kept import KeptFolder
from tests.executors.faulty_steps import FaultySteps


class Threads(EngineExecutor):
    """`here`: names of workers that can be seen now; `sides`: those that have had a step; `sent`: what went to them."""

    name = "threads"

    def __init__(self, workers: int = 0, **params: Any) -> None:
        super().__init__(EngineParams(**params), workers)
        self.here = ["one", "two"]
        self.sides: dict[str, WorkerSide] = {}
        self.sent: list[tuple[str, list[str]]] = []
        self.answers: dict[str, Any] = {}  # function -> what workers answer instead

    def _find_slots(self, threads: int) -> list[Slot]:
        return [Slot(name) for name in self.here]

    def _ask(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        name = function.__name__
        return self.answers[name] if name in self.answers else function(*arguments)

    def _begin(self, slot: Slot, order: str, parcels: Mapping[str, bytes]) -> None:
        self.sent.append((slot.worker, sorted(parcels)))
        side = self.sides.setdefault(slot.worker, WorkerSide())

        def perform() -> None:
            try:
                done = side.perform(order, parcels, lambda text: self._progress(slot, text))
            except Exception as error:
                self._lost(slot, f"was lost ({error})")
            else:
                self._done(slot, done)

        Thread(target=perform, daemon=True).start()

    def _shut(self) -> None:
        for side in self.sides.values():
            side.close()


@pytest.fixture
def steps(tmp_path: Path) -> FaultySteps:
    return FaultySteps(tmp_path / "cache")


@pytest.fixture
def threads() -> Iterator[Callable[..., Threads]]:
    made: list[Threads] = []

    def make(**options: Any) -> Threads:
        made.append(Threads(**options))
        return made[-1]

    yield make
    for one in made:
        one.close(kill=True)


def told(executor: Threads) -> list[StepEvent]:
    return [event for event in executor.events() if event.kind != "progress"]


def logits(cache: Path, name: str) -> np.ndarray:
    return KeptFolder(cache / "steps" / name).array("logits")


@pytest.mark.parametrize("disk", ["shared", "own"])
def test_steps_leave_the_same_whatever_disk_workers_have(steps, threads, tmp_path, disk) -> None:
    executor = threads(disk=disk, worker_cache=str(tmp_path / "worker"))
    for name in "abc":
        executor.submit(to_text(steps.step(name)))
    events = told(executor)
    assert sorted((event.step, event.kind) for event in events) == [
        (name, kind) for name in "abc" for kind in ("ended", "started")
    ]
    assert all(Outcome.model_validate_json(e.detail).ok for e in events if e.kind == "ended")
    assert np.array_equal(logits(steps.cache, "a"), logits(steps.cache, "c"))
    assert executor.workers == 2, "it counts them"
    assert (tmp_path / "worker" / "steps" / "a").exists() == (disk == "own")


def test_what_a_step_reads_is_sent_once_to_a_worker_and_no_label_that_is_withheld(
    steps, threads, tmp_path
) -> None:
    executor = threads(disk="own", worker_cache=str(tmp_path / "worker"))
    executor.here = ["one"]
    for name in "ab":
        executor.submit(to_text(steps.step(name)))
    told(executor)
    (_, first), (_, second) = executor.sent
    assert [name.partition("/")[0] for name in first] == ["data", "plugins", "steps"]
    assert second == []
    brought = tmp_path / "worker" / "data" / "made"
    lacking = {file.name for file in (steps.cache / "data" / "made").iterdir()} - {
        file.name for file in brought.iterdir()
    }
    assert lacking == {"labels.npy", "identity.npy"}
    split = np.load(tmp_path / "worker" / "steps" / "split" / "labels.npy")
    withheld = split != np.asarray(steps.interactions.labels())
    assert withheld.any(), "test users' query"
    assert set(split[withheld]) == {255}


def test_what_a_worker_has_lost_or_that_was_damaged_there_is_sent_again(
    steps, threads, tmp_path
) -> None:
    place = tmp_path / "worker"
    executor = threads(disk="own", worker_cache=str(place))
    executor.here = ["one"]
    executor.submit(to_text(steps.step("a")))
    told(executor)
    (place / "steps" / "split" / "labels.npy").write_bytes(b"")
    executor.sides["one"].close()
    executor.sides["one"] = WorkerSide()  # it was started again
    executor.submit(to_text(steps.step("b")))
    assert [event.kind for event in told(executor)] == ["started", "ended"]
    assert [sent for _, sent in executor.sent[1:]] == [[], ["steps/split"]]
    assert not KeptFolder(place / "steps" / "split").damage()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"software": {"python": "2.7", "torch": "1"}},
            r"^executor 'threads': worker one on .+ has python 2\.7, this run 3\.\d+: install 3\.\d+ there$",
        ),
        ({"product": "0.0.1"}, r"has metaselector-bench 0\.0\.1, this run .+: install .+ there$"),
        ({"code": "0" * 64}, r"has other code of metaselector-bench .+: install the same there$"),
    ],
)
def test_a_worker_of_another_version_is_refused_by_name(steps, threads, change, reason) -> None:
    executor = threads()
    executor.answers["facts_as_json"] = orders.facts().model_copy(update=change).model_dump_json()
    executor.submit(to_text(steps.step("a")))
    with pytest.raises(ExecutorError, match=reason):
        told(executor)
    assert executor.sent == []


def test_a_cache_that_only_the_host_sees_is_said_with_what_to_do(steps, threads) -> None:
    executor = threads()
    executor.answers["reads"] = False
    executor.submit(to_text(steps.step("a")))
    with pytest.raises(
        ExecutorError, match=r"does not see the cache .+: mount it there .+disk=own$"
    ):
        told(executor)
    assert not list((steps.cache / "work").iterdir()), "the token is gone"


def test_a_plugin_that_is_another_there_is_refused_before_its_step(steps, threads) -> None:
    step = steps.step("a")
    (used,) = step.plugins
    executor = threads()
    executor.submit(to_text(step.model_copy(update={"plugins": (used._replace(digest="0"),)})))
    with pytest.raises(
        ExecutorError, match=r"worker one: base model 'faulty' .+ is not what this run has"
    ):
        told(executor)


def test_a_step_whose_server_is_killed_is_gone_and_can_be_handed_over_again(
    steps, threads, tmp_path
) -> None:
    executor = threads()
    executor.submit(to_text(steps.step("slow", "sleep-once")))
    events = []
    for event in executor.events():
        events.append(event.kind)
        if event.kind == "started":
            _wait_for(lambda: (steps.cache / "steps" / "slept").exists())
            executor.sides["one"]._server.close()
        if event.kind == "gone":
            assert event.detail.startswith("worker one on ")
            executor.submit(to_text(steps.step("slow", "sleep-once")))
    assert events == ["started", "gone", "started", "ended"]


def test_a_worker_that_is_not_seen_any_more_takes_its_step_along(
    steps, threads, monkeypatch
) -> None:
    monkeypatch.setattr(engine, "_LOOK_S", 0.05)
    executor = threads()
    executor.submit(to_text(steps.step("slow", "sleep-once")))
    found = executor.events()
    assert next(found).kind == "started"
    executor.here = ["two"]
    gone = next(found)
    assert gone.kind == "gone"
    assert gone.detail.endswith("is not there any more")


def test_closing_waits_for_what_runs_or_ends_it(steps, threads) -> None:
    executor = threads()
    executor.submit(to_text(steps.step("a")))
    next(executor.events())
    executor.close()
    assert KeptFolder(steps.cache / "steps" / "a").exists()
    executor = threads()
    executor.submit(to_text(steps.step("slow", "sleep-once")))
    found = executor.events()
    next(found)
    _wait_for(lambda: (steps.cache / "steps" / "slept").exists())
    server = executor.sides["one"]._server
    executor.close(kill=True)
    assert not server.alive


def test_a_failure_is_told_with_the_end_of_its_log_from_another_disk(
    steps, threads, tmp_path
) -> None:
    executor = threads(disk="own", worker_cache=str(tmp_path / "worker"))
    executor.submit(to_text(steps.step("bad", "segfault")))
    *_, end = told(executor)
    outcome = Outcome.model_validate_json(end.detail)
    assert outcome.label == "crashed:SIGSEGV"
    assert "Segmentation fault" in outcome.log
    assert "Segmentation fault" in (steps.cache / "steps" / "bad.log").read_text("utf-8")


def _wait_for(condition: Callable[[], bool]) -> None:
    import time

    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
