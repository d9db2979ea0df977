"""RUN/status.json: whole or not there, of a run that lives or of one that was killed."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bench.errors import RecordError, StorageError
from bench.records.seal import sealed
from bench.records.status_file import Failure, Left, RunNow, StatusFile, StepNow, read_status
from tests.storage.faulty import FAULTS, Fault, content, disk, temporaries

NOW = RunNow(
    pid=7,
    steps=4,
    ended=1,
    failed=1,
    trials=3,
    recorded=1,
    seconds=12.5,
    quiet_s=0.5,
    left=Left(seconds=30.0, rough=True, unknown=2),
    last_failures=(Failure(title="ml/cold lr, seed 0", reason="out of luck"),),
    running=(StepNow(title="ml/cold fm, seed 0", said="epoch 1/2", seconds=3, quiet_s=0.5),),
)


def told(folder: Path) -> list[tuple[int, bool]]:
    """(pid, alive) of each."""
    return [(one.now.pid, one.alive) for one in read_status(folder)]


def test_what_is_written_is_read_back_and_gone_in_the_end(tmp_path: Path) -> None:
    status = StatusFile(tmp_path)
    status.write(NOW)
    (found,) = read_status(tmp_path)
    assert found.now == NOW
    assert found.alive
    assert 0 <= found.age_s < 60
    status.write(NOW.model_copy(update={"ended": 2}))
    assert [one.now.ended for one in read_status(tmp_path)] == [2]
    status.remove()
    assert content(tmp_path) == {}
    assert read_status(tmp_path) == []


WRITER = """
import sys, time
from pathlib import Path
from bench.records.status_file import RunNow, StatusFile
now = dict(pid=1, steps=4, ended=1, failed=0, trials=3, recorded=1, seconds=1, quiet_s=0)
status = StatusFile(Path(sys.argv[1]))
status.write(RunNow(**now))
print("written", flush=True)
while True:
    status.write(RunNow(**now))
"""


def test_a_run_that_is_killed_is_told_from_one_that_lives(tmp_path: Path) -> None:
    """It replaces its file again and again: whenever it is looked at, it lives, and the file is whole."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    with writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        looks = [told(tmp_path) for _ in range(2000)]
        writer.send_signal(signal.SIGKILL)
    assert all(look == [(1, True)] for look in looks)
    assert told(tmp_path) == [(1, False)]


def test_a_run_takes_the_place_of_one_that_was_killed(tmp_path: Path) -> None:
    killed = StatusFile(tmp_path)
    killed.write(NOW)
    killed._close()  # as its process's end does
    status = StatusFile(tmp_path)
    status.write(NOW.model_copy(update={"pid": 8}))
    assert told(tmp_path) == [(8, True)]
    status.remove()
    assert content(tmp_path) == {}


def test_two_runs_at_once_have_a_file_each(tmp_path: Path) -> None:
    one, two = StatusFile(tmp_path), StatusFile(tmp_path)
    for _ in range(2):
        one.write(NOW)
        two.write(NOW.model_copy(update={"pid": 8}))
    assert told(tmp_path) == [(7, True), (8, True)]
    one.remove()
    assert told(tmp_path) == [(8, True)]
    two.remove()
    assert content(tmp_path) == {}


def test_one_that_was_killed_beside_a_run_is_forgotten_when_that_ends(tmp_path: Path) -> None:
    killed, status = StatusFile(tmp_path), StatusFile(tmp_path)
    killed.write(NOW)
    status.write(NOW.model_copy(update={"pid": 8}))
    killed._close()
    status.write(NOW.model_copy(update={"pid": 8}))
    assert told(tmp_path) == [(7, False), (8, True)]
    status.remove()
    assert content(tmp_path) == {}


