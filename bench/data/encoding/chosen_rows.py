"""Which interactions are kept: what `drop` and `min_rows_per_user` leave out, and how much."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.data.encoding.roles import Layout
from bench.data.tables.labels import holds
from bench.data.tables.raw import RawTable
from bench.data.tables.room import counts_of
from bench.data.tables.text import as_ids
from bench.data.tables.words import Words
from bench.errors import DataError

__all__ = ["ChosenRows", "choose_rows"]

# users whose row counts are kept, to say which min_rows_per_user would leave so many
_LARGEST = 100


class ChosenRows(NamedTuple):
    table: RawTable  # of interactions
    users: Words
    counts: dict[str, int]  # rows and users that were left out
    # how many rows the users with the most of them had before min_rows_per_user, descending
    largest: list[int]


def choose_rows(layout: Layout) -> ChosenRows:
    """DataError where nothing is left."""
    everything = layout.tables["row"]
    dropped = _dropped(layout, everything)  # (rows of everything,) bool
    table = everything.where(~dropped) if dropped.any() else everything
    users = as_ids(table, layout.user)
    rows_of_user = counts_of(users.codes, len(users.words))
    has_few = rows_of_user < layout.min_rows_per_user  # (users,) bool
    if has_few.all():
        raise DataError(
            f"min_rows_per_user: {layout.min_rows_per_user} leaves 0 of {len(rows_of_user)} users "
            f"(0 of {len(table)} rows); the largest that leaves one is {rows_of_user.max()} "
            "(the protocol may need more users)",
            file=table.file,
        )
    counts = {"dropped_rows": int(dropped.sum())}
    if layout.min_rows_per_user > 1:
        counts |= {"users_before_filter": len(rows_of_user), "rows_before_filter": len(table)}
    counts |= {
        "dropped_users": int(has_few.sum()),
        "dropped_rows_of_users": int(rows_of_user[has_few].sum()),
    }
    largest = np.sort(rows_of_user)[::-1][:_LARGEST].tolist()
    if has_few.any():
        stay = users.rows_of(~has_few)
        table, users = table.where(stay), users.where(stay)
    return ChosenRows(table, users, counts, largest)


def _dropped(layout: Layout, table: RawTable) -> np.ndarray:
    """(n,) bool. A rule is asked of the rows that those before it leave: `time is missing or time < 1`."""
    dropped = np.zeros(len(table), dtype=bool)
    for rule in layout.drop:
        left = np.flatnonzero(~dropped)
        dropped[left] = holds(rule, table.where(~dropped) if dropped.any() else table)
        if dropped.all():
            raise DataError(f"drop leaves none of {len(table)} rows", file=table.file)
    return dropped
