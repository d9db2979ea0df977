"""Per-user tasks as tensors, and episodes: chunks of users of like length, padded, with the table rows they touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.data.rows import TaskView, View
from bench.interfaces import Block, Episodes
from bench.learn.encode import Encoded, Encoder
from bench.learn.lookup import Layout
from bench.learn.row_index import RowIndex

__all__ = ["TaskData", "Windows", "chunks", "draw_windows", "gather", "whole"]

CHUNK_USERS = 16
CHUNK_ROWS = 4096  # padded rows a chunk; a user longer than that is a chunk of its own


@dataclass(frozen=True)
class TaskData:
    """All rows of U users: user u's are [ptr[u], ptr[u + 1]), support before cut[u], query from it on."""

    layout: Layout
    encoded: Mapping[str, Encoded]  # one object under both names where both components read the same entries
    labels: Tensor  # (n,) float; 0 where withheld
    base_logits: Tensor | None  # (n, K) where the pool itself is not adapted
    ptr: np.ndarray  # (U + 1,) int64
    cut: np.ndarray  # (U,) int64

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
        )

    @property
    def users(self) -> int:
        return len(self.cut)


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


def whole(tasks: TaskData, users: np.ndarray | None = None) -> Windows:
    """Every row of the given users (default: all)."""
    chosen = np.arange(tasks.users) if users is None else users
    return Windows(chosen, tasks.ptr[:-1][chosen], tasks.cut[chosen], tasks.ptr[1:][chosen])


def draw_windows(tasks: TaskData, users: np.ndarray, max_rows: int, generator: np.random.Generator) -> Windows:
    """The whole history where it has at most `max_rows` rows, else a random window of it, cut at the same share."""
    full = whole(tasks, users)
    rows = full.stop - full.start
    length = np.minimum(rows, max_rows)
    start = full.start + generator.integers(0, rows - length + 1)
    support = np.rint((full.cut - full.start) / rows * length).astype(np.int64)
    support = np.where(full.cut > full.start, np.clip(support, 1, length - 1), 0)
    return Windows(users, start, start + support, start + length)


def chunks(windows: Windows, users: int | None = None) -> Iterator[Windows]:
    """Users sorted by length, at most `users` (CHUNK_USERS) at a time: few enough that padding and memory stay small."""
    order = np.lexsort((windows.users, windows.stop - windows.cut, windows.stop - windows.start))[::-1]
    lengths = (windows.stop - windows.start)[order]
    first = 0
    while first < len(order):
        size = max(1, min(users or CHUNK_USERS, CHUNK_ROWS // max(1, int(lengths[first]))))
        chosen = order[first : first + size]
        yield Windows(*(values[chosen] for values in windows))
        first += size


def gather(tasks: TaskData, windows: Windows) -> Episodes:
    """Gather one chunk."""
    support = _padded(windows.start, windows.cut)
    query = _padded(windows.cut, windows.stop)
    entries: dict[str, tuple[Tensor, RowIndex, RowIndex]] = {}
    by_object: dict[int, tuple[Tensor, RowIndex, RowIndex]] = {}
    for component, encoded in tasks.encoded.items():
        if id(encoded) not in by_object:
            by_object[id(encoded)] = _own_rows(tasks.layout, encoded, support, query)
        entries[component] = by_object[id(encoded)]
    return Episodes(
        users=len(windows.users),
        rows={component: own[0] for component, own in entries.items()},
        support=_block(tasks, support, {component: own[1] for component, own in entries.items()}),
        query=_block(tasks, query, {component: own[2] for component, own in entries.items()}),
    )


class _Positions(NamedTuple):
    rows: Tensor  # (U, n) int64 into the task data; padding points at the user's first row of the part, or row 0
    mask: Tensor  # (U, n) bool


def _padded(start: np.ndarray, stop: np.ndarray) -> _Positions:
    lengths = stop - start
    steps = np.arange(int(lengths.max(initial=0)))
    mask = steps < lengths[:, None]
    rows = np.where(mask, start[:, None] + steps, np.where(lengths > 0, start, 0)[:, None])
    return _Positions(torch.from_numpy(rows), torch.from_numpy(mask))


def _own_rows(
    layout: Layout, encoded: Encoded, support: _Positions, query: _Positions
) -> tuple[Tensor, RowIndex, RowIndex]:
    """Joint entries (U, R) that each user touches, once each, and where support and query rows find theirs."""
    positions = torch.cat([support.rows, query.rows], dim=1)
    mask = torch.cat([support.mask, query.mask], dim=1)
    users, n = positions.shape
    index = encoded.index[positions].long()  # (U, n, E)
    first = index[torch.arange(users), mask.int().argmax(dim=1)]  # (U, E): some row of the user's own
    flat = torch.where(mask.unsqueeze(-1), index, first.unsqueeze(1)).reshape(users, -1)
    ordered, order = flat.sort(dim=1)
    rank = torch.zeros_like(ordered)
    rank[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]).cumsum(dim=1)
    local = torch.empty_like(rank).scatter_(1, order, rank)
    own = ordered[:, :1].repeat(1, int(rank.max()) + 1).scatter_(1, rank, ordered)
    local = (local + own.shape[1] * torch.arange(users).unsqueeze(1)).reshape(users, n, -1)
    cut = support.rows.shape[1]
    of_support, of_query = local[:, :cut], local[:, cut:]
    return (
        own,
        RowIndex(of_support, _weights(encoded, support), layout, own.numel()),
        RowIndex(of_query, _weights(encoded, query), layout, own.numel()),
    )


def _weights(encoded: Encoded, positions: _Positions) -> Tensor:
    """(U, n, E - single), 0 where padded."""
    return encoded.weights[positions.rows] * positions.mask.unsqueeze(-1)


def _block(tasks: TaskData, positions: _Positions, entries: Mapping[str, RowIndex]) -> Block:
    mask = positions.mask.to(tasks.labels.dtype)
    return Block(
        entries=entries,
        weights={component: _weights(encoded, positions) for component, encoded in tasks.encoded.items()},
        labels=tasks.labels[positions.rows] * mask,
        mask=mask,
        base_logits=None if tasks.base_logits is None else tasks.base_logits[positions.rows] * mask.unsqueeze(-1),
    )
