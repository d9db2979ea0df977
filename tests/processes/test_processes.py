"""Functions in processes of their own: what comes back, and that nothing of them stays or spreads."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from bench import processes
from bench.processes import Ended, Said, Task, taken
from bench.processes.workers import worker_environment

FUNCTIONS = "tests.processes.functions"


@pytest.fixture(scope="module")
def server():
    with taken(worker_environment()) as server:
        yield server


def ask(server, function: str, argument: str = ""):
    """All that is told of a task, in order."""
    server.start(Task("it", f"{FUNCTIONS}:{function}", argument))
    return rest(server)


def rest(server):
    events = []
    while server.running:
        events += server.events()
    return events


def test_a_function_says_and_returns(server):
    assert ask(server, "shout", "ü") == [
        Said("it", "begun", result=False),
        Said("it", "Ü", result=True),
        Ended("it", 0),
    ]


def test_a_megabyte_goes_there_and_back(server):
    assert ask(server, "shout", "x" * 2**20)[1].text == "X" * 2**20


def test_tasks_run_side_by_side(server):
    for name in ("a", "b", "c"):
        server.start(Task(name, f"{FUNCTIONS}:shout", name))
    assert len(server.running) == 3
    events = rest(server)
    assert {event.text for event in events if isinstance(event, Said) and event.result} == set(
        "ABC"
    )
    assert sorted(event.task for event in events if isinstance(event, Ended)) == ["a", "b", "c"]


@pytest.mark.fault(11)
def test_what_is_printed_is_no_message(server, capfd):
    assert ask(server, "print_all_over")[0] == Said("it", "real", result=True)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "noise" in printed.err


@pytest.mark.fault(10)
def test_a_task_is_over_with_its_result_and_leaves_nothing(server):
    said, ended = ask(server, "leave_much")
    assert ended == Ended("it", 0, left=2)
    for pid in map(int, said.text.split()):
        wait_for(lambda pid=pid: not lives(pid))


@pytest.mark.fault(12)
def test_a_signal_to_the_group_of_a_task_reaches_nobody_else(server):
    assert ask(server, "signal_own_group") == [Ended("it", -15)]
    assert ask(server, "shout", "a")[1].text == "A"


@pytest.mark.fault(10)
def test_a_fork_that_holds_the_pipe_delays_nothing(server):
    assert ask(server, "hold_the_pipe_and_die") == [Ended("it", 7, left=1)]


@pytest.mark.fault(11)
@pytest.mark.parametrize("text", ["garbage", '["result", 3]', '{"a": 1}', "[" * 100_000])
def test_what_is_no_message_is_not_believed(server, text):
    (ended,) = ask(server, "write_into_every_pipe", text)
    assert ended.code == -9
    assert ended.malformed == repr(text[:60].encode())


def test_a_stopped_task_can_be_ended(server):
    server.start(Task("it", f"{FUNCTIONS}:stop", ""))
    (said,) = server.events()
    server.end("it")
    assert rest(server) == [Ended("it", -9)]
    assert not lives(int(said.text))


def test_a_task_sees_this_program_as_it_is_now_and_no_input(tmp_path, monkeypatch):
    monkeypatch.setenv("LATER", "set")
    monkeypatch.chdir(tmp_path)
    with taken(worker_environment()) as server:
        assert ask(server, "look_around")[0].text == f"set {tmp_path} ''"


def test_hashes_have_one_order_in_all_servers(monkeypatch):
    """Whatever this program's own is."""
    found = []
    for seed in ("1", "random"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        with taken(worker_environment()) as server:
            found.append(ask(server, "hash_of", "a")[0].text)
    assert len(set(found)) == 1


def test_an_idle_server_imports_what_it_lacks_for_the_next(monkeypatch):
    environment = {**worker_environment(), "OMP_OF_THIS_TEST": "2"}  # so that it is this server
    with taken(environment) as server:
        assert ask(server, "has_imported", "wave")[0].text == "False"
    with taken(environment, ["wave"]) as again:
        assert again is server
        assert ask(again, "has_imported", "wave")[0].text == "True"


def test_a_server_serves_after_an_import_that_sets_a_variable(monkeypatch):
    """As threadpoolctl and scikit-learn do where nobody has set it."""
    for name in (names := ("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK")):
        monkeypatch.delenv(name, raising=False)
    with taken(worker_environment()) as server:
        pass
    script = (
        "import os, sklearn, threadpoolctl; print(*(os.environ[name] for name in sys.argv[1:]))"
    )
    command = [sys.executable, "-c", f"import sys; {script}", *names]
    set_there = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    for name, value in zip(names, set_there, strict=True):
        monkeypatch.setenv(name, value)
    assert server.serves(worker_environment())
    monkeypatch.setenv("KMP_INIT_AT_FORK", "TRUE")  # the user's own
    assert not server.serves(worker_environment())


def test_an_end_is_told_in_words(server):
    assert [ask(server, "end_with", "3")[-1].how, Ended("it", -11).how, Ended("it", -35).how] == [
        "exit code 3",
        "SIGSEGV",
        "signal 35",
    ]


@pytest.mark.fault(25)
def test_tasks_end_where_their_server_is_killed():
    with taken(worker_environment()) as server:
        server.start(Task("it", f"{FUNCTIONS}:stop", ""))
        (said,) = server.events()
        server._process.kill()
        assert rest(server) == [Ended("it", -9, with_server=1)]
        wait_for(lambda: not lives(int(said.text)))
        with pytest.raises(ConnectionError):
            server.start(Task("late", f"{FUNCTIONS}:shout", ""))


def test_a_task_asked_alone_keeps_what_others_say_meanwhile(server):
    server.start(Task("other", f"{FUNCTIONS}:shout", "o"))
    said, ended = server.answer(Task("it", f"{FUNCTIONS}:shout_late", "i"))
    assert [one.text for one in said] == ["begun", "I"]
    assert ended == Ended("it", 0)
    assert set(server.running) == {"other"}  # whose end is not told yet
    assert [type(event) for event in rest(server)] == [Said, Said, Ended]


def test_a_task_asked_alone_runs_in_the_server_that_is_borrowed(server):
    answer = processes.ask(Task("it", f"{FUNCTIONS}:parent", ""), worker_environment(), ())
    assert answer.result == str(server._process.pid)


def test_a_task_asked_alone_is_asked_again_where_another_ends_the_server():
    environment = {**worker_environment(), "OMP_OF_THIS_TEST": "1"}  # so that it is this server
    with taken(environment) as server:
        server.start(Task("other", f"{FUNCTIONS}:kill_parent_of", ""))
        answer = processes.ask(Task("it", f"{FUNCTIONS}:shout_late", "i"), environment, ())
        assert answer.result == "I"
        assert rest(server) == [Ended("other", -9, with_server=2)]


@pytest.mark.fault(25)
@pytest.mark.parametrize("stopped", ["the task", "the server"])
def test_a_stopped_task_does_not_outlive_a_program_that_is_killed(tmp_path, stopped):
    function = {"the task": "stop", "the server": "stop_parent"}[stopped]
    code = f"""
        from bench.processes import Task, taken
        with taken({{}}) as server:
            server.start(Task("it", "{FUNCTIONS}:{function}", ""))
            print(next(iter(server.events())).text, flush=True)
            next(server.events())
    """
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        task = psutil.Process(pid)
        halted = task if stopped == "the task" else task.parent()
        assert halted is not None
        wait_for(lambda: halted.status() == psutil.STATUS_STOPPED)
        program.kill()
    wait_for(lambda: not lives(pid))
    wait_for(lambda: stopped == "the task" or not lives(halted.pid))


def lives(pid: int) -> bool:
    """Whether it still does something: one that has ended and was not waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, os.getpid()
        time.sleep(0.02)
