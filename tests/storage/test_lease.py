"""A lease is one process's; a dead owner loses it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.storage.lease import owner, sweep_leases, take

HOLDING = """
import sys, time
from pathlib import Path
from bench.storage.lease import take
assert take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(120)
"""


def test_a_lease_is_one_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "leases" / "work"
    first = take(path)
    assert first is not None
    assert take(path) is None
    first.release()
    assert not path.exists()
    assert take(path) is not None


def test_words_are_heard_by_the_next_owner_alone(tmp_path: Path) -> None:
    first = take(tmp_path / "work")
    assert first is not None
    assert first.last_words == ""
    first.release("it failed")
    second = take(tmp_path / "work")
    assert second is not None
    assert second.last_words == "it failed"
    assert second.left_at > 0
    second.release("and again")  # shorter than what a third would hear if it were not emptied
    third = take(tmp_path / "work")
    assert third is not None
    assert third.last_words == "and again"
    third.release()
    assert not (tmp_path / "work").exists()


@pytest.mark.fault(26)
def test_a_killed_owner_loses_it_and_its_predecessor_s_words(tmp_path: Path) -> None:
    path = tmp_path / "work"
    first = take(path)
    assert first is not None
    first.release("it failed")
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "held\n"
    assert take(path) is None
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    second = take(path)
    assert second is not None
    assert second.last_words == ""


def test_where_nothing_can_be_locked_work_is_done_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "leases").write_text("a file in the place of the folder", "utf-8")
    first, second = take(tmp_path / "leases" / "work"), take(tmp_path / "leases" / "work")
    assert first is not None
    assert second is not None
    first.release("words")
    second.release()


@pytest.mark.fault(26)
def test_sweeping_leaves_what_is_held_and_what_was_said_today(tmp_path: Path) -> None:
    held, said, old = (take(tmp_path / name) for name in ("held", "said", "old"))
    assert held is not None
    assert said is not None
    assert old is not None
    said.release("it failed")
    old.release("it failed")
    os.utime(tmp_path / "old", (0, 0))
    (tmp_path / "killed").touch()
    sweep_leases(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"held", "said"}
    assert (tmp_path / "said").read_text("utf-8") == "it failed"
    assert take(tmp_path / "held") is None
    held.release()


def test_the_owner_of_a_lease_is_known(tmp_path: Path) -> None:
    path = tmp_path / "work"
    assert owner(path) is None
    lease = take(path)
    assert lease is not None
    of_this_process = f" {os.getpid()} {os.major(path.stat().st_dev):02x}:"
    if of_this_process not in Path("/proc/locks").read_text("ascii"):
        pytest.skip("this file system has another number in /proc/locks")
    assert owner(path) == os.getpid()
    lease.release("words")
    assert owner(path) is None
