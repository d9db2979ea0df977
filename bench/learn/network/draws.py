"""What an epoch draws: the order of rows, and which of them hide their user."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from bench.data.paged import new_array

__all__ = ["Draws", "Hidden", "draw"]


class Hidden(NamedTuple):
    """Training rows hide their user with this chance: column `column` of the index becomes `entry` (unknown)."""

    column: int
    entry: int
    chance: float


class Draws(NamedTuple):
    order: np.ndarray  # (n,) int64, a permutation
    hides: np.ndarray  # (n,) uint8, in that order; (0,) where no row hides its user


def draw(n: int, batch_size: int, hidden: Hidden | None, generator: torch.Generator) -> Draws:
    """The order first, then, batch by batch, who hides."""
    order = new_array(n, np.int64)
    torch.randperm(n, generator=generator, out=torch.from_numpy(order))
    if hidden is None:
        return Draws(order, np.empty(0, np.uint8))
    hides = new_array(n, np.uint8)
    for start in range(0, n, batch_size):
        batch = hides[start : start + batch_size]
        batch[...] = (torch.rand(len(batch), generator=generator) < hidden.chance).numpy()
    return Draws(order, hides)
