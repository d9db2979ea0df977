"""What a worker of an engine does with an order: refuse, ask for what it lacks, do, answer."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.executors import at_worker
from bench.executors.at_worker import WorkerSide, own_cache, reads
from bench.executors.orders import Answer, Done, Facts, Order, facts, inputs_of
from bench.job.outcome import Outcome
from bench.job.steps import FitStep, to_text
from tests.executors.faulty_steps import FAULTY, FaultySteps


@pytest.fixture(scope="module")
def side() -> Iterator[WorkerSide]:
    made = WorkerSide()
    yield made
    made.close()


@pytest.fixture
def steps(tmp_path: Path) -> FaultySteps:
    return FaultySteps(tmp_path / "cache")


def order(step: FitStep, cache: Path | None) -> str:
    inputs = tuple(inputs_of(step, own_disk=cache is not None))
    return Order(step=to_text(step), worker="w1", cache=cache, inputs=inputs).model_dump_json()


def parcels(step: FitStep) -> dict[str, bytes]:
    return {one.name: one.packed() for one in inputs_of(step, own_disk=True)}


def answer(done: Done) -> Answer:
    return Answer.model_validate_json(done.answer)


def test_it_asks_for_what_it_lacks_and_begins_nothing(side, steps, tmp_path) -> None:
    step = steps.step("a")
    done = side.perform(order(step, tmp_path / "own"), {}, lambda _: None)
    assert set(answer(done).lacking) == parcels(step).keys()
    assert done.parcel == b""
    assert not (tmp_path / "own").exists()


def test_a_step_on_another_disk_comes_back_as_a_parcel_with_its_log_and_worker(
    side, steps, tmp_path
) -> None:
    step = steps.step("a", "noise")
    done = side.perform(order(step, tmp_path / "own"), parcels(step), lambda _: None)
    assert Outcome.model_validate_json(answer(done).outcome).ok
    assert done.parcel
    result = (tmp_path / "own" / "steps" / "a" / "result.json").read_text("utf-8")
    assert '"worker": "w1"' in result
    assert not step.folder.exists(), "the host's"


def test_what_arrives_and_is_not_what_was_sent_is_the_caches_fault(side, steps, tmp_path) -> None:
    step = steps.step("a")
    sent = parcels(step)
    (split,) = [name for name in sent if name.startswith("steps/")]
    (data,) = [name for name in sent if name.startswith("data/")]
    done = side.perform(order(step, tmp_path / "own"), sent | {split: sent[data]}, lambda _: None)
    outcome = Outcome.model_validate_json(answer(done).outcome)
    assert outcome.status == "storage"
    assert outcome.reason.startswith("worker w1: ")
    assert outcome.reason.endswith("is not what was sent; run again")


def test_a_disk_that_can_not_be_written_is_said_with_its_worker(side, steps, tmp_path) -> None:
    (tmp_path / "full").write_text("no folder", "utf-8")
    step = steps.step("a")
    done = side.perform(order(step, tmp_path / "full"), parcels(step), lambda _: None)
    outcome = Outcome.model_validate_json(answer(done).outcome)
    assert outcome.status == "storage"
    assert outcome.reason.startswith(f"worker w1: cache {tmp_path / 'full'}")


def test_other_code_is_refused_before_anything_runs(side, steps) -> None:
    step = steps.step("a")
    (used,) = step.plugins
    changed = step.model_copy(update={"plugins": (used._replace(digest="0"),)})
    done = side.perform(order(changed, steps.cache), parcels(changed), lambda _: None)
    assert "base model 'faulty'" in answer(done).refused
    assert not step.folder.exists()


def test_a_step_server_that_nobody_asks_ends_and_another_takes_over(steps, monkeypatch) -> None:
    monkeypatch.setattr(at_worker, "_IDLE_S", 0.1)
    side, cache = WorkerSide(), steps.cache
    side.perform(order(steps.step("a"), cache), parcels(steps.step("a")), lambda _: None)
    first = side._server
    assert first is not None
    deadline = time.monotonic() + 30
    while first.alive:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    monkeypatch.setattr(at_worker, "_IDLE_S", 60.0)
    done = side.perform(order(steps.step("b"), cache), {}, lambda _: None)
    assert Outcome.model_validate_json(answer(done).outcome).ok
    side.close()


def test_it_reads_what_the_host_wrote_or_says_that_it_does_not(tmp_path) -> None:
    (tmp_path / "token").write_text("one", "utf-8")
    assert reads(str(tmp_path / "token"), "one")
    assert not reads(str(tmp_path / "token"), "two")
    assert not reads(str(tmp_path / "none"), "one")


def test_its_own_cache_is_where_it_is_told_or_below_its_users(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    assert own_cache() == str(tmp_path / "worker")
    assert own_cache(str(tmp_path / "there")) == str(tmp_path / "there")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"software": {}}, "has python None"),
        ({"product": "0.0.0"}, "has metaselector-bench 0.0.0"),
        ({"code": "0"}, "has other code of metaselector-bench"),
        ({"host": "elsewhere", "machine": "arm"}, ""),
    ],
)
def test_facts_that_would_make_other_steps_are_told_apart(change, said) -> None:
    here = facts()
    other = Facts.model_validate(here.model_dump() | change)
    assert here.unlike(other)[: len(said)] == said
    assert bool(here.unlike(other)) == bool(said)


def test_what_a_step_reads_is_named_and_only_plugins_where_the_disk_is_one(steps) -> None:
    step = steps.step("a")
    rooms = [one.name.partition("/")[0] for one in inputs_of(step, own_disk=True)]
    assert rooms == ["plugins", "data", "steps"]
    assert [one.name.partition("/")[0] for one in inputs_of(step, own_disk=False)] == ["plugins"]


def test_of_a_folder_of_plugins_they_go_along_and_nothing_that_lies_beside_them(
    side, steps, tmp_path
) -> None:
    """A folder that is given by --plugins may hold data, an environment, what is hidden."""
    folder = tmp_path / "mine"
    (folder / ".git").mkdir(parents=True)
    (folder / "clicks.csv").write_text("user,click\n1,1\n", "utf-8")
    (folder / FAULTY.name).write_bytes(FAULTY.read_bytes())
    step = steps.step("a", plugin_paths=(folder,))
    (given,) = inputs_of(step, own_disk=False)
    assert given.path == folder / FAULTY.name
    with tarfile.open(fileobj=io.BytesIO(given.packed())) as archive:
        assert archive.getnames() == [FAULTY.name]
    done = side.perform(order(step, None), parcels(step), lambda _: None)
    assert Outcome.model_validate_json(answer(done).outcome).ok
