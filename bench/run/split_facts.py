"""What a reader has to know of a split: who is in it, where it cuts, and what it lets through."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.data.splits.base_predictions import FitPlan
from bench.data.splits.split import ROLES, Split
from bench.data.splits.temporal import is_rank_within_users
from bench.data.views.interactions import Interactions
from bench.interfaces import Timeline

__all__ = ["split_facts"]


def split_facts(plan: FitPlan, interactions: Interactions) -> dict[str, Any]:
    """As JSON. `plan`: by the protocol's own source of base predictions.

    - users, rows: tasks by role, and their rows by part. In blocks a tested user is a training or validation user too.
      In cold, holdout, `base_models` are the training users (and all of their rows) that base models are fitted on.
    - users_not_tested: test users (in blocks: all) without a query row.
    - tie_share: share of users whose cut falls between two rows of one time; None without an order.
    - later_training_share: share of the star fit's training rows whose time is later than some test row's; None without a
      time that users share.
    - users_cut_through_copies: users who have the same row, in all that is encoded, in support and in query of a task.
    - users_cut_through_contradictions: users with rows of one item and order there whose labels differ."""
    split, trained, tasks = plan.split, plan.star_rows, plan.tasks
    users: dict[str, Any] = {role: len(tasks.users(role)) for role in ROLES}
    rows: dict[str, Any] = {
        role: {p: len(tasks.rows(role, p)) for p in ("support", "query")} for role in ROLES
    }
    if tasks is not split:
        users = {"base_models": int(plan.held_for_base_models.sum()), **users}
        rows = {"base_models": int(trained.sum()), **rows}
    testable = (
        len(split.role) if split.in_blocks else int((split.role == ROLES.index("test")).sum())
    )
    return {
        "users": users,
        "rows": rows,
        "users_not_tested": testable - users["test"],
        "setting": split.setting,
        "in_blocks": split.in_blocks,
        "tie_share": _tie_share(split, interactions.order),
        "later_training_share": _later_training_share(split, interactions, trained),
        "users_cut_through_copies": _users_on_both_sides(tasks, interactions.identity),
        "users_cut_through_contradictions": _users_on_both_sides(
            tasks, _contradicted(interactions)
        ),
    }


def _tie_share(split: Split, order: np.ndarray | None) -> float | None:
    if order is None:
        return None
    tied = np.zeros(len(split.cut), dtype=bool)
    for cuts in (split.cut, *([] if split.train_cut is None else [split.train_cut])):
        inside = (cuts > split.user_ptr[:-1]) & (cuts < split.user_ptr[1:])
        tied[inside] |= order[cuts[inside] - 1] == order[cuts[inside]]
    return float(tied.mean())


def _later_training_share(
    split: Split, interactions: Interactions, trained: np.ndarray
) -> float | None:
    order = interactions.order
    if order is None or is_rank_within_users(Timeline(interactions.user_ptr, order)):
        return None
    times, first_test = order[trained], order[split.rows("test", "query")].min()
    return float((times > first_test).mean()) if len(times) else None


def _contradicted(interactions: Interactions) -> np.ndarray:
    """(n,) int64: equal where rows share user, item and order and have not all one label; else each row its own."""
    keys = [np.asarray(interactions.users), np.asarray(interactions.items)]
    if interactions.order is not None:
        keys.append(np.asarray(interactions.order))
    order = np.lexsort(keys[::-1])
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    labels = interactions.labels()
    positives, rows = np.bincount(group, weights=labels), np.bincount(group)
    both = (positives > 0) & (positives < rows)
    return np.where(both[group], group, len(rows) + np.arange(len(group)))


def _users_on_both_sides(split: Split, key: np.ndarray) -> int:
    """Users with rows of one key (n,) in support and in query of a task; a key belongs to one user."""
    found: set[int] = set()
    owner = np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr))
    for role in ROLES:
        support, query = split.rows(role, "support"), split.rows(role, "query")
        found.update(owner[query[np.isin(key[query], key[support])]].tolist())
    return len(found)
