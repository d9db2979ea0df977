"""One process for many tasks of a name: what leaves nothing behind needs no process of its own."""

from __future__ import annotations

import pytest

from bench.processes import Ended, Said, Task, ask, taken
from bench.processes.workers import worker_environment

FUNCTIONS = "tests.processes.functions"


@pytest.fixture
def server():
    with taken(worker_environment()) as server:
        yield server


def again(server, function: str, argument: str = ""):
    return server.answer_again(Task("it", f"{FUNCTIONS}:{function}", argument))


def test_one_process_answers_many_times(server):
    answers = [again(server, "own_pid") for _ in range(3)]
    assert [ended for _, ended in answers] == [None] * 3
    assert len({said[0].text for said, _ in answers}) == 1
    assert again(server, "shout", "x" * 2**20)[0][1].text == "X" * 2**20


def test_it_is_no_task_that_anybody_waits_for(server):
    again(server, "own_pid")
    assert server.running == {}
    server.start(Task("other", f"{FUNCTIONS}:shout", "b"))
    assert again(server, "shout", "a")[0][-1].text == "A"
    assert list(server.running) == ["other"]
    events = []
    while server.running:
        events += server.events()
    assert events[-1] == Ended("other", 0)
    assert {event.task for event in events} == {"other"}


def test_one_that_ends_says_so_and_the_next_is_another(server):
    first = again(server, "own_pid")[0][0].text
    said, ended = again(server, "exit_with", "3")
    assert said == []
    assert ended is not None
    assert ended.code == 3
    said, ended = again(server, "own_pid")
    assert ended is None
    assert said[0].text != first


def test_one_that_is_killed_while_it_waits_is_replaced(server):
    first = again(server, "own_pid")[0][0].text
    server.start(Task("killer", f"{FUNCTIONS}:kill", first))
    while server.running:
        list(server.events())
    said, ended = again(server, "own_pid")
    if ended is not None:  # its end was not heard before it was asked
        said, ended = again(server, "own_pid")
    assert ended is None
    assert server.running == {}
    assert isinstance(said[0], Said)
    assert said[0].text != first


def test_who_asks_hears_nothing_of_it(server):
    def pid() -> str:
        task = Task("it", f"{FUNCTIONS}:own_pid", "")
        return ask(task, worker_environment(), (), again=True).result or ""

    first = pid()
    server.start(Task("killer", f"{FUNCTIONS}:kill", first))
    while server.running:
        list(server.events())
    assert pid() not in ("", first)
