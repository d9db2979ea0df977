"""A small prepared dataset and tasks over it, of every kind of field, with what real data springs on a plugin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView, View

__all__ = ["MODELS", "STRANGER", "USERS", "Prepared", "make_prepared", "make_tasks"]

USERS, ITEMS, TAGS = 30, 20, 5
STRANGER = USERS - 1  # the last user: all of its rows read unknown or missing in every field
MODELS = ("one", "two", "three")


class Prepared(NamedTuple):
    """A dataset and its labels (n,) uint8, which are in none of its files: a plugin sees those that a view hands it."""

    interactions: Interactions
    labels: np.ndarray


def make_prepared(folder: Path, seed: int = 0) -> Prepared:
    """30 users of 5 to 25 rows, 20 items. Fields: user_id, item_id, segment (of the user), tags (of the item: 0 to 3 of 5,
    none for item 0) and price (numeric, a tenth missing). Labels follow users and items."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(5, 26, USERS)
    users = np.repeat(np.arange(USERS), lengths)
    n = len(users)
    items = np.where(users == STRANGER, ITEMS, rng.integers(0, ITEMS, n))
    price = np.where((rng.random(n) < 0.1) | (users == STRANGER), np.nan, rng.normal(size=n))
    chance = rng.normal(size=USERS)[users] + rng.normal(size=ITEMS + 1)[items]
    labels = (rng.random(n) < 1 / (1 + np.exp(-chance))).astype(np.uint8)
    tags = [
        rng.choice(TAGS, count, replace=False) + 1 for count in [0, *rng.integers(0, 4, ITEMS - 1)]
    ]
    tags.append(np.zeros(1, dtype=np.int64))  # of the stranger's item: one, unknown
    arrays: dict[str, np.ndarray] = {
        "user_ptr": _pointer(lengths),
        "users": users.astype(np.int32),
        "items": items.astype(np.int32),
        "categorical": _joint(users, items),
        "numeric": price[:, None].astype(np.float32),
        "bags-0-ptr": _pointer([len(codes) for codes in tags]),
        "bags-0-codes": np.concatenate(tags).astype(np.int32),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    (folder / "meta.json").write_text(json.dumps(_meta(n)), "utf-8")
    return Prepared(Interactions.open(folder, with_labels=False), labels)


def _pointer(lengths: np.ndarray | list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _joint(users: np.ndarray, items: np.ndarray) -> np.ndarray:
    """(n, 3) int32 joint entries of user, item and segment."""
    codes = np.stack([1 + users, 1 + items, 1 + users % 3], axis=1)
    codes[users == STRANGER] = 0
    joint: np.ndarray = codes + np.cumsum([0, USERS, ITEMS + 1])
    return joint.astype(np.int32)


def _meta(rows: int) -> dict[str, object]:
    fields = [
        ("user_id", "categorical", "user"),
        ("item_id", "categorical", "item"),
        ("segment", "categorical", "user"),
        ("tags", "multi_valued", "item"),
        ("price", "numeric", "context"),
    ]
    return {
        "name": "synthetic",
        "digest": "synthetic",
        "order": None,
        "fields": [{"name": name, "kind": kind, "side": side} for name, kind, side in fields],
        "sizes": {
            "user_id": USERS,
            "item_id": ITEMS + 1,
            "segment": 4,
            "tags": TAGS + 1,
            "price": 2,
        },
        "user_field": "user_id",
        "item_field": "item_id",
        "bags": [["tags", "item"]],
        "counts": {"rows": rows, "users": USERS, "items": ITEMS + 1},
    }


def make_tasks(
    prepared: Prepared, users: np.ndarray, support: np.ndarray, query_labels: np.ndarray | None
) -> TaskView:
    """A task a user, with so many support rows (0: none) and up to 4 query rows, whose labels are as in `query_labels`
    (n,), or withheld. Base logits are random, but say something of the label."""
    interactions, labels = prepared
    starts, stops = (
        np.asarray(interactions.user_ptr)[users],
        np.asarray(interactions.user_ptr)[users + 1],
    )
    cuts = np.minimum(starts + support, stops - 1)
    stops = np.minimum(cuts + 4, stops)
    rows_support, rows_query = _ranges(starts, cuts), _ranges(cuts, stops)
    logits = _base_logits(labels)
    return TaskView(
        models=MODELS,
        support=View(interactions, rows_support, labels[rows_support]),
        query=View(
            interactions, rows_query, None if query_labels is None else query_labels[rows_query]
        ),
        support_ptr=_pointer(cuts - starts),
        query_ptr=_pointer(stops - cuts),
        support_base_logits=logits[rows_support],
        query_base_logits=logits[rows_query],
    )


def _base_logits(labels: np.ndarray) -> np.ndarray:
    """(n, K) float32."""
    noise = np.random.default_rng(0).normal(size=(len(labels), len(MODELS)))
    return (noise + np.outer(labels - 0.5, [0.5, 1.0, 1.5])).astype(np.float32)


def _ranges(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    return np.concatenate([np.arange(a, b) for a, b in zip(starts, stops, strict=True)]).astype(
        np.int64
    )
