"""A step's resources, applied to this process while the step runs and put back after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from threadpoolctl import threadpool_limits

from bench.job.resources import Resources

__all__ = ["applied"]


@contextmanager
def applied(resources: Resources) -> Iterator[Callable[[], None]]:
    """Threads of torch and of every pool in the process. To be called again after an import, which may bring pools."""
    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())

        def apply() -> None:
            stack.enter_context(threadpool_limits(resources.threads))
            torch.set_num_threads(resources.threads)
            _limit_numba(resources.threads, stack)
            _limit_arrow(resources.threads, stack)

        apply()
        yield apply


def _limit_numba(threads: int, stack: ExitStack) -> None:
    if (numba := sys.modules.get("numba")) is not None:
        stack.callback(numba.set_num_threads, numba.get_num_threads())
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))


def _limit_arrow(threads: int, stack: ExitStack) -> None:
    if (arrow := sys.modules.get("pyarrow")) is not None:
        stack.callback(arrow.set_cpu_count, arrow.cpu_count())
        arrow.set_cpu_count(threads)
