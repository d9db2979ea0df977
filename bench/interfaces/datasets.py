"""Datasets: where files come from and how they are read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bench.interfaces.plugin import Plugin
from bench.interfaces.rows import Field

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["Column", "Dataset", "Source", "Tables"]


class Source(NamedTuple):
    """One place that can serve a dataset; the harness tries them in order. An empty `url` means below --data-dir, where
    `name` is the sub-folder ("" = the data folder itself) and `members` are the files; `sha256` is of the download."""

    name: str
    url: str
    sha256: str
    members: tuple[str, ...]


class Column(NamedTuple):
    """A column's role. `field` is given where it is a feature (the user's and the item's id may be features too)."""

    role: Literal["user", "item", "label", "order", "feature"]
    field: Field | None = None
    separator: str = ""  # of a multi-valued field


class Tables(NamedTuple):
    """Raw tables, cells as text or as Parquet typed them. Item and user features stay one row an item or user, joined by
    the columns of role item and user. `columns` covers those of all three; the label is raw (see `label`)."""

    interactions: pd.DataFrame
    columns: Mapping[str, Column]
    users: pd.DataFrame | None = None
    items: pd.DataFrame | None = None
    label: str = ""  # `COLUMN` (0 and 1) or `COLUMN OP NUMBER`
    # `COLUMN OP NUMBER`, `COLUMN is missing` or `COLUMN is 'TEXT'`, several with `or` between them; such rows are left out and
    # counted
    drop: str = ""
    min_rows_per_user: int = 1  # users with fewer are left out and counted
    split_users: str = (
        ""  # column of the interactions that holds each row's user's role: train, valid or test
    )
    split_part: str = ""  # column that holds each row's part: support or query
    true_logit: str = (
        ""  # of generated data: column of each row's true logit; no model is handed it
    )
    truth: Mapping[str, Any] = {}  # of generated data: how it was made, as JSON; kept in the record


class Dataset(Plugin):
    """Where a dataset's files come from and how they are read."""

    @abstractmethod
    def sources(self) -> Sequence[Source]:
        """Places in the order to try."""

    @classmethod
    def field_names(cls, params: Mapping[str, Any]) -> Sequence[str] | None:  # noqa: ARG003
        """The fields, where the parameters (as JSON) say them all; None: they are known once the data are read."""
        return None

    @abstractmethod
    def read(self, source: str, files: Mapping[str, Path]) -> Tables:
        """`files`: member to path, all there and checked."""
