"""The order of rows: by user, the data's own order, then a seeded hash, so that nothing hangs on the order of a file.

Users are sorted a range of them at a time, so that keys of all rows are never held at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from bench.data.encoding.hashing import content_key, mix64, text_hash
from bench.data.encoding.packed_sort import sorted_rows
from bench.data.tables.room import Kept, Room, windows

__all__ = ["Order", "Repeats", "RowKeys", "order_rows"]

_AT_ONCE = 2**22  # rows that are sorted at a time; those of a user at least


class Repeats(NamedTuple):
    """Rows that repeat another."""

    exact_duplicates: int  # rows beyond the first that agree with it in everything that is encoded
    contradictory: int  # (user, item, order) that have both labels
    repeated_pairs: int  # rows beyond a user's first of an item


class RowKeys(NamedTuple):
    """What n rows are sorted by, in the raw table's order."""

    users: np.ndarray  # (n,) int32 from 1
    items: np.ndarray  # (n,) int32 from 1
    ids: tuple[pa.Array, pa.Array]  # the texts that they number
    order: Kept | None
    # (n,) uint64: stands for all features and the label, so that rows which still tie are interchangeable
    content: Kept
    labels: np.ndarray  # (n,) uint8
    part: np.ndarray | None = None  # (n,) uint8
    true_logits: Kept | None = None


class Order(NamedTuple):
    permutation: Kept  # (n,): the sorted table's row i is the raw table's row permutation[i]
    identity: Kept  # (n,) uint64, in the raw table's order: equal where all that is encoded of two rows is
    repeats: Repeats


def order_rows(keys: RowKeys, rows_of_user: np.ndarray, room: Room) -> Order:
    """Sort by (user, part where one is given, order, hash of the user's and the item's id, content, true logit)."""
    rows = len(keys.users)
    pair = room.keep(_pair_hashes(keys), np.dtype(np.uint64))
    repeats = []

    def permuted() -> Iterator[np.ndarray]:
        for chosen in _by_user(keys.users, rows_of_user):
            order, found = _sorted(_keys_of(keys, pair, chosen))
            repeats.append(found)
            yield chosen[order].astype(kind)

    kind = np.dtype(np.int32 if rows <= np.iinfo(np.int32).max else np.int64)
    permutation = room.keep(permuted(), kind)
    identity = room.keep(_identities(keys, pair), np.dtype(np.uint64))
    total = Repeats(*(sum(counts) for counts in zip(*repeats, strict=True)))
    return Order(permutation, identity, total)


def _pair_hashes(keys: RowKeys) -> Iterator[np.ndarray]:
    """(n,) uint64, by the texts of the ids: however they are numbered, it is the same."""
    of_user, of_item = (text_hash(texts) for texts in keys.ids)
    of_item = mix64(of_item)
    for rows in windows(len(keys.users)):
        yield mix64(of_user[keys.users[rows] - 1] ^ of_item[keys.items[rows] - 1])


def _identities(keys: RowKeys, pair: Kept) -> Iterator[np.ndarray]:
    for rows in windows(len(keys.users)):
        times = [] if keys.order is None else [keys.order.part(rows).view(np.uint64)]
        yield content_key([keys.content.part(rows), pair.part(rows), *times])


def _by_user(users: np.ndarray, rows_of_user: np.ndarray) -> Iterator[np.ndarray]:
    """The rows of a range of users, ascending, one range after another."""
    ends = np.cumsum(rows_of_user)
    first = 0
    while first < len(ends):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + _AT_ONCE, side="right")))
        yield np.concatenate(
            [
                rows.start + np.flatnonzero((users[rows] > first) & (users[rows] <= last))
                for rows in windows(len(users))
            ]
        )
        first = last


class _Some(NamedTuple):
    """The keys of some rows."""

    users: np.ndarray
    items: np.ndarray
    order: np.ndarray | None
    pair: np.ndarray
    content: np.ndarray
    labels: np.ndarray
    part: np.ndarray | None
    true_logits: np.ndarray | None


def _keys_of(keys: RowKeys, pair: Kept, rows: np.ndarray) -> _Some:
    """`rows`: ascending."""
    total = len(keys.users)
    return _Some(
        keys.users[rows],
        keys.items[rows],
        None if keys.order is None else _at(keys.order, rows, total),
        _at(pair, rows, total),
        _at(keys.content, rows, total),
        keys.labels[rows],
        None if keys.part is None else keys.part[rows],
        None if keys.true_logits is None else _at(keys.true_logits, rows, total),
    )


def _at(column: Kept, rows: np.ndarray, total: int) -> np.ndarray:
    """Some rows, ascending, of a column of `total`."""
    if len(rows) == total:
        return column.load()
    parts = []
    for window in windows(total):
        start, stop = np.searchsorted(rows, [window.start, window.stop])
        if start < stop:
            parts.append(column.part(window)[rows[start:stop] - window.start])
    return np.concatenate(parts)


def _sorted(some: _Some) -> tuple[np.ndarray, Repeats]:
    by_pair = [key for key in (some.users, some.order, some.pair) if key is not None]
    last = [] if some.true_logits is None else [some.true_logits]
    order = sorted_rows([*by_pair, some.content, *last])
    repeats = _repeats(some, by_pair, order)
    if some.part is not None:
        # stable: else as before
        order = order[sorted_rows([some.users[order], some.part[order]])]
    return order, repeats


def _repeats(some: _Some, by_pair: list[np.ndarray], order: np.ndarray) -> Repeats:
    """Of rows that `order` sorts by the keys `by_pair`, then by content."""
    same_pair = _equal_to_previous([key[order] for key in by_pair])  # of one user, item and order
    same_content = _equal_to_previous([some.content[order]])
    pairs = np.sort(some.users.astype(np.int64) << np.int64(32) | some.items)
    return Repeats(
        exact_duplicates=int((same_pair & same_content).sum()),
        contradictory=_groups_of_both(some.labels[order], same_pair),
        repeated_pairs=int((pairs[1:] == pairs[:-1]).sum()),
    )


def _equal_to_previous(keys: list[np.ndarray]) -> np.ndarray:
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
