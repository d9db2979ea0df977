"""A step's resources, applied to this process while the step runs and put back after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from threadpoolctl import ThreadpoolController

from bench.job.resources import Resources

__all__ = ["applied", "search_pools"]


@contextmanager
def applied(resources: Resources) -> Iterator[Callable[[], None]]:
    """Threads of torch and of every pool in the process. To be called again after an import, which may bring pools."""
    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())

        def apply() -> None:
            stack.enter_context(_pools().limit(limits=resources.threads))
            torch.set_num_threads(resources.threads)
            _limit_numba(resources.threads, stack)
            _limit_arrow(resources.threads, stack)

        apply()
        yield apply


_found: list[tuple[frozenset[bytes], ThreadpoolController]] = []  # in these libraries


def search_pools() -> None:
    """Before any step, by the server that forks their processes."""
    _pools()


def _pools() -> ThreadpoolController:
    """Of all libraries that are loaded now. They are searched anew where there are others than the last time."""
    libraries = _libraries()
    if not (libraries and _found and _found[0][0] == libraries):
        _found[:] = [(libraries, ThreadpoolController())]
    return _found[0][1]


def _libraries() -> frozenset[bytes]:
    """Files that are mapped as code; none where the system does not tell."""
    try:
        lines = Path("/proc/self/maps").read_bytes().splitlines()
    except OSError:
        return frozenset()
    return frozenset(line[line.find(b"/") :] for line in lines if b" r-xp " in line)


def _limit_numba(threads: int, stack: ExitStack) -> None:
    if (numba := sys.modules.get("numba")) is not None:
        stack.callback(numba.set_num_threads, numba.get_num_threads())
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))


def _limit_arrow(threads: int, stack: ExitStack) -> None:
    if (arrow := sys.modules.get("pyarrow")) is not None:
        stack.callback(arrow.set_cpu_count, arrow.cpu_count())
        arrow.set_cpu_count(threads)
