"""Views of a prepared dataset: what a plugin is handed (bench.interfaces.Rows and Tasks)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bench.data.paged import blocks, read_only
from bench.data.views.interactions import Interactions
from bench.interfaces import Fields

__all__ = ["TaskView", "View"]


class View:
    """n rows of a prepared dataset (bench.interfaces.Rows), in memory of its own; the arrays that it keeps are read-only.

    `index` (n,) int64 into the prepared table; `labels` (n,) uint8 or None where withheld; `hide_users` (n,) bool or
    one bool: where the user field is to read as unknown."""

    def __init__(
        self,
        interactions: Interactions,
        index: np.ndarray,
        labels: np.ndarray | None = None,
        hide_users: bool | np.ndarray = False,
    ) -> None:
        self.interactions = interactions
        self._index = read_only(np.asarray(index, dtype=np.int64))
        self._labels = None if labels is None else read_only(labels)
        hidden = np.asarray(hide_users, dtype=bool)
        self.hidden = read_only(np.broadcast_to(hidden, self._index.shape))

    def __len__(self) -> int:
        return len(self._index)

    @property
    def fields(self) -> Fields:
        return self.interactions.fields

    @property
    def index(self) -> np.ndarray:
        return self._index

    @property
    def labels(self) -> np.ndarray | None:
        return self._labels

    @cached_property
    def users(self) -> np.ndarray:
        return read_only(self.interactions.users[self._index])

    @cached_property
    def joint(self) -> np.ndarray:
        """(n, categorical fields) int32 joint entries, hidden users as unknown."""
        joint = np.asarray(self.interactions.categorical[self._index])
        field = self.interactions.user_field
        if field is not None and self.hidden.any():
            column = self._categorical_column(field)
            joint[self.hidden, column] = self.interactions.offsets[field]
        joint.flags.writeable = False
        return joint

    def codes(self, field: str) -> np.ndarray:
        column = self._categorical_column(field)
        return self.joint[:, column] - np.int32(self.interactions.offsets[field])

    def values(self, field: str) -> np.ndarray:
        names = [f.name for f in self.fields if f.kind == "numeric"]
        return np.asarray(
            self.interactions.numeric[self._index, self._position(names, field, "numeric")]
        )

    def bags(self, field: str) -> tuple[np.ndarray, np.ndarray]:
        self._position(list(self.interactions.bags), field, "multi-valued")
        bags = self.interactions.bags[field]
        owners = self.owners(field)
        starts, lengths = bags.ptr[owners], bags.ptr[owners + 1] - bags.ptr[owners]
        ptr = np.zeros(len(owners) + 1, dtype=np.int64)
        np.cumsum(lengths, out=ptr[1:])
        flat = np.repeat(starts - ptr[:-1], lengths) + np.arange(ptr[-1])
        return ptr, np.asarray(bags.codes[flat])

    def owners(self, field: str) -> np.ndarray:
        """(n,) int64: whose bag of a multi-valued field each row has (position in its CSR pointer)."""
        owner = self.interactions.bags[field].owner
        if owner == "row":
            return self._index
        of = self.interactions.users if owner == "user" else self.interactions.items
        return np.asarray(of[self._index], dtype=np.int64)

    def take(self, positions: np.ndarray | slice) -> View:
        """The view's own rows at `positions` (an index, a mask or a slice), in that order."""
        labels = None if self._labels is None else self._labels[positions]
        return View(self.interactions, self._index[positions], labels, self.hidden[positions])

    def blocks(self) -> Iterator[View]:
        """The same rows, in order, a block at a time."""
        for rows in blocks(len(self)):
            yield self.take(rows)

    def copy(self) -> View:
        """The same rows in other memory."""
        return View(self.interactions, self._index, self._labels, self.hidden)

    def without_labels(self) -> View:
        return View(self.interactions, self._index, None, self.hidden)

    def _categorical_column(self, field: str) -> int:
        names = [f.name for f in self.fields if f.kind == "categorical"]
        return self._position(names, field, "categorical")

    @staticmethod
    def _position(names: list[str], field: str, kind: str) -> int:
        if field not in names:
            raise KeyError(
                f"{field!r} is not a {kind} field; these are: {', '.join(names) or 'none'}"
            )
        return names.index(field)


@dataclass(frozen=True)
class TaskView:
    """Users with support and query (bench.interfaces.Tasks); the pointers delimit each user's rows. Arrays are read-only, in
    memory of its own."""

    models: tuple[str, ...]
    support: View
    query: View
    support_ptr: np.ndarray
    query_ptr: np.ndarray
    support_base_logits: np.ndarray
    query_base_logits: np.ndarray

    def __post_init__(self) -> None:
        for name in ("support_ptr", "query_ptr", "support_base_logits", "query_base_logits"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    def copy(self) -> TaskView:
        """The same tasks in other memory: what a plugin is handed, where the harness goes on to read its own."""
        return replace(self, support=self.support.copy(), query=self.query.copy())

    def without_query_labels(self) -> TaskView:
        return replace(self, support=self.support.copy(), query=self.query.without_labels())
