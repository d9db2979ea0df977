"""What tasks print, kept beside them: both ends of it, whatever it is."""

from __future__ import annotations

import errno
import os

import psutil
import pytest

from bench.processes import Ended, Said, Task, taken
from bench.processes.log import ENDS, CappedLog
from bench.processes.workers import worker_environment

FUNCTIONS = "tests.processes.functions"
MIB = 2**20


@pytest.fixture(scope="module")
def server():
    with taken(worker_environment()) as server:
        yield server


def ask(server, function: str, argument: str, log) -> list[Said | Ended]:
    server.start(Task("it", f"{FUNCTIONS}:{function}", argument, log=str(log)))
    events = []
    while server.running:
        events += server.events()
    return events


@pytest.mark.fault(11)
def test_what_is_printed_is_in_the_log_alone(server, tmp_path, capfd):
    assert ask(server, "print_all_over", "", tmp_path / "deep" / "it.log")[0].text == "real"
    assert (tmp_path / "deep" / "it.log").read_bytes() == b'["result", "forged"]\nnoise'
    assert capfd.readouterr() == ("", "")


def test_who_prints_nothing_has_no_log_and_an_older_one_is_gone(server, tmp_path):
    log = tmp_path / "it.log"
    log.write_text("of the last try", "utf-8")
    assert ask(server, "shout", "a", log)[-1] == Ended("it", 0)
    assert not log.exists()


@pytest.mark.fault(11)
def test_two_hundred_megabytes_leave_both_ends_and_the_server_as_it_was(server, tmp_path):
    before = psutil.Process(server._process.pid).memory_info().rss
    log = tmp_path / "it.log"
    said, ended = ask(server, "print_bytes", str(200 * MIB), log)
    content = log.read_bytes()
    left_out = 200 * MIB + len(b"first \x00\x1b[31m\xff") + len(b"last\n") - 2 * ENDS
    line = f"\n[{left_out:,} bytes left out]\n".encode()
    assert len(content) == 2 * ENDS + len(line)
    assert content.startswith(b"first \x00\x1b[31m\xffxxx")
    assert content[ENDS : ENDS + len(line)] == line
    assert content.endswith(b"xlast\n")
    assert (ended.code, ended.log_trouble) == (0, "")
    assert int(said.text) - before < 8 * MIB


@pytest.mark.fault(6)
def test_a_crash_leaves_what_was_printed_and_where_it_was(server, tmp_path):
    (ended,) = ask(server, "print_and_crash", "", tmp_path / "it.log")
    assert ended.how == "SIGSEGV"
    content = (tmp_path / "it.log").read_text("utf-8")
    assert content.startswith("just before\nFatal Python error: Segmentation fault\n")
    assert "in print_and_crash" in content


@pytest.mark.fault(11, 22)
def test_a_log_that_cannot_be_written_ends_no_task(server, tmp_path):
    (tmp_path / "file").touch()
    said, ended = ask(server, "print_bytes", str(MIB), tmp_path / "file" / "it.log")
    assert (said.result, ended.code) == (True, 0)
    assert ended.log_trouble == os.strerror(errno.EEXIST)


@pytest.mark.fault(22)
def test_a_full_disk_is_told_of_and_the_rest_is_read(tmp_path, monkeypatch):
    log = CappedLog(str(tmp_path / "it.log"))
    monkeypatch.setattr(log, "_made", lambda: os.open("/dev/full", os.O_WRONLY))
    os.write(log.writer, b"x")
    assert log.read() == 1
    os.write(log.writer, b"y")
    assert log.read() == 1
    log.close()
    os.close(log.writer)
    assert log.trouble == os.strerror(errno.ENOSPC)


def test_streams_that_all_have_closed_are_not_listened_to(tmp_path):
    log = CappedLog(str(tmp_path / "it.log"))
    assert log.open
    os.close(log.writer)
    assert log.read() == 0
    assert not log.open
    log.close()


def test_many_tasks_leave_no_descriptor(server, tmp_path):
    def held() -> int:
        return psutil.Process(server._process.pid).num_fds() + psutil.Process().num_fds()

    ask(server, "shout", "a", tmp_path / "it.log")
    before = held()
    for _ in range(50):
        ask(server, "print_all_over", "", tmp_path / "it.log")
    assert held() == before
