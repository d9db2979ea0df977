"""Datasets: where files come from and how they are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bench.interfaces.plugin import Plugin
from bench.interfaces.rows import Field

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

__all__ = ["Column", "Dataset", "Scan", "Source", "Tables"]


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
    # of a categorical field that is no id: its values are hashed into so many; 0: each is an entry of its own
    buckets: int = 0


class Scan(ABC):
    """A table that is read a part at a time, once, so that memory does not grow with its rows. What it raises of the data is
    DataError."""

    file: str  # as errors call it
    header: Sequence[str]  # all columns that the file has
    columns: Sequence[str]  # those that a batch has, in this order
    unit: Literal["line", "row"] = "row"  # what `places` count

    @abstractmethod
    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows in their order. All batches have the same types of columns."""

    def places(self, rows: int) -> Sequence[int]:
        """Where the rows that were read are in the file: lines or rows, from 1."""
        return range(1, rows + 1)


class Tables(NamedTuple):
    """Raw tables, cells as text or as Parquet typed them. Item and user features stay one row an item or user, joined by
    the columns of role item and user. `columns` covers those of all three; the label is raw (see `label`)."""

    interactions: pd.DataFrame | Scan
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
