"""A step's resources, applied to this process while the step runs and put back after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

from bench.job.resources import Resources

__all__ = ["applied"]


@contextmanager
def applied(resources: Resources) -> Iterator[None]:
    """Threads of torch and of every BLAS and OpenMP pool in the process."""
    before = torch.get_num_threads()
    with threadpool_limits(resources.threads):
        torch.set_num_threads(resources.threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)
