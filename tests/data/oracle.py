"""What encoding means, row by row in plain Python: the oracle of the tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from bench.data import Interactions

Decoded = tuple[Any, ...]


class Raw(NamedTuple):
    """One row as a person reads it: cells as text, `price` None where missing."""

    user: str
    item: str
    category: str
    tags: str
    price: float | None
    rating: int
    time: int


def expected(rows: Iterable[Raw]) -> dict[str, list[Decoded]]:
    """User to rows, in the order of time; rows of one time in any order, so sorted."""
    users: dict[str, list[Decoded]] = {}
    for row in rows:
        bag = tuple(sorted({part for part in row.tags.split("|") if part}))
        price = None if row.price is None else float(np.float32(row.price)) + 0.0  # -0 is 0
        users.setdefault(row.user, []).append(
            (row.time, row.item, row.category, bag, repr(price), int(row.rating >= 4))
        )
    return {user: sorted(users[user]) for user in sorted(users)}


def decoded(interactions: Interactions, words: dict[str, list[str]]) -> dict[str, list[Decoded]]:
    """The prepared table as people read it. `words`: field to its sorted vocabulary."""
    user_ids, item_ids = (
        pq.read_table(interactions.folder / f"{owner}_ids.parquet")[f"{owner}_id"].to_pylist()
        for owner in ("user", "item")
    )
    users = {}
    for number, user in enumerate(user_ids):
        span = range(interactions.user_ptr[number], interactions.user_ptr[number + 1])
        assert all(interactions.users[row] == number for row in span)
        rows = [_row(interactions, row, item_ids, words) for row in span]
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
        users[user] = sorted(rows)
    return users


def _row(
    interactions: Interactions, row: int, item_ids: list[str], words: dict[str, list[str]]
) -> Decoded:
    item = int(interactions.items[row])
    codes = {
        field.name: int(interactions.categorical[row, column]) - interactions.offsets[field.name]
        for column, field in enumerate(f for f in interactions.fields if f.kind == "categorical")
    }
    assert codes["user"] == interactions.users[row] + 1
    assert codes["item"] == item + 1
    bags = interactions.bags["tags"]
    owner = {"row": row, "item": item, "user": int(interactions.users[row])}[bags.owner]
    bag = tuple(
        words["tags"][code - 1] for code in bags.codes[bags.ptr[owner] : bags.ptr[owner + 1]]
    )
    price = float(interactions.numeric[row, 0])
    assert interactions.order is not None
    return (
        int(interactions.order[row]),
        item_ids[item],
        words["category"][codes["category"] - 1],
        bag,
        repr(None if np.isnan(price) else price),
        int(interactions.labels()[row]),
    )
