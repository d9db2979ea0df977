"""A small prepared dataset and tasks over it, of every kind of field, with what real data springs on a plugin."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.data.interactions import Interactions
from bench.data.rows import TaskView, View

__all__ = ["MODELS", "make_interactions", "make_tasks"]

USERS, ITEMS, TAGS = 30, 20, 5
MODELS = ("one", "two", "three")


def make_interactions(folder: Path, seed: int = 0) -> Interactions:
    """30 users of 5 to 25 rows, 20 items. Fields: user_id, item_id, segment (of the user), tags (of the item: 0 to 3 of 5,
    none for item 0) and price (numeric, a tenth missing). Labels follow users and items."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(5, 26, USERS)
    users = np.repeat(np.arange(USERS), lengths)
    n = len(users)
    items = rng.integers(0, ITEMS, n)
    tag_counts = np.append(0, rng.integers(0, 4, ITEMS - 1))
    price = np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n))
    chance = rng.normal(size=USERS)[users] + rng.normal(size=ITEMS)[items]
    columns = [1 + users, USERS + 2 + items, USERS + ITEMS + 2 + 1 + users % 3]
    arrays: dict[str, np.ndarray] = {
        "user_ptr": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "users": users.astype(np.int32),
        "items": items.astype(np.int32),
        "labels": (rng.random(n) < 1 / (1 + np.exp(-chance))).astype(np.uint8),
        "categorical": np.stack(columns, axis=1).astype(np.int32),
        "numeric": price[:, None].astype(np.float32),
        "bags-0-ptr": np.concatenate([[0], np.cumsum(tag_counts)]).astype(np.int64),
        "bags-0-codes": np.concatenate([rng.choice(TAGS, k, replace=False) + 1 for k in tag_counts]).astype(np.int32),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    (folder / "meta.json").write_text(json.dumps(_meta(n)), "utf-8")
    return Interactions.open(folder)


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
        "sizes": {"user_id": USERS + 1, "item_id": ITEMS + 1, "segment": 4, "tags": TAGS + 1, "price": 2},
        "user_field": "user_id",
        "item_field": "item_id",
        "bags": [["tags", "item"]],
        "counts": {"rows": rows, "users": USERS, "items": ITEMS},
    }


def make_tasks(
    interactions: Interactions, users: np.ndarray, support: np.ndarray, labels: np.ndarray | None
) -> TaskView:
    """A task a user, with so many support rows (0: none) and up to 4 query rows; query labels as in `labels` (n,), or
    withheld. Base logits are random, but say something of the label."""
    truth = interactions.labels()
    starts = np.asarray(interactions.user_ptr)[users]
    cuts = np.minimum(starts + support, np.asarray(interactions.user_ptr)[users + 1] - 1)
    stops = np.minimum(cuts + 4, np.asarray(interactions.user_ptr)[users + 1])
    rows_support, rows_query = _ranges(starts, cuts), _ranges(cuts, stops)
    noise = np.random.default_rng(0).normal(size=(len(truth), len(MODELS)))
    logits = (noise + np.outer(truth - 0.5, [0.5, 1.0, 1.5])).astype(np.float32)
    return TaskView(
        models=MODELS,
        support=View(interactions, rows_support, truth[rows_support]),
        query=View(interactions, rows_query, None if labels is None else labels[rows_query]),
        support_ptr=np.concatenate([[0], np.cumsum(cuts - starts)]),
        query_ptr=np.concatenate([[0], np.cumsum(stops - cuts)]),
        support_base_logits=logits[rows_support],
        query_base_logits=logits[rows_query],
    )


def _ranges(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    return np.concatenate([np.arange(a, b) for a, b in zip(starts, stops, strict=True)]).astype(np.int64)
