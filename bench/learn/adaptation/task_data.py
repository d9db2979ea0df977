"""The tasks of many users as tensors: every row once, support and query of a user side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from bench.data.paged import blocks, new_array
from bench.data.views.by_user import user_blocks
from bench.data.views.rows import TaskView, View
from bench.learn.adaptation.own_entries import OwnEntries
from bench.learn.network.encoder import Encoded, Encoder
from bench.learn.network.lookup import Layout

__all__ = ["TaskData"]

T = TypeVar("T")


@dataclass(frozen=True)
class TaskData:
    """All n rows of U users: user u's are [ptr[u], ptr[u + 1]), support before cut[u], query from it on.

    A *component* is what reads entries: "selector", and "pool" where the base models are adapted too."""

    layout: Layout
    # by component; one object under both names where both read the same entries
    encoded: Mapping[str, Encoded]
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
        support, query = tasks.support, tasks.query
        merged = _Merging(tasks.support_ptr, tasks.query_ptr)
        view = View(
            support.interactions,
            merged(support.index, query.index),
            labels=None,
            hide_users=merged(support.hidden, query.hidden),
        )
        labels = merged(_labels(support), _labels(query))
        base_logits = None
        if pool is None:
            base_logits = torch.as_tensor(
                merged(tasks.support_base_logits, tasks.query_base_logits), dtype=dtype
            )
        ptr = np.asarray(tasks.support_ptr) + np.asarray(tasks.query_ptr)
        return cls(
            layout=selector.layout,
            encoded=_encoded(view, selector, pool, dtype),
            labels=_cast(torch.from_numpy(labels), dtype),
            base_logits=base_logits,
            ptr=ptr,
            cut=ptr[:-1] + np.diff(tasks.support_ptr),
            view=view,
        )

    @property
    def users(self) -> int:
        return len(self.cut)

    def user_name(self, user: int) -> str:
        """As in the data; the user's number among the tasks where the rows are not known."""
        first, stop = self.ptr[user], self.ptr[user + 1]
        if self.view is None or first == stop:
            return str(user)
        number_in_data = int(self.view.users[first])
        return self.view.interactions.user_name(number_in_data)

    @cached_property
    def own(self) -> dict[str, OwnEntries]:
        """By component."""
        return self.by_component(
            lambda component: OwnEntries.of(self.encoded[component].index.numpy(), self.ptr)
        )

    def by_component(self, make: Callable[[str], T]) -> dict[str, T]:
        """What `make` makes of each component; made once, for both, where both read the same entries."""
        made: dict[int, T] = {}
        for component, encoded in self.encoded.items():
            if id(encoded) not in made:
                made[id(encoded)] = make(component)
        return {component: made[id(encoded)] for component, encoded in self.encoded.items()}


class _Merging:
    """Arrays of all support rows and of all query rows made one: user by user, support before query."""

    def __init__(self, support_ptr: np.ndarray, query_ptr: np.ndarray) -> None:
        self._ptrs = np.asarray(support_ptr), np.asarray(query_ptr)

    def __call__(self, of_support: np.ndarray, of_query: np.ndarray) -> np.ndarray:
        both, (support_ptr, query_ptr) = (of_support, of_query), self._ptrs
        found = new_array(
            (len(of_support) + len(of_query), *of_support.shape[1:]), of_support.dtype
        )
        # a part's rows come after those of the other part that its user's come after
        for values, ptr, before in zip(
            both, self._ptrs, (query_ptr[:-1], support_ptr[1:]), strict=True
        ):
            for users in user_blocks(ptr):
                rows = slice(ptr[users.start], ptr[users.stop])
                places = np.repeat(before[users], np.diff(ptr[users.start : users.stop + 1]))
                places += np.arange(rows.start, rows.stop)
                found[places] = values[rows]
        return found


def _labels(view: View) -> np.ndarray:
    return np.zeros(len(view), np.uint8) if view.labels is None else view.labels


def _encoded(
    view: View, selector: Encoder, pool: Encoder | None, dtype: torch.dtype
) -> dict[str, Encoded]:
    """By component; one object for both where they are equal, so that what is made of it is made once."""
    for_selector = _in_dtype(selector.encode(view), dtype)
    if pool is None:
        return {"selector": for_selector}
    for_pool = _in_dtype(pool.encode(view), dtype)
    return {
        "selector": for_selector,
        "pool": for_selector if _equal(for_selector, for_pool) else for_pool,
    }


def _in_dtype(encoded: Encoded, dtype: torch.dtype) -> Encoded:
    return Encoded(encoded.index, encoded.weights.to(dtype))


def _cast(values: Tensor, dtype: torch.dtype) -> Tensor:
    cast = torch.from_numpy(
        new_array(tuple(values.shape), torch.empty(0, dtype=dtype).numpy().dtype)
    )
    return cast.copy_(values)


def _equal(one: Encoded, other: Encoded) -> bool:
    return all(
        torch.equal(one.index[rows], other.index[rows])
        and torch.equal(one.weights[rows], other.weights[rows])
        for rows in blocks(len(one.index))
    )
