"""Work that is done chunk by chunk: in order, on several threads, and with an answer to what is not finite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from bench.interfaces import MetaLearner
from bench.learn.adaptation.divergence import divergence
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import Windows

__all__ = ["NotFiniteError", "blaming_a_user", "in_order"]

T = TypeVar("T")


def in_order(work: Callable[[Windows], T], chunks: Iterable[Windows], threads: int) -> Iterator[T]:
    """`work` of every chunk, in their order. With several threads chunks run side by side, each on one: torch and the
    kernels let the interpreter go while they compute."""
    if threads == 1:
        yield from map(work, chunks)
        return
    with (
        threadpool_limits(1),
        ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool,
    ):
        yield from pool.map(work, chunks)


class NotFiniteError(Exception):
    """Something that was computed of a chunk is not finite; which user's doing that is, `blaming_a_user` finds out."""


@contextmanager
def blaming_a_user(
    rule: MetaLearner,
    learnable: Learnable,
    outer: Mapping[str, Tensor],
    tasks: TaskData,
    windows: Windows,
) -> Iterator[None]:
    """Around work on the chunks of `windows`: a NotFiniteError becomes the DivergenceError of the first user who diverges.

    The first of all, not of the chunk that raised: so chunks and threads make no difference."""
    try:
        yield
    except NotFiniteError:
        raise divergence(rule, learnable, outer, tasks, windows) from None
