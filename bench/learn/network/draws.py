"""What an epoch draws: the order of rows, and which of them hide their user."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

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
    order = torch.randperm(n, generator=generator)
    if hidden is None:
        return Draws(order.numpy(), np.empty(0, np.uint8))
    chances = [
        torch.rand(len(batch), generator=generator) for batch in torch.split(order, batch_size)
    ]
    hides = torch.cat(chances) < hidden.chance
    return Draws(order.numpy(), hides.to(torch.uint8).numpy())
