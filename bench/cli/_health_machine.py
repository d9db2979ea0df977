"""Cores, threads, memory, how processes start, and the clock."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.cli._health import Finding, gib
from bench.processes import Said, Server, Task, taken
from bench.processes.workers import PRELOAD, worker_environment

__all__ = ["findings"]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
_MEMORY = 2 * 2**30  # less is little for two workers with torch in each
_START = 60  # seconds to wait for the answer of a process that has started
_READY = "ready"
_EARLIEST = 1_704_067_200  # 2024-01-01: a clock before it was never set


def findings() -> Iterator[Finding]:
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    yield _cores(cores)
    yield _threads(cores)
    yield _memory()
    yield _start_method()
    yield _clock()


def _cores(cores: int) -> Finding:
    quota = _quota()
    if quota is not None and quota < cores:
        found = f"{cores} cores, of which a limit of this container leaves {quota:g}"
        return Finding(
            "cores", "warn", found, f"take at most --workers {max(1, int(quota))}, with --threads 1"
        )
    return Finding("cores", "ok", f"{cores}; --workers times --threads up to that")


def _quota() -> float | None:
    """Cores that a control group allows; None where it sets no limit."""
    limit, _, period = _first_line(Path("/sys/fs/cgroup/cpu.max")).partition(" ")
    return int(limit) / int(period) if limit.isdecimal() and period.isdecimal() else None


def _threads(cores: int) -> Finding:
    set_to = {name: os.environ[name] for name in _THREADS if name in os.environ}
    found = (
        ", ".join(f"{name}={value[:20]}" for name, value in set_to.items())
        or f"{' and '.join(_THREADS)} are not set"
    )
    if any(value.isdecimal() and int(value) > cores for value in set_to.values()):
        return Finding(
            "threads",
            "warn",
            f"{found}, more than {cores} cores",
            "set them to the cores, or not at all",
        )
    return Finding("threads", "ok", f"{found}; each step is held to --threads")


def _memory() -> Finding:
    lines = _lines(Path("/proc/meminfo"))
    kib = {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in lines)
        if rest.split()
    }
    if "MemAvailable" not in kib:
        return Finding("memory", "ok", "not known on this system")
    available = kib["MemAvailable"] * 1024
    limit = _first_line(Path("/sys/fs/cgroup/memory.max"))
    used = _first_line(Path("/sys/fs/cgroup/memory.current"))
    if limit.isdecimal() and used.isdecimal():
        available = min(available, max(0, int(limit) - int(used)))
    found = f"{gib(available)} available of {gib(kib['MemTotal'] * 1024)}"
    if available < _MEMORY:
        return Finding(
            "memory", "warn", found, "take --workers 1, and close what else needs memory"
        )
    return Finding("memory", "ok", found)


def _start_method() -> Finding:
    """A step runs in a process forked from a server; one goes there and back, and says whether what it needs was there."""
    begun = time.monotonic()
    answer, reason = "", f"no answer in {_START} s"
    try:
        with taken(worker_environment(), PRELOAD) as server:
            server.start(Task("doctor", f"{__name__}:answer", ""))
            answer = _answer_of(server)
    except (ImportError, OSError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
    if not answer:
        fix = "use --executor inline, and look at the system's limits"
        return Finding("processes", "fail", f"forked server: {reason}", fix)
    found = f"forked server answers in {time.monotonic() - begun:.1f} s"
    if answer != _READY:
        fix = "install metaselector-bench where this Python finds it, or use --executor inline"
        return Finding(
            "processes", "warn", f"{found}, without torch: every step imports it anew", fix
        )
    return Finding("processes", "ok", found)


def _answer_of(server: Server) -> str:
    """What the task returned; nothing where it is late."""
    events = list(server.events(_START))
    while server.running and events:
        events += server.events(_START)
    return "".join(event.text for event in events if isinstance(event, Said) and event.result)


def answer(_: str, __: Callable[[str], None]) -> str:
    """In the forked process: whether it came with what steps need."""
    return _READY if "bench.worker.perform" in sys.modules else "bare"


def _clock() -> Finding:
    resolution = max(time.get_clock_info(name).resolution for name in ("monotonic", "process_time"))
    if not time.get_clock_info("monotonic").monotonic:
        return Finding(
            "clock", "fail", "it runs backwards", "durations can't be trusted on this system"
        )
    if time.time() < _EARLIEST:
        shown = time.strftime("%Y-%m-%d", time.gmtime())
        return Finding(
            "clock", "warn", f"it says {shown}", "set it: downloads and records carry its dates"
        )
    if resolution > 0.02:
        return Finding(
            "clock", "warn", f"steps of {resolution:g} s", "times of short steps are coarse here"
        )
    return Finding("clock", "ok", f"monotonic, resolution {resolution:g} s")


def _first_line(path: Path) -> str:
    return next(iter(_lines(path)), "")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
