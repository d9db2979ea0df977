"""A prepared dataset: memory-mapped arrays of one folder, written by bench.data.prepared.prepare.

Rows are sorted by (user, order); where the data say which rows are support, by (user, part, order)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np

from bench.errors import StorageError
from bench.interfaces import Field, Fields, Timeline

__all__ = ["Bags", "Interactions", "timeline"]


class Bags(NamedTuple):
    """A multi-valued field, stored once per owner in CSR form; `codes` are within the field (0 unknown)."""

    owner: Literal["user", "item", "row"]
    ptr: np.ndarray  # (owners + 1,) int64
    codes: np.ndarray  # int32


@dataclass(frozen=True)
class Interactions:
    """n rows of U users and F fields over a joint index of J entries.

    Field f owns entries [offsets[f], offsets[f] + sizes[f]) of the joint index; the first of a categorical or multi-valued
    field is its unknown (out-of-vocabulary) entry, a numeric field has two: its value's and its missing value's."""

    folder: Path
    # name, digest, source, label, order, counts, categories, missing, truth, ... (JSON)
    meta: Mapping[str, Any]
    with_labels: bool = True

    @classmethod
    def open(cls, folder: Path, *, with_labels: bool = True) -> Interactions:
        """Map a folder that bench.data.prepared.prepare wrote; a worker opens it without the labels. This and the arrays raise
        StorageError where a file can't be read."""
        file = folder / "meta.json"
        with _reading(file):
            return cls(folder, json.loads(file.read_text("utf-8")), with_labels)

    def _map(self, name: str) -> np.ndarray:
        file = self.folder / f"{name}.npy"
        with _reading(file):
            return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))

    @property
    def digest(self) -> str:
        """Of the encoded content; independent of the file format it was read from."""
        return str(self.meta["digest"])

    @property
    def ids_digest(self) -> str:
        """Of the texts of users' and items' ids, which `digest` does not cover."""
        return str(self.meta["ids"])

    @cached_property
    def fields(self) -> Fields:
        return Fields(Field(**field) for field in self.meta["fields"])

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Field to its number of entries in the joint index."""
        return MappingProxyType(dict(self.meta["sizes"]))

    @cached_property
    def offsets(self) -> Mapping[str, int]:
        """Field to its first entry in the joint index."""
        starts, start = {}, 0
        for field in self.fields:
            starts[field.name] = start
            start += self.sizes[field.name]
        return MappingProxyType(starts)

    @property
    def entries(self) -> int:
        """J, the size of the joint index."""
        return sum(self.sizes.values())

    @property
    def user_field(self) -> str | None:
        """The categorical field of the user column, if it is one of the fields."""
        return self.meta["user_field"]  # type: ignore[no-any-return]

    @cached_property
    def user_ptr(self) -> np.ndarray:
        """(U + 1,) int64: user u's rows are [user_ptr[u], user_ptr[u + 1])."""
        return self._map("user_ptr")

    @cached_property
    def users(self) -> np.ndarray:
        """(n,) int32, ascending."""
        return self._map("users")

    def user_name(self, user: int) -> str:
        """The id of user number `user` as in the data; the number where the folder does not keep ids."""
        import pyarrow.parquet as pq  # few ask

        ids = self.folder / "user_ids.parquet"
        with _reading(ids):
            return str(pq.read_table(ids).column("user_id")[user] if ids.exists() else user)

    @cached_property
    def items(self) -> np.ndarray:
        """(n,) int32."""
        return self._map("items")

    @cached_property
    def order(self) -> np.ndarray | None:
        """(n,) int64 or float64 as in the data; None where the dataset has none (rows then lie in seeded order)."""
        return self._map("order") if self.meta["order"] else None

    @cached_property
    def given_role(self) -> np.ndarray | None:
        """(U,) uint8 of 0 train, 1 valid, 2 test, as the data say; None where they don't."""
        return self._map("given-role") if self.meta.get("split") else None

    @cached_property
    def given_part(self) -> np.ndarray | None:
        """(n,) uint8 of 0 support, 1 query, as the data say; None where they don't."""
        return self._map("given-part") if self.meta.get("split") else None

    @cached_property
    def identity(self) -> np.ndarray:
        """(n,) uint64: equal where two rows are exact duplicates (user, item, order, label and all features)."""
        return self._map("identity")

    @cached_property
    def categorical(self) -> np.ndarray:
        """(n, categorical fields) int32 joint entries."""
        return self._map("categorical")

    @cached_property
    def numeric(self) -> np.ndarray:
        """(n, numeric fields) float32, NaN where missing."""
        return self._map("numeric")

    @cached_property
    def bags(self) -> Mapping[str, Bags]:
        """Multi-valued field to its bags."""
        bags = {
            name: Bags(owner, self._map(f"bags-{number}-ptr"), self._map(f"bags-{number}-codes"))
            for number, (name, owner) in enumerate(self.meta["bags"])
        }
        return MappingProxyType(bags)

    def labels(self) -> np.ndarray:
        """(n,) uint8, all of them: for the split and the metrics. A step that fits is handed the split's own labels."""
        if not self.with_labels:
            raise PermissionError(
                "labels are not for workers; read those of the rows that were handed over"
            )
        return self._map("labels")

    def true_logits(self) -> np.ndarray | None:
        """(n,) float64, of generated data: what the labels were drawn from; None where nobody knows. Not for workers."""
        if not self.with_labels:
            raise PermissionError("true logits are not for workers")
        return self._map("true-logit") if self.meta.get("true_logit") else None

    def __len__(self) -> int:
        return int(self.user_ptr[-1])


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """It was whole when the run began: whoever reads it is not to blame."""
    try:
        yield
    except (OSError, EOFError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StorageError(
            f"cache {file}: can't be read back: {reason}; run again: it is prepared anew (else choose another folder with "
            "--cache-dir)"
        ) from error


def timeline(interactions: Interactions) -> Timeline:
    """What a protocol divides by."""
    return Timeline(
        interactions.user_ptr, interactions.order, interactions.given_role, interactions.given_part
    )
