"""Data as a plugin sees it, and what a fit may use and tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

__all__ = ["Context", "Field", "Fields", "FitNotes", "History", "Rows"]


@dataclass(frozen=True)
class Field:
    """A bag of (entry, weight) pairs over one joint index: categorical, 1 entry of weight 1; multi-valued, k entries of
    weight 1/k (an empty bag pools to zero); numeric, one entry weighted by the standardised value and a second one, of
    weight 1, where the value is missing. `side` says whose property it is."""

    name: str
    kind: Literal["categorical", "multi_valued", "numeric"]
    side: Literal["user", "item", "context"]


class Fields(tuple[Field, ...]):
    """The fields of a dataset in the order of the F axis: categorical, then multi-valued, then numeric."""

    def positions(self, side: str) -> list[int]:
        """Positions along the F axis of the fields of one side ("user", "item" or "context")."""
        return [i for i, field in enumerate(self) if field.side == side]

    def named(self, name: str) -> Field:
        """The field of that name; KeyError where there is none."""
        for field in self:
            if field.name == name:
                return field
        raise KeyError(f"no field {name!r}; there are {', '.join(field.name for field in self)}")


class Rows(Protocol):
    """Read-only view of n interactions, sorted by (user, order). What a view must not show is not in its memory.

    `index`, `users` and `labels` can't be written to (torch.tensor copies one without a warning); `codes`, `values` and `bags`
    make new arrays each time, which are the plugin's own."""

    def __len__(self) -> int: ...
    @property
    def fields(self) -> Fields: ...
    @property
    def index(self) -> np.ndarray:
        """(n,) int64, row in the prepared table: identity for joins and tests."""
        ...

    @property
    def users(self) -> np.ndarray:
        """(n,) int32; equal means one user."""
        ...

    @property
    def labels(self) -> np.ndarray | None:
        """(n,) uint8; None where withheld."""
        ...

    def codes(self, field: str) -> np.ndarray:
        """(n,) int32 within a categorical field; 0 is unknown (or hidden)."""
        ...

    def values(self, field: str) -> np.ndarray:
        """(n,) float32 of a numeric field, as in the data; NaN is missing."""
        ...

    def bags(self, field: str) -> tuple[np.ndarray, np.ndarray]:
        """A multi-valued field: CSR pointer (n + 1,) int64 and codes int32, 0 is unknown."""
        ...


class Context(NamedTuple):
    """What a fit may use besides its data: a seed in [0, 2^63) (for a library of 32 bits take `seed % 2**32`), threads, a
    device ("cpu"), a folder for scratch files, and the files that the model asked for (`Model.files`), name to path."""

    seed: int
    threads: int
    device: str
    scratch: Path
    files: Mapping[str, Path] = {}


class History(NamedTuple):
    """A training by epochs that stops early."""

    epochs: int
    best_epoch: int  # whose parameters are kept, counted from 1
    valid_logloss: tuple[float, ...]  # on validation users' query, after each epoch
    rows: int  # trained on, epochs counted


class FitNotes:
    """What a fitted model or selector tells of itself. `fit` sets what there is to tell; it goes into the record."""

    history: History | None = None
    chosen: Mapping[str, Any] = {}  # settings that were chosen on validation users, as JSON
    details: Mapping[str, Any] = {}  # anything else worth keeping, as JSON
    software: Mapping[str, str] = {}  # what computed, beside torch and numpy: name to version
    trained_users: int | None = None  # of a training by users, epochs counted