def test_where_two_began_at_once_neither_loses_its_file_for_good(tmp_path: Path) -> None:
    """Both took the one place before either could see the other."""
    one, two = StatusFile(tmp_path), StatusFile(tmp_path)
    one.write(NOW)
    os.rename(tmp_path / "status.json", tmp_path / "away")
    two.write(NOW.model_copy(update={"pid": 8}))
    one.write(NOW)
    assert sorted(told(tmp_path)) == [(7, True), (8, True)]
    one.remove()
    assert told(tmp_path) == [(8, True)]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_full_disk_costs_the_news_and_not_what_was_there(tmp_path: Path, fault: Fault) -> None:
    status = StatusFile(tmp_path)
    status.write(NOW)
    before = content(tmp_path)
    with disk() as counted:
        status.write(NOW)
    assert {"open for writing", "write", "replace"} <= set(counted.calls)
    failing = ("write",) if fault == "short write" else ("open for writing", "write", "replace")
    for number in [at for at, call in enumerate(counted.calls) if call in failing]:
        with disk(number, fault), pytest.raises(StorageError, match=r"json: can't be written"):
            status.write(NOW)
        assert list(content(tmp_path)) == list(before)
        assert [one.now for one in read_status(tmp_path)] == [NOW]
        assert temporaries(tmp_path) == []


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"gone/status\.json: can't be written: No such file"):
        StatusFile(tmp_path / "gone").write(NOW)
    assert read_status(tmp_path / "gone") == []


def test_where_no_file_can_be_locked_who_was_heard_of_lately_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    status, other = StatusFile(tmp_path), StatusFile(tmp_path)
    status.write(NOW)
    assert told(tmp_path) == [(7, True)]
    other.remove()
    assert told(tmp_path) == [(7, True)], "it may be another run's"
    written = json.loads((tmp_path / "status.json").read_text("ascii"))
    old = sealed(written | {"written": time.time() - 3600})
    (tmp_path / "status.json").write_text(json.dumps(old), "ascii")
    assert told(tmp_path) == [(7, False)]


def _file(**changes: Any) -> str:
    run = NOW.model_dump(mode="json") | changes.pop("run", {})
    return json.dumps(sealed({"schema": 3, "written": 1.0, "run": run, **changes}))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "truncated or edited, not JSON"),
        (_file()[:200], "truncated or edited, not JSON"),
        (_file().replace('"ended": 1', '"ended": 2'), "its content has another digest"),
        ("[" * 100_000, "not JSON"),
        ("[]", "names no schema"),
        (_file(schema=99), "schema 99, newer than"),
        (_file(written="now"), "no status of a run: written: "),
        (_file(written=10**400), "no status of a run"),
        (_file(run={"ended": -1}), "no status of a run: run.ended: "),
        (_file(run={"seconds": 1e300}), "no status of a run: run.seconds: "),
        (_file(run={"running": [{"title": "x" * 2000}]}), "run.running.0.title: "),
        (_file(run={"running": "none"}), "no status of a run: run.running: "),
        (_file(run={"last_failures": [1]}), "run.last_failures.0: "),
    ],
)
def test_a_file_that_is_none_of_these_is_refused_with_its_place(
    tmp_path: Path, text: str, what: str
) -> None:
    (tmp_path / "status.json").write_text(text, "ascii")
    with pytest.raises(RecordError) as refused:
        read_status(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}/status.json: ")
    assert what in str(refused.value)


def test_what_is_no_regular_file_is_refused_and_waited_for_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "status.json")
    with pytest.raises(RecordError, match=r"status\.json: not a regular file"):
        read_status(tmp_path)
    (tmp_path / "status.json").unlink()
    (tmp_path / "status.json").mkdir()
    with pytest.raises(RecordError, match=r"status\.json: not a regular file"):
        read_status(tmp_path)
    with pytest.raises(StorageError, match=r"status\.json: can't be written: Is a directory"):
        StatusFile(tmp_path).write(NOW)
    assert temporaries(tmp_path) == []


def test_a_file_that_comes_and_goes_is_never_taken_for_a_killed_runs(tmp_path: Path) -> None:
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            status = StatusFile(tmp_path)
            status.write(NOW)
            status.remove()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        found = [told(tmp_path) for _ in range(1000)]
    finally:
        over.set()
        thread.join()
    assert all(look in ([], [(7, True)]) for look in found)
