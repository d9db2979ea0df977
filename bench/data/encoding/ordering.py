"""The order of rows: by user, the data's own order, then a seeded hash, so that nothing hangs on the order of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

__all__ = ["Order", "Repeats", "content_key", "mix64", "order_rows"]

_HASH_KEY = "bench: tie-break"  # 16 characters; another key is another order of every tie


class Repeats(NamedTuple):
    """Rows that repeat another."""

    exact_duplicates: int  # rows beyond the first that agree with it in everything that is encoded
    contradictory: int  # (user, item, order) that have both labels
    repeated_pairs: int  # rows beyond a user's first of an item


class Order(NamedTuple):
    # (n,) int64: the sorted table's row i is the raw table's row permutation[i]
    permutation: np.ndarray
    # (n,) uint64, in the raw table's order: equal where all that is encoded of two rows is
    identity: np.ndarray
    repeats: Repeats


def order_rows(
    users: np.ndarray,
    items: np.ndarray,
    order: np.ndarray | None,
    ids: tuple[pa.Array, pa.Array],
    content: np.ndarray,
    labels: np.ndarray,
    part: np.ndarray | None = None,
    true_logits: np.ndarray | None = None,
) -> Order:
    """Sort by (user, part where one is given, order, hash of the user's and the item's id, content, true logit).

    `users`, `items` (n,) number the texts of `ids`; `content` (n,) uint64 stands for all features and the label of a row, so
    that rows which still tie are interchangeable."""
    pair = _pair_hash(users, items, ids)  # (n,) uint64: of each row's user and item
    # lexsort takes the last key first
    by_pair = [key for key in (pair, order, users) if key is not None]
    keys = [content, *by_pair] if true_logits is None else [true_logits, content, *by_pair]
    permutation = np.lexsort(keys)
    repeats = _repeats(
        permutation, by_pair, content, labels, pairs=users.astype(np.int64) * len(ids[1]) + items
    )
    if part is not None:
        # stable: else as before
        permutation = permutation[np.lexsort([part[permutation], users[permutation]])]
    times = [] if order is None else [order.view(np.uint64)]
    return Order(permutation, content_key([content, pair, *times]), repeats)


def _repeats(
    permutation: np.ndarray,
    by_pair: Sequence[np.ndarray],
    content: np.ndarray,
    labels: np.ndarray,
    pairs: np.ndarray,
) -> Repeats:
    """Of rows that `permutation` sorts by the keys `by_pair`, then by content; `pairs` (n,) number user and item."""
    # of one user, item and order
    same_pair = _equal_to_previous([key[permutation] for key in by_pair])
    same_content = _equal_to_previous([content[permutation]])
    return Repeats(
        exact_duplicates=int((same_pair & same_content).sum()),
        contradictory=_groups_of_both(labels[permutation], same_pair),
        repeated_pairs=len(pairs) - len(np.unique(pairs)),
    )


def content_key(columns: Sequence[np.ndarray]) -> np.ndarray:
    """(n,) uint64: a hash of each row of the columns, integers of any width."""
    key = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        key = mix64(key ^ column.astype(np.uint64))
    return key


def mix64(values: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014), one to one on uint64."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _pair_hash(users: np.ndarray, items: np.ndarray, ids: tuple[pa.Array, pa.Array]) -> np.ndarray:
    """(n,) uint64, by the texts of the ids: however they are numbered, it is the same."""
    of_user, of_item = (_text_hash(texts) for texts in ids)
    return mix64(of_user[users] ^ mix64(of_item)[items])


def _text_hash(texts: pa.Array) -> np.ndarray:
    import pandas as pd  # here, since steps on prepared data do without

    values = np.array(texts.to_pylist(), dtype=object)
    return pd.util.hash_array(values, hash_key=_HASH_KEY, categorize=False)


def _equal_to_previous(keys: Sequence[np.ndarray]) -> np.ndarray:
    """(n,) bool: whether a row agrees in all keys with the one before it; not the first."""
    equal = np.ones(len(keys[0]), dtype=bool)
    equal[:1] = False
    for key in keys:
        equal[1:] &= key[1:] == key[:-1]
    return equal


def _groups_of_both(labels: np.ndarray, same_group: np.ndarray) -> int:
    """How many groups have both labels; `same_group` (n,): whether a row is of the group of the one before it."""
    starts = np.flatnonzero(~same_group)
    lowest, highest = np.minimum.reduceat(labels, starts), np.maximum.reduceat(labels, starts)
    return int((lowest != highest).sum())
