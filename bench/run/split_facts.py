"""What a reader has to know of a split: who is in it, where it cuts, and what it lets through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.data.splits.base_predictions import FitPlan
from bench.data.splits.split import ROLES, Split
from bench.data.splits.temporal import is_rank_within_users
from bench.data.views.by_user import sum_by_user, user_blocks
from bench.data.views.interactions import Interactions
from bench.interfaces import Timeline

__all__ = ["split_facts", "training_after_test"]


def split_facts(plan: FitPlan, interactions: Interactions) -> dict[str, Any]:
    """As JSON. `plan`: by the protocol's own source of base predictions.

    - users, rows: tasks by role, and their rows by part. In blocks a tested user is a training or validation user too.
      In cold, holdout, `base_models` are the training users (and all of their rows) that base models are fitted on.
    - users_not_tested: test users (in blocks: all) without a query row.
    - tie_share: share of users whose cut falls between two rows of one time; None without an order.
    - training_after_test: see `training_after_test`; None without a time that users share, and where nothing is trained.
    - largest_user_share: of the star fit's training rows (train) and of test users' query rows (test), the share of the
      user who has most of them.
    - users_cut_through_copies: users who have the same row, in all that is encoded, in support and in query of a task.
    - users_cut_through_contradictions: users with rows of one item and order there whose labels differ."""
    split, trained, tasks = plan.split, plan.star_rows, plan.tasks
    order = interactions.order
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
        "tie_share": _tie_share(split, order),
        "training_after_test": None
        if order is None or is_rank_within_users(Timeline(split.user_ptr, order))
        else training_after_test(split, order, trained),
        "largest_user_share": {
            "train": _largest_share(sum_by_user(trained, np.asarray(split.user_ptr))),
            "test": _largest_share(np.diff(split.pointer("test", "query"))),
        },
        "users_cut_through_copies": _users_on_both_sides(
            tasks, lambda rows: np.asarray(interactions.identity[rows])
        ),
        "users_cut_through_contradictions": _users_on_both_sides(
            tasks, lambda rows: _contradicted(interactions, rows)
        ),
    }


def _largest_share(rows: np.ndarray) -> float | None:
    """Of users' numbers of rows, the share of the user who has most; None without any."""
    return float(rows.max() / rows.sum()) if rows.any() else None


def _tie_share(split: Split, order: np.ndarray | None) -> float | None:
    if order is None:
        return None
    tied = np.zeros(len(split.cut), dtype=bool)
    for cuts in (split.cut, *([] if split.train_cut is None else [split.train_cut])):
        inside = (cuts > split.user_ptr[:-1]) & (cuts < split.user_ptr[1:])
        tied[inside] |= order[cuts[inside] - 1] == order[cuts[inside]]
    return float(tied.mean())


def training_after_test(split: Split, order: np.ndarray, trained: np.ndarray) -> float | None:
    """How far training rows lie after the rows that are tested: 0 for a clean cut in time, about .5 for a random one.

    For each test user's query row the share of *other* users' training rows whose time is later than its own, averaged
    over query rows. `trained` (n,) bool. None where no query row has a training row of another user to compare with."""
    query = split.rows("test", "query")
    owner = np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr))
    rank = np.unique(order, return_inverse=True)[
        1
    ]  # (n,): times as 0, 1, ..., equal where they are
    ranks = int(rank.max(initial=0)) + 1

    times = np.sort(rank[trained])
    later = len(times) - np.searchsorted(times, rank[query], side="right")  # of anybody
    own = np.sort(owner[trained] * ranks + rank[trained])  # by user, then time
    own_end = np.searchsorted(own, (owner[query] + 1) * ranks)
    own_rows = own_end - np.searchsorted(own, owner[query] * ranks)
    own_later = own_end - np.searchsorted(own, owner[query] * ranks + rank[query], side="right")

    others = len(times) - own_rows
    known = others > 0
    return float(((later - own_later)[known] / others[known]).mean()) if known.any() else None


def _contradicted(interactions: Interactions, rows: slice) -> np.ndarray:
    """(n,) int64 of some users' rows: equal where rows share user, item and order and have not all one label; else each
    row its own."""
    keys = [np.asarray(interactions.users[rows]), np.asarray(interactions.items[rows])]
    if interactions.order is not None:
        keys.append(np.asarray(interactions.order[rows]))
    order = np.lexsort(keys[::-1])
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    labels = interactions.labels()[rows]
    positives, counts = np.bincount(group, weights=labels), np.bincount(group)
    both = (positives > 0) & (positives < counts)
    return np.where(both[group], group, len(counts) + np.arange(len(group)))


def _users_on_both_sides(split: Split, key_of: Callable[[slice], np.ndarray]) -> int:
    """Users with rows of one key in support and in query of a task. `key_of`: (n,) of the rows of some users; a key belongs to
    one user."""
    found, ptr = 0, np.asarray(split.user_ptr)
    for users in user_blocks(ptr):
        own, key = split.of_users(users), key_of(slice(ptr[users.start], ptr[users.stop]))
        both = np.zeros(len(own.role), dtype=bool)
        for role in ROLES:
            support, query = own.rows(role, "support"), own.rows(role, "query")
            cut_through = query[np.isin(key[query], key[support])]
            both[np.searchsorted(own.user_ptr, cut_through, side="right") - 1] = True
        found += int(both.sum())
    return found
