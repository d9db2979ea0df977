"""Per-user tasks as tensors, and episodes: chunks of users of like length, padded, with the table rows they touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.data.views.rows import TaskView, View
from bench.interfaces import Block, Episodes
from bench.learn.network.encoder import Encoded, Encoder
from bench.learn.network.lookup import Layout
from bench.learn.network.row_index import RowIndex

__all__ = ["TaskData", "Windows", "all_as_support", "chunks", "gather", "query_rows", "support_batch", "whole"]

CHUNK_USERS = 16
CHUNK_ROWS = 4096  # padded rows a chunk; a user longer than that is a chunk of its own


class OwnEntries(NamedTuple):
    """The joint entries that each user's rows touch, found once: user u's are entries[ptr[u]:ptr[u + 1]], in order."""

    ptr: np.ndarray  # (U + 1,) int64
    entries: np.ndarray  # int32
    local: np.ndarray  # (n, E) int32: where each entry of a row lies among its user's own

    @classmethod
    def of(cls, index: np.ndarray, user_ptr: np.ndarray) -> OwnEntries:
        """`index` (n, E), rows of users as `user_ptr` says."""
        local, found = np.empty(index.shape, dtype=np.int32), []
        for start, stop in pairwise(user_ptr):
            entries, places = np.unique(index[start:stop], return_inverse=True)
            found.append(entries)
            local[start:stop] = places.reshape(stop - start, -1)
        ptr = np.cumsum([0, *map(len, found)])
        return cls(ptr, np.concatenate(found) if found else np.empty(0, np.int32), local)


@dataclass(frozen=True)
class TaskData:
    """All rows of U users: user u's are [ptr[u], ptr[u + 1]), support before cut[u], query from it on."""

    layout: Layout
    encoded: Mapping[str, Encoded]  # one object under both names where both components read the same entries
    labels: Tensor  # (n,) float; 0 where withheld
    base_logits: Tensor | None  # (n, K) where the pool itself is not adapted
    ptr: np.ndarray  # (U + 1,) int64
    cut: np.ndarray  # (U,) int64
    view: View | None = None  # the rows themselves, so that an error can name a user

    @classmethod
    def of(
        cls,
        tasks: TaskView,
        selector: Encoder,
        pool: Encoder | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> TaskData:
        """`pool`: the encoder of the base models where they are adapted too; base logits are left out then."""
        merged = np.argsort(np.concatenate([tasks.support.index, tasks.query.index]), kind="stable")
        view = _joined(tasks, merged)
        encoded: dict[str, Encoded] = {"selector": _as(selector.encode(view), dtype)}
        if pool is not None:
            encoded["pool"] = _same(_as(pool.encode(view), dtype), encoded["selector"])
        labels = np.concatenate([_labels(tasks.support), _labels(tasks.query)])[merged]
        logits = np.concatenate([tasks.support_base_logits, tasks.query_base_logits])[merged]
        ptr = np.asarray(tasks.support_ptr) + np.asarray(tasks.query_ptr)
        return cls(
            selector.layout,
            encoded,
            torch.as_tensor(labels, dtype=dtype),
            None if pool is not None else torch.as_tensor(logits, dtype=dtype),
            ptr,
            ptr[:-1] + np.diff(tasks.support_ptr),
            view,
        )

    @property
    def users(self) -> int:
        return len(self.cut)

    def user_name(self, user: int) -> str:
        """As in the data; the user's number among the tasks where the rows are not known."""
        if self.view is None or self.ptr[user] == self.ptr[user + 1]:
            return str(user)
        return self.view.interactions.user_name(int(self.view.users[self.ptr[user]]))

    @cached_property
    def own(self) -> dict[str, OwnEntries]:
        """By component, one object where both read the same entries."""
        found: dict[int, OwnEntries] = {}
        for encoded in self.encoded.values():
            if id(encoded) not in found:
                found[id(encoded)] = OwnEntries.of(encoded.index.numpy(), self.ptr)
        return {component: found[id(encoded)] for component, encoded in self.encoded.items()}


def _joined(tasks: TaskView, merged: np.ndarray) -> View:
    """Support and query rows as one view, in the order of the prepared table: each user's support before the query."""
    support, query = tasks.support, tasks.query
    index = np.concatenate([support.index, query.index])[merged]
    return View(support.interactions, index, None, np.concatenate([support.hidden, query.hidden])[merged])


def _labels(view: View) -> np.ndarray:
    return np.zeros(len(view), np.uint8) if view.labels is None else view.labels


def _as(encoded: Encoded, dtype: torch.dtype) -> Encoded:
    return Encoded(encoded.index, encoded.weights.to(dtype))


def _same(one: Encoded, other: Encoded) -> Encoded:
    equal = torch.equal(one.index, other.index) and torch.equal(one.weights, other.weights)
    return other if equal else one


class Windows(NamedTuple):
    """The rows of an episode, a user each: support [start, cut), query [cut, stop). All (users,) int64."""

    users: np.ndarray
    start: np.ndarray
    cut: np.ndarray
    stop: np.ndarray
    order: np.ndarray | None = None  # where given, those are places in it, and it holds the rows
    weights: np.ndarray | None = None  # (users,) float of each user's outer loss, 1 on average; None: 1 each

    def take(self, chosen: np.ndarray) -> Windows:
        """Some of the users."""
        return self._replace(
            users=self.users[chosen],
            start=self.start[chosen],
            cut=self.cut[chosen],
            stop=self.stop[chosen],
            weights=None if self.weights is None else self.weights[chosen],
        )


def whole(tasks: TaskData, users: np.ndarray | None = None) -> Windows:
    """Every row of the given users (default: all)."""
    chosen = np.arange(tasks.users) if users is None else users
    return Windows(chosen, tasks.ptr[:-1][chosen], tasks.cut[chosen], tasks.ptr[1:][chosen])


def query_rows(tasks: TaskData, windows: Windows) -> np.ndarray:
    """Of whole windows: where each query row, user by user, lies among all query rows of the tasks."""
    lengths = windows.stop - windows.cut
    firsts = np.cumsum(tasks.ptr[1:] - tasks.cut) - (tasks.ptr[1:] - tasks.cut)
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.asarray(np.repeat(firsts[windows.users], lengths) + steps)


def chunks(windows: Windows, users: int | None = None) -> Iterator[Windows]:
    """Users sorted by length, at most `users` (CHUNK_USERS) at a time: few enough that padding and memory stay small."""
    order = np.lexsort((windows.users, windows.stop - windows.cut, windows.stop - windows.start))[::-1]
    lengths = (windows.stop - windows.start)[order]
    first = 0
    while first < len(order):
        size = max(1, min(users or CHUNK_USERS, CHUNK_ROWS // max(1, int(lengths[first]))))
        chosen = order[first : first + size]
        yield windows.take(chosen)
        first += size


def gather(tasks: TaskData, windows: Windows) -> Episodes:
    """Gather one chunk."""
    support = _padded(windows.start, windows.cut, windows.order)
    query = _padded(windows.cut, windows.stop, windows.order)
    entries: dict[str, tuple[Tensor, RowIndex, RowIndex]] = {}
    by_object: dict[int, tuple[Tensor, RowIndex, RowIndex]] = {}
    for component, encoded in tasks.encoded.items():
        if id(encoded) not in by_object:
            by_object[id(encoded)] = _own_rows(tasks, windows, tasks.own[component], encoded, support, query)
        entries[component] = by_object[id(encoded)]
    return Episodes(
        users=len(windows.users),
        rows={component: own[0] for component, own in entries.items()},
        support=_block(tasks, support, {component: own[1] for component, own in entries.items()}),
        query=_block(tasks, query, {component: own[2] for component, own in entries.items()}),
    )


def all_as_support(batch: Episodes) -> Episodes:
    """The same users with all of their rows, support and query, in the support; the query stays as it is."""
    support, query = batch.support, batch.query
    joined = Block(
        entries={name: index.before(query.entries[name]) for name, index in support.entries.items()},
        weights={name: torch.cat([weights, query.weights[name]], dim=1) for name, weights in support.weights.items()},
        labels=torch.cat([support.labels, query.labels], dim=1),
        mask=torch.cat([support.mask, query.mask], dim=1),
        base_logits=(
            None
            if support.base_logits is None or query.base_logits is None
            else torch.cat([support.base_logits, query.base_logits], dim=1)
        ),
    )
    return replace(batch, support=joined)


def support_batch(batch: Episodes, step: int, rows: int) -> Episodes:
    """The same users with at most `rows` rows of the support: those after the rows of the step before, round and round."""
    mask = batch.support.mask  # (U, n)
    place, there_are = mask.cumsum(1) - 1, mask.sum(1, keepdim=True).clamp(min=1)
    chosen = (place - step * rows).remainder(there_are) < rows
    return replace(batch, support=replace(batch.support, mask=mask * chosen))


class _Positions(NamedTuple):
    rows: np.ndarray  # (U, n) int64 into the task data; padding points at the user's first row of the part, or row 0
    mask: np.ndarray  # (U, n) bool


def _padded(start: np.ndarray, stop: np.ndarray, order: np.ndarray | None) -> _Positions:
    lengths = stop - start
    steps = np.arange(int(lengths.max(initial=0)))
    mask = steps < lengths[:, None]
    rows = np.where(mask, start[:, None] + steps, np.where(lengths > 0, start, 0)[:, None])
    return _Positions(rows if order is None else order[rows], mask)


def _own_rows(
    tasks: TaskData, windows: Windows, own: OwnEntries, encoded: Encoded, support: _Positions, query: _Positions
) -> tuple[Tensor, RowIndex, RowIndex]:
    """Joint entries (U, R) that each user's rows of the chunk touch, once each, and where those rows find theirs."""
    users = np.arange(len(windows.users))
    first = own.ptr[windows.users]
    touched = np.zeros((len(users), int(np.diff(own.ptr)[windows.users].max(initial=1))), dtype=bool)
    positions = np.concatenate([support.rows, query.rows], axis=1)
    mask = np.concatenate([support.mask, query.mask], axis=1)
    local = np.where(mask[:, :, None], own.local[positions], 0)  # (U, n, E)
    touched[np.broadcast_to(users[:, None, None], local.shape)[mask], local[mask]] = True
    place = np.cumsum(touched, axis=1) - 1
    rows = np.zeros((len(users), int(place[:, -1].max(initial=0)) + 1), dtype=np.int64)
    user, column = np.nonzero(touched)
    entries = np.asarray(own.entries[first[user] + column], dtype=np.int64)
    some = np.flatnonzero(touched.any(axis=1))
    rows[some] = entries[np.searchsorted(user, some)][:, None]  # padding: some row of the user's own
    rows[user, place[user, column]] = entries
    places = np.where(mask[:, :, None], place[users[:, None, None], local], 0) + rows.shape[1] * users[:, None, None]
    cut = support.rows.shape[1]

    def index(part: _Positions, entries: np.ndarray) -> RowIndex:
        return RowIndex(
            torch.from_numpy(np.ascontiguousarray(entries)),
            _weights(encoded, part),
            tasks.layout,
            rows.size,
            repeated=True,
        )

    return torch.from_numpy(rows), index(support, places[:, :cut]), index(query, places[:, cut:])


def _weights(encoded: Encoded, positions: _Positions) -> Tensor:
    """(U, n, E - single), 0 where padded."""
    mask = torch.from_numpy(positions.mask)
    return encoded.weights[torch.from_numpy(positions.rows)] * mask.unsqueeze(-1)


def _block(tasks: TaskData, positions: _Positions, entries: Mapping[str, RowIndex]) -> Block:
    rows, mask = torch.from_numpy(positions.rows), torch.from_numpy(positions.mask).to(tasks.labels.dtype)
    return Block(
        entries=entries,
        weights={component: _weights(encoded, positions) for component, encoded in tasks.encoded.items()},
        labels=tasks.labels[rows] * mask,
        mask=mask,
        base_logits=None if tasks.base_logits is None else tasks.base_logits[rows] * mask.unsqueeze(-1),
    )
