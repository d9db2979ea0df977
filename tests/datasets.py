"""Small prepared datasets with labels that can be learned, for tests that need no reader of files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.data.views.interactions import Interactions

__all__ = ["make_interactions"]

SEGMENTS, TAGS, LATENT = 4, 6, 3
SIZES = {"segment": SEGMENTS + 1, "tags": TAGS + 1, "price": 2}


def make_interactions(
    folder: Path, *, users: int = 20, items: int = 15, rows_per_user: int = 12, seed: int = 0
) -> Interactions:
    """Write a prepared dataset to `folder` (made where it isn't there) and open it.

    Users have 1 to 2 * rows_per_user - 1 rows (user 0 has one), items recur, times tie. Fields: user_id, item_id, segment
    (categorical, of the user), tags (multi-valued, of the item, 0 to 3 of 6, item 0 has none) and price (numeric,
    context, a tenth missing). Labels follow users, items, their match, segment by tag, and price."""
    rng = np.random.default_rng(seed)
    table = _draw(users, items, rows_per_user, rng)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = table.arrays()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    (folder / "meta.json").write_text(json.dumps(_meta(table, arrays), allow_nan=False), "utf-8")
    return Interactions.open(folder)


class _Table(NamedTuple):
    user_ptr: np.ndarray
    items: np.ndarray  # (n,)
    time: np.ndarray  # (n,)
    segments: np.ndarray  # (users,) codes from 1
    tags_ptr: np.ndarray  # (items + 1,)
    tags: np.ndarray  # codes from 1
    price: np.ndarray  # (n,), NaN where missing
    labels: np.ndarray  # (n,)

    @property
    def users(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.user_ptr) - 1), np.diff(self.user_ptr))

    @property
    def id_sizes(self) -> dict[str, int]:
        return {"user_id": len(self.user_ptr), "item_id": len(self.tags_ptr)}

    def arrays(self) -> dict[str, np.ndarray]:
        """As bench.data.views.interactions reads them."""
        users_size, items_size = self.id_sizes.values()
        columns = [
            1 + self.users,
            users_size + 1 + self.items,
            users_size + items_size + self.segments[self.users],
        ]
        return {
            "user_ptr": self.user_ptr.astype(np.int64),
            "users": self.users.astype(np.int32),
            "items": self.items.astype(np.int32),
            "order": self.time.astype(np.int64),
            "labels": self.labels.astype(np.uint8),
            "identity": np.arange(len(self.labels), dtype=np.uint64),
            "categorical": np.stack(columns, axis=1).astype(np.int32),
            "numeric": self.price[:, None].astype(np.float32),
            "bags-0-ptr": self.tags_ptr.astype(np.int64),
            "bags-0-codes": self.tags.astype(np.int32),
        }


def _draw(users: int, items: int, rows_per_user: int, rng: np.random.Generator) -> _Table:
    rows = rng.integers(1, 2 * rows_per_user, size=users)
    rows[0] = 1
    bag_sizes = rng.integers(0, 4, size=items)
    bag_sizes[0] = 0
    tags = [np.sort(rng.permutation(TAGS)[:size]) + 1 for size in bag_sizes]
    price = rng.normal(20.0, 5.0, size=rows.sum())
    unlabelled = _Table(
        user_ptr=np.concatenate([[0], np.cumsum(rows)]),
        items=rng.integers(0, items, size=rows.sum()),
        time=np.concatenate([np.sort(rng.integers(0, 3 * count, size=count)) for count in rows]),
        segments=rng.integers(1, SEGMENTS + 1, size=users),
        tags_ptr=np.concatenate([[0], np.cumsum(bag_sizes)]),
        tags=np.concatenate([*tags, []]).astype(np.int64),
        price=np.where(rng.random(len(price)) < 0.1, np.nan, price),
        labels=np.zeros(rows.sum()),
    )
    return unlabelled._replace(labels=_draw_labels(unlabelled, rng))


def _draw_labels(table: _Table, rng: np.random.Generator) -> np.ndarray:
    """Both classes occur, whatever the seed."""
    users, items = (size - 1 for size in table.id_sizes.values())
    owners = np.repeat(np.arange(items), np.diff(table.tags_ptr))
    has_tag = np.zeros((items, TAGS))
    has_tag[owners, table.tags - 1] = 1
    taste = (
        rng.normal(size=(SEGMENTS, TAGS))[table.segments - 1] + rng.normal(size=(users, TAGS)) / 2
    )
    match = rng.normal(size=(users, LATENT)) @ rng.normal(size=(LATENT, items)) + taste @ has_tag.T
    level = rng.normal(size=(users, 1)) + rng.normal(size=items)
    logits = (match / 2 + level)[table.users, table.items] + np.nan_to_num(table.price - 20) / 10
    labels = rng.random(len(logits)) < 1 / (1 + np.exp(-logits))
    labels[np.argmax(logits)], labels[np.argmin(logits)] = True, False
    return labels


def _meta(table: _Table, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    fields = [
        ("user_id", "categorical", "user"),
        ("item_id", "categorical", "item"),
        ("segment", "categorical", "user"),
        ("tags", "multi_valued", "item"),
        ("price", "numeric", "context"),
    ]
    return {
        "name": "synthetic",
        "digest": hashlib.sha256(
            b"".join(array.tobytes() for array in arrays.values())
        ).hexdigest(),
        "source": {"name": "synthetic"},
        "label": "label",
        "order": "time",
        "fields": [dict(zip(("name", "kind", "side"), field, strict=True)) for field in fields],
        "sizes": {**table.id_sizes, **SIZES},
        "user_field": "user_id",
        "item_field": "item_id",
        "bags": [["tags", "item"]],
        "counts": {
            "rows": len(table.labels),
            "users": len(table.user_ptr) - 1,
            "items": len(table.tags_ptr) - 1,
            "positives": int(table.labels.sum()),
        },
    }
