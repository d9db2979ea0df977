"""The harness's own clock: CPU and wall seconds of a plugin call, child processes included, and the memory that its process
reached."""

from __future__ import annotations

import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from bench.errors import PluginError

__all__ = ["Clock", "peak_rss_bytes"]

_OF_ANY_KIND = (
    0x40000000 if sys.platform == "linux" else 0
)  # __WALL: of whatever signal they end with


class Clock:
    """`with Clock() as clock:` one plugin call; then clock.cpu_s and clock.wall_s. All threads of the process count, and its
    child processes, running or ended. Entered again, it adds. PluginError for a time that can't be, and where the call has
    the system forget child processes that end."""

    cpu_s = 0.0
    wall_s = 0.0

    def __enter__(self) -> Clock:
        self._children = _children_cpu_s()  # first, so that looking at them is not timed
        self._cpu, self._wall = _cpu_s(), _wall_s()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        wall, cpu = _wall_s() - self._wall, _cpu_s() - self._cpu
        cpu += _children_cpu_s() - self._children
        for seconds in (cpu, wall):
            if not (math.isfinite(seconds) and seconds >= 0) and error is None:
                raise PluginError(
                    f"a plugin call took {seconds} s: the process's clock was changed"
                )
        if error is None and _forgets_children():
            raise PluginError(
                "a plugin call left SIGCHLD ignored: the cost of its child processes is lost; leave that signal as it is"
            )
        self.cpu_s += cpu
        self.wall_s += wall


# The functions as they are now: a plugin that puts others into their modules changes no figure.
def _wall_s(now: Callable[[], float] = time.monotonic) -> float:
    return now()


def _cpu_s(now: Callable[[], float] = time.process_time) -> float:
    return now()


def _children_cpu_s(used: Callable[[int], Any] = resource.getrusage) -> float:
    """Of child processes that were waited for, and of those that were not yet."""
    waited = used(resource.RUSAGE_CHILDREN)
    return float(waited.ru_utime + waited.ru_stime + sum(map(_cpu_of, _children())))


def _forgets_children() -> bool:
    """Whether child processes that end leave no times behind, since SIGCHLD is ignored, by Python or by other code."""
    try:
        status = Path("/proc/self/status").read_text("ascii", errors="replace")
        ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
    except (OSError, ValueError, IndexError):  # no such file on this system
        return signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
    return bool(ignored >> (signal.SIGCHLD - 1) & 1)


def _cpu_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    # those that it has waited for itself are in the latter
    return float(sum(times[:2]) + sum(times[2:4]))


def _children() -> list[psutil.Process]:
    """All below this process. Whether it has any is asked first, since looking for them reads every process of the machine."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT | _OF_ANY_KIND)
    except ChildProcessError:
        return []
    return psutil.Process().children(recursive=True)


def peak_rss_bytes() -> int:
    """The most memory that this process has had resident, and the most of one of its child processes beside it."""
    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    waited = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return own + max([waited, *map(_rss_of, _children())])


def _rss_of(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
