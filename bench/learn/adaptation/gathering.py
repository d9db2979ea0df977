"""Gathering a chunk: its users' rows padded to one length, with the rows of tables that each user touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.interfaces import Block, Episodes
from bench.learn.adaptation.own_entries import entries_of_chunk
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import Windows
from bench.learn.network.row_index import RowIndex

__all__ = ["gather"]


def gather(tasks: TaskData, windows: Windows) -> Episodes:
    """The rows of one chunk."""
    support = _padded(windows.start, windows.cut, windows.order)
    query = _padded(windows.cut, windows.stop, windows.order)
    reads = tasks.by_component(
        lambda component: _read(tasks, component, windows.users, support, query)
    )
    return Episodes(
        users=len(windows.users),
        rows={component: read.table_rows for component, read in reads.items()},
        support=_block(
            tasks, support, {component: read.support for component, read in reads.items()}
        ),
        query=_block(tasks, query, {component: read.query for component, read in reads.items()}),
    )


class _Part(NamedTuple):
    """Support or query of a chunk's U users, padded to the n rows of the longest."""

    rows: np.ndarray  # (U, n) int64 of the task data; padding: the user's first of the part, or 0 where there is none
    present: np.ndarray  # (U, n) bool


def _padded(start: np.ndarray, stop: np.ndarray, order: np.ndarray | None) -> _Part:
    """Rows [start, stop) of each user, (U,) both; with `order` those are places in it, and it holds the rows."""
    lengths = stop - start
    steps = np.arange(int(lengths.max(initial=0)))  # (n,)
    present = steps < lengths[:, None]
    padding = np.where(lengths > 0, start, 0)
    places = np.where(present, start[:, None] + steps, padding[:, None])
    return _Part(places if order is None else order[places], present)


class _Entries(NamedTuple):
    """A part as one component reads it."""

    row_index: RowIndex  # (U, n, E)
    weights: Tensor  # (U, n, E - single), 0 where padded


class _Read(NamedTuple):
    """A chunk as one component reads it."""

    table_rows: Tensor  # (U, R) int64: which rows of its tables each user touches
    support: _Entries
    query: _Entries


def _read(
    tasks: TaskData, component: str, users: np.ndarray, support: _Part, query: _Part
) -> _Read:
    touched = entries_of_chunk(
        tasks.own[component],
        users,
        np.concatenate([support.rows, query.rows], axis=1),
        np.concatenate([support.present, query.present], axis=1),
    )
    # (U, n, E) each
    of_support, of_query = np.split(touched.of_row, [support.rows.shape[1]], axis=1)
    all_weights = tasks.encoded[component].weights

    def entries(part: _Part, of_row: np.ndarray) -> _Entries:
        present = torch.from_numpy(part.present).unsqueeze(-1)
        weights = all_weights[torch.from_numpy(part.rows)] * present
        index = torch.from_numpy(np.ascontiguousarray(of_row))
        # repeated: every inner step looks the same rows up
        return _Entries(
            RowIndex(index, weights, tasks.layout, touched.joint.size, repeated=True), weights
        )

    return _Read(
        torch.from_numpy(touched.joint), entries(support, of_support), entries(query, of_query)
    )


def _block(tasks: TaskData, part: _Part, entries: Mapping[str, _Entries]) -> Block:
    """A part with what each component reads of it; labels and base logits are 0 where padded."""
    rows = torch.from_numpy(part.rows)
    mask = torch.from_numpy(part.present).to(tasks.labels.dtype)
    return Block(
        entries={component: each.row_index for component, each in entries.items()},
        weights={component: each.weights for component, each in entries.items()},
        labels=tasks.labels[rows] * mask,
        mask=mask,
        base_logits=None
        if tasks.base_logits is None
        else tasks.base_logits[rows] * mask.unsqueeze(-1),
    )
