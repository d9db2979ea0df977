"""Tasks that pass a limit: they end, with all that they have started, and nothing else does."""

from __future__ import annotations

import time
from uuid import uuid4

import psutil
import pytest

from bench.processes import Ended, Limits, Said, Task, taken
from bench.processes.watch import GRACE_S
from bench.processes.workers import worker_environment

FUNCTIONS = "tests.processes.functions"
MIB = 2**20
SHORT = Limits(time_s=0.4)


@pytest.fixture(scope="module")
def server():
    with taken(worker_environment()) as server:
        yield server


def ended(server, function: str, argument: str, limits: Limits, log: str | None = None) -> Ended:
    """How a task ends, once all is told."""
    server.start(Task("it", f"{FUNCTIONS}:{function}", argument, limits, log))
    return rest(server)["it"]


def rest(server) -> dict[str, Ended]:
    found = {}
    while server.running:
        for event in server.events():
            if isinstance(event, Ended):
                found[event.task] = event
    return found


@pytest.mark.fault(7)
@pytest.mark.parametrize(
    ("function", "code"),
    [
        ("sleep_long", -15),
        ("hold_the_interpreter", -15),
        ("stop", -15),
    ],
)
def test_what_hangs_is_ended_at_the_limit(server, function, code):
    begun = time.monotonic()
    end = ended(server, function, "", SHORT)
    assert (end.over, end.code) == ("timeout", code)
    assert end.peak_rss_bytes > MIB
    assert time.monotonic() - begun >= SHORT.time_s


def test_what_ends_in_time_is_left_alone(server):
    end = ended(server, "end_with", "3", Limits(time_s=60, memory_bytes=2**40))
    assert (end.over, end.code) == (None, 3)


@pytest.mark.fault(7, 10)
def test_a_grandchild_that_will_not_end_ends_in_whatever_session(server):
    marker = uuid4().hex
    end = ended(server, "children_everywhere", f"50 {marker}", SHORT)
    assert end.over == "timeout"
    assert end.left > 1
    wait_for(lambda: not marked(marker))


@pytest.mark.fault(8)
def test_what_takes_too_much_memory_is_killed_and_its_neighbour_is_not(server):
    server.start(Task("neighbour", f"{FUNCTIONS}:shout_late", "n", Limits(memory_bytes=400 * MIB)))
    cap = Limits(memory_bytes=400 * MIB)
    server.start(Task("it", f"{FUNCTIONS}:take_memory", str(600 * MIB), cap))
    ends = rest(server)
    assert (ends["it"].over, ends["it"].code) == ("memory", -9)
    assert ends["it"].peak_rss_bytes > cap.memory_bytes
    assert (ends["neighbour"].over, ends["neighbour"].code) == (None, 0)


@pytest.mark.fault(8)
def test_memory_counts_over_all_processes_of_a_task(server):
    """Each of four is far below the cap."""
    end = ended(server, "take_memory_in_children", str(150 * MIB), Limits(memory_bytes=500 * MIB))
    assert end.over == "memory"
    assert end.peak_rss_bytes > 500 * MIB


@pytest.mark.fault(8)
def test_pages_that_processes_share_count_once(server):
    """Five look at 150 MiB, which is 750 MiB by what is resident in each."""
    end = ended(server, "share_memory", str(150 * MIB), Limits(memory_bytes=500 * MIB))
    assert (end.over, end.code) == (None, 0)
    assert 150 * MIB < end.peak_rss_bytes < 500 * MIB


def test_one_that_was_asked_to_end_has_time_for_that(server):
    begun = time.monotonic()
    end = ended(server, "ignore_the_end", "", SHORT)
    assert (end.over, end.code) == ("timeout", -9)
    assert time.monotonic() - begun >= SHORT.time_s + GRACE_S


@pytest.mark.fault(7)
def test_where_it_hung_is_in_the_log(server, tmp_path):
    log = tmp_path / "it.log"
    end = ended(server, "hold_the_interpreter", "", SHORT, str(log))
    assert end.over == "timeout"
    assert "in hold_the_interpreter" in log.read_text("utf-8")


def test_what_is_said_before_the_limit_is_heard(server):
    server.start(Task("it", f"{FUNCTIONS}:sleep_long", "", SHORT))
    said = next(server.events())
    assert isinstance(said, Said)
    assert rest(server)["it"].over == "timeout"
    assert not psutil.pid_exists(int(said.text))


def marked(marker: str) -> list[int]:
    """Processes that have it in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if marker in (process.info["cmdline"] or ()) and process.info["status"] != "zombie":
            found.append(process.pid)
    return found


def wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
