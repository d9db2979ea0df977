"""What Linux offers a process that looks after others; elsewhere the calls do nothing."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil

__all__ = [
    "adopt_orphans",
    "be_killed_first",
    "descendants",
    "die_with_parent",
    "end_all",
    "is_pythons_helper",
    "wake_when_parent_ends",
]

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36  # of linux/prctl.h
_KILLED_FIRST = 500  # of -1,000 (never) to 1,000


def die_with_parent(parent: int) -> None:
    """Be killed when the parent (its pid) ends, stopped or busy though this process may be."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call
        os._exit(1)


def wake_when_parent_ends() -> None:
    """Be continued when the parent ends, stopped though this process may be: it then sees that nobody asks any more."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGCONT)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own has ended, in whatever session they are."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def be_killed_first() -> None:
    """Where the machine runs out of memory, before the programs that look after this process."""
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(_KILLED_FIRST), "ascii")


def descendants(pid: int) -> list[psutil.Process]:
    """Processes below one, those that have ended and were not waited for among them."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def end_all(processes: list[psutil.Process]) -> None:
    """Kill them."""
    for process in processes:
        try:
            process.kill()
        except psutil.Error:
            continue  # it ended by itself, or belongs to somebody else


def is_pythons_helper(process: psutil.Process) -> bool:
    """Whether it is what multiprocessing starts beside a program to look after its semaphores and shared memory."""
    try:
        return any("multiprocessing.resource_tracker" in part for part in process.cmdline())
    except psutil.Error:
        return False


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
