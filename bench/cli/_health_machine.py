"""Cores, threads, memory, how processes start, and the clock."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from bench.cli._health import Finding, gib

__all__ = ["findings"]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
_MEMORY = 2 * 2**30  # less is little for two workers with torch in each
_START = 60  # seconds to wait for the answer of a process that has started
_READY = b"ready"
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
    answer = b""
    try:
        from bench.run.executors import worker_context  # and torch, which may be what is wrong here

        context = worker_context()
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        if ours.poll(_START):
            answer = ours.recv_bytes()
        else:
            process.kill()
        process.join()
    except (ImportError, OSError, ValueError, EOFError) as error:
        reason = f"{type(error).__name__}: {error}"
    else:
        reason = f"no answer in {_START} s"
    if not answer:
        fix = "use --executor inline, and look at the system's limits"
        return Finding("processes", "fail", f"forkserver: {reason}", fix)
    found = f"forkserver answers in {time.monotonic() - begun:.1f} s"
    if answer != _READY:
        fix = "install metaselector-bench where this Python finds it, or use --executor inline"
        return Finding(
            "processes", "warn", f"{found}, without torch: every step imports it anew", fix
        )
    return Finding("processes", "ok", found)


def _answer(pipe: Connection) -> None:
    pipe.send_bytes(_READY if "bench.worker.perform" in sys.modules else b"bare")


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
