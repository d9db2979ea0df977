"""What adaptation did to each user: predictions, losses and parameters before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.interfaces import Episodes, MetaLearner
from bench.learn.adaptation.by_chunk import in_order
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.predicting import Adapted, in_rows, predicted
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import Windows, chunks, whole
from bench.settings import PARAMETER_GROUPS

__all__ = ["Interpretation", "interpret", "movements"]

Leaves = Mapping[str, Tensor]
# As Learnable.groups has them: leaf, group, and which values are of the group: () all of a dense leaf, (U, R, 1) of a table.
Groups = Mapping[str, Mapping[str, Tensor]]


class Interpretation(NamedTuple):
    """`before`: as the parameters are that every user starts from."""

    before: Adapted
    after: Adapted
    # (U, 2) float32: mean cross-entropy of the mixture before, after; NaN without support
    support_losses: np.ndarray
    movements: np.ndarray  # (U, 6) float32, as `movements` has them


def interpret(
    rule: MetaLearner,
    learnable: Learnable,
    outer: dict[str, Tensor],
    tasks: TaskData,
    threads: int = 1,
) -> Interpretation:
    """Adapt to every user's support as `adapt_and_predict` does; query labels are not read."""

    def of_chunk(chunk: Windows) -> Interpretation:
        batch = gather(tasks, chunk)
        after = rule.adapt(learnable, outer, batch, training=False)
        has_no_support = chunk.cut == chunk.start
        with torch.no_grad():
            before = learnable.per_user(outer, batch)
            losses = torch.stack(
                [learnable.loss(leaves, batch, "support") for leaves in (before, after)], dim=1
            )
            losses[has_no_support] = torch.nan
            moved = movements(learnable, batch, before, after)
        return Interpretation(
            predicted(learnable, before, batch),
            predicted(learnable, after, batch),
            losses.float().numpy(),
            moved.float().numpy(),
        )

    parts = list(chunks(whole(tasks), learnable.chunk_users))
    found = list(in_order(of_chunk, parts, threads))
    by_user = np.argsort(np.concatenate([part.users for part in parts]))  # chunks are by length
    return Interpretation(
        in_rows(tasks, parts, [one.before for one in found]),
        in_rows(tasks, parts, [one.after for one in found]),
        np.concatenate([one.support_losses for one in found])[by_user],
        np.concatenate([one.movements for one in found])[by_user],
    )


def movements(learnable: Learnable, batch: Episodes, before: Leaves, after: Leaves) -> Tensor:
    """(U, 6), a column for each of PARAMETER_GROUPS: how far adaptation moved the group, relative to its size. `before` as
    Learnable.per_user gives it.

    That is the root mean square of after - before, over that of before, both over all of a user's values of the group that
    may move: dense leaves whole, and of tables the rows that the user's support and query touch, each once, those of frozen
    fields left out. Where all values are 0 before, relative to their size after: 1 if they moved, else 0. NaN where a user
    has no values of the group."""
    groups, users = learnable.groups(batch), batch.users
    moved = _squares(groups, users, {leaf: after[leaf] - before[leaf] for leaf in groups})
    size = _squares(groups, users, before)
    if not size.all():
        size = torch.where(size > 0, size, _squares(groups, users, after))
    # 0 / 0: all values are 0 before and after
    relative: Tensor = (moved / size).sqrt().nan_to_num(nan=0.0)
    return relative.masked_fill(~_present(groups, users), torch.nan)


def _squares(groups: Groups, users: int, leaves: Leaves) -> Tensor:
    """(U, 6) float64: sums of squares of each user's values of each group."""
    sums = torch.zeros(users, len(PARAMETER_GROUPS), dtype=torch.float64)
    for leaf, masks in groups.items():
        is_table = any(mask.ndim for mask in masks.values())
        squares = _row_squares(leaves[leaf]) if is_table else _leaf_squares(leaves[leaf])
        for group, mask in masks.items():
            of_group = (squares * mask.squeeze(-1)).sum(1) if is_table else squares
            sums[:, PARAMETER_GROUPS.index(group)] += of_group
    return sums


def _row_squares(table: Tensor) -> Tensor:
    """(U, R) float64: the sum of squares of each row of (U, R, width)."""
    norms: Tensor = torch.linalg.vector_norm(table, dim=-1)
    return norms.double().square()


def _leaf_squares(dense: Tensor) -> Tensor:
    """(U,) float64: the sum of squares of each user's leaf, of (U, ...); (1,) where all users have the same, as before
    adaptation."""
    all_the_same = dense.stride(0) == 0  # one user's values, expanded
    own = dense[:1] if all_the_same else dense
    norms: Tensor = torch.linalg.vector_norm(own.reshape(len(own), -1), dim=-1)
    return norms.double().square()


def _present(groups: Groups, users: int) -> Tensor:
    """(U, 6) bool: whether a user has values of the group."""
    present = torch.zeros(users, len(PARAMETER_GROUPS), dtype=torch.bool)
    for masks in groups.values():
        for group, mask in masks.items():
            has_values = mask if mask.ndim == 0 else mask.any(1).squeeze(-1)
            present[:, PARAMETER_GROUPS.index(group)] |= has_values
    return present
