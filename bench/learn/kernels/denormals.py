"""Numbers below 1e-38 as 0 while a kernel runs: moments of rows at rest come there, and an operation with one takes a hundred
times as long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["flushed"]

TINY = np.finfo(np.float32).tiny


@contextmanager
def flushed() -> Iterator[None]:
    """For compiled functions alone: a thread that torch starts meanwhile would never see such numbers again."""
    before = bool(TINY / np.float32(2) == 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
