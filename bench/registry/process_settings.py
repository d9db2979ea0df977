"""Settings of the process and of Python's library, beside those of bench.registry.global_state."""

from __future__ import annotations

import csv
import ctypes
import faulthandler
import gc
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bench.registry.setting import Setting

__all__ = ["PROCESS_SETTINGS", "limits"]

_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_LIMITS = sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")})


def limits() -> dict[int, tuple[int, int]]:
    """Soft and hard, by resource."""
    return {limit: resource.getrlimit(limit) for limit in _LIMITS}


def _put_limits(before: dict[int, tuple[int, int]]) -> None:
    """A hard limit can be lowered by anybody and raised by few: then the soft one goes as far as it may."""
    for limit, (soft, hard) in before.items():
        now = resource.getrlimit(limit)
        if now == (soft, hard):
            continue
        try:
            resource.setrlimit(limit, (soft, hard))
        except (ValueError, OSError):
            highest = now[1]
            unlimited = resource.RLIM_INFINITY
            fits = highest == unlimited or (soft != unlimited and soft <= highest)
            with suppress(ValueError, OSError):
                resource.setrlimit(limit, (soft if fits else highest, highest))


def _stack_size() -> int:
    size = threading.stack_size()  # which sets it to 0
    threading.stack_size(size)
    return size


def _affinity() -> set[int] | None:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def _put_niceness(before: int) -> None:
    with suppress(PermissionError):  # few may raise it again
        os.setpriority(os.PRIO_PROCESS, 0, before)


def _timers() -> tuple[bool, ...]:
    """Which are running: how far they are changes by itself."""
    return tuple(signal.getitimer(timer)[0] > 0 for timer in _TIMERS)


def _put_timers(before: tuple[bool, ...]) -> None:
    for timer, ran in zip(_TIMERS, before, strict=True):
        if not ran:
            signal.setitimer(timer, 0)


def _put_collection(before: tuple[int, int, int]) -> None:
    gc.set_threshold(*before)


def _rounding() -> tuple[Callable[[], int], Callable[[int], int]] | None:
    """C's fegetround and fesetround, where there are such."""
    try:
        library = ctypes.CDLL(None)
        return library.fegetround, library.fesetround
    except (OSError, AttributeError, TypeError):
        return None


_ROUNDING = _rounding()


def _put_tracing(before: tuple[Any, Any]) -> None:
    profile, trace = before
    if sys.getprofile() is not profile:
        sys.setprofile(profile)
    if sys.gettrace() is not trace:
        sys.settrace(trace)


def _put_fault_handler(before: bool) -> None:
    if before:
        faulthandler.enable()
    else:
        faulthandler.disable()


PROCESS_SETTINGS = (
    # first, since the others are compared under it
    Setting(
        "the rounding of floating point",
        lambda: _ROUNDING[0]() if _ROUNDING else None,
        lambda before: _ROUNDING[1](before) if _ROUNDING else None,
    ),
    Setting("resource limits", limits, _put_limits),
    Setting("the processors to run on", _affinity, lambda before: os.sched_setaffinity(0, before)),
    Setting("the niceness", lambda: os.getpriority(os.PRIO_PROCESS, 0), _put_niceness),
    Setting(
        "the signal mask",
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda before: signal.pthread_sigmask(signal.SIG_SETMASK, before),
    ),
    Setting("timers", _timers, _put_timers),
    Setting("the fault handler", faulthandler.is_enabled, _put_fault_handler),
    Setting("the profiler or tracer", lambda: (sys.getprofile(), sys.gettrace()), _put_tracing),
    Setting("the longest whole number", sys.get_int_max_str_digits, sys.set_int_max_str_digits),
    Setting("the stack size of threads", _stack_size, threading.stack_size),
    Setting("thresholds of garbage collection", gc.get_threshold, _put_collection),
    Setting("csv's longest field", csv.field_size_limit, csv.field_size_limit),
    Setting(
        "the timeout of sockets",
        lambda: (socket.getdefaulttimeout(),),
        lambda before: socket.setdefaulttimeout(*before),
    ),
    Setting("what logging leaves out", lambda: logging.root.manager.disable, logging.disable),
)
