"""What adaptation did to each user: predictions, losses and parameters before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.interfaces import Episodes, MetaLearner
from bench.learn.episodes import TaskData, Windows, chunks, gather, whole
from bench.learn.learnable import Learnable
from bench.learn.meta_training import Adapted, in_order, in_rows, predicted
from bench.settings import PARAMETER_GROUPS

__all__ = ["Interpretation", "interpret", "movements"]

Leaves = Mapping[str, Tensor]


class Interpretation(NamedTuple):
    """`before`: as the parameters are that every user starts from."""

    before: Adapted
    after: Adapted
    support_losses: np.ndarray  # (U, 2) float32: mean cross-entropy of the mixture before, after; NaN without support
    movements: np.ndarray  # (U, 6) float32, as `movements` has them


def interpret(
    rule: MetaLearner, learnable: Learnable, outer: dict[str, Tensor], tasks: TaskData, threads: int = 1
) -> Interpretation:
    """Adapt to every user's support as `adapt_and_predict` does; query labels are not read."""

    def of_chunk(chunk: Windows) -> Interpretation:
        batch = gather(tasks, chunk)
        after = rule.adapt(learnable, outer, batch, training=False)
        with torch.no_grad():
            before = learnable.per_user(outer, batch)
            losses = torch.stack([learnable.loss(leaves, batch, "support") for leaves in (before, after)], dim=1)
            losses[chunk.cut == chunk.start] = torch.nan
            moved = movements(learnable, batch, before, after)
        return Interpretation(
            predicted(learnable, before, batch),
            predicted(learnable, after, batch),
            losses.float().numpy(),
            moved.float().numpy(),
        )

    parts = list(chunks(whole(tasks), learnable.chunk_users))
    found = list(in_order(of_chunk, parts, threads))
    order = np.argsort(np.concatenate([part.users for part in parts]))
    return Interpretation(
        in_rows(tasks, parts, [one.before for one in found]),
        in_rows(tasks, parts, [one.after for one in found]),
        np.concatenate([one.support_losses for one in found])[order],
        np.concatenate([one.movements for one in found])[order],
    )


def movements(learnable: Learnable, batch: Episodes, before: Leaves, after: Leaves) -> Tensor:
    """(U, 6), a column for each of PARAMETER_GROUPS: how far adaptation moved the group, relative to its size.

    That is the root mean square of after - before, over that of before, both over all of a user's values of the group that
    may move: dense leaves whole, and of tables the rows that the user's support and query touch, each once, those of frozen
    fields left out. Where all values are 0 before, relative to their size after: 1 if they moved, else 0. NaN where a user
    has no values of the group."""
    totals = torch.zeros(3, batch.users, len(PARAMETER_GROUPS), dtype=torch.float64)  # squares: moved, before, after
    present = torch.zeros(batch.users, len(PARAMETER_GROUPS), dtype=torch.bool)
    for leaf, groups in learnable.groups(batch).items():
        squares = [value.square() for value in (after[leaf] - before[leaf], before[leaf], after[leaf])]
        for group, mask in groups.items():
            column = PARAMETER_GROUPS.index(group)
            for total, values in zip(totals, squares, strict=True):
                total[:, column] += (values * mask).reshape(batch.users, -1).sum(1)
            present[:, column] |= mask.expand_as(before[leaf]).reshape(batch.users, -1).any(1)
    moved, size, size_after = totals
    relative = (moved / torch.where(size > 0, size, size_after)).sqrt().nan_to_num(nan=0.0)
    known: Tensor = relative.where(present, torch.nan)
    return known
