"""Somebody else's scores as a base model: a file of predictions, joined to the rows by key and never by position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from bench.builtin._missing_scores import KeyColumns, ids_of, missing_scores
from bench.data.prepared.cache import file_digest
from bench.data.tables.kinds import is_text
from bench.data.tables.numbers import as_numbers, complete
from bench.data.tables.raw import RawTable, as_mask, counted
from bench.data.tables.read import kind_of, read_delimited, read_json_lines, read_parquet
from bench.data.tables.text import as_ids
from bench.data.tables.times import order_of
from bench.data.tables.words import Words
from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.errors import DataError
from bench.interfaces import Context, Model, PluginParams, Rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Predictions"]

_FIX = "give the model's own scores"
_TOO_SURE = "give the model's own score: where this one is wrong, its log loss is infinite"
_NO_PROBABILITY = (
    "a probability is from 0 to 1: divide percentages by 100, or name a column of logits as `logit`"
)


class Predictions(Model):
    """Scores of a file (CSV, JSON lines or Parquet), a row for each support and query row, joined by user, item and order.

    Nothing is learned and there are no folds: every slot reads the file. Rows that are missing, repeated with another
    score, or sure of themselves (a probability of 0 or 1) are refused with their counts; rows that no task has, and
    rows without a key, are left out and counted."""

    name = "predictions"
    learns = False

    class Params(PluginParams):
        path: str = Field(
            min_length=1,
            description="the file, below the suite's folder or the data folder: .parquet, .jsonl, else delimited text; text "
            "may be gzip, or alone in a zip archive",
        )
        user: str = Field("user_id", min_length=1, description="column of user ids")
        item: str = Field("item_id", min_length=1, description="column of item ids")
        order: str = Field(
            "",
            description="column of the dataset's order; needed where a user has an item more than once",
        )
        probability: str = Field("", description="column of probabilities between 0 and 1")
        logit: str = Field("", description="column of logits; either it or `probability`")
        sep: str = Field(
            ",", min_length=1, description="between the fields of a line of a text file"
        )
        encoding: str = Field("utf-8", description="of a text file, e.g. latin-1")

        @model_validator(mode="after")
        def _one_score(self) -> Predictions.Params:
            if bool(self.probability) == bool(self.logit):
                raise ValueError("name the column of scores: probability or logit, one of them")
            return self

    params: Params
    details: dict[str, Any]

    def files(self) -> Sequence[str]:
        return (self.params.path,)

    def fit(self, train: Rows, valid: Rows, context: Context) -> None:  # noqa: ARG002
        self._path = context.files[self.params.path]

    def predict(self, rows: Rows) -> np.ndarray:
        assert isinstance(rows, View), "the harness's own views know the ids behind their rows"
        everything = self._read()
        table, without_key = _with_key(everything, self.params)
        scores = _scores(table, self.params)
        matched = _matched(table, scores, self.params, rows, without_key)
        told = {
            "file": self.params.path,
            "sha256": file_digest(self._path),
            "rows": len(everything),
            "unused_rows": matched.unused + without_key,
        }
        if without_key:
            told["rows_without_key"] = without_key
        self.details = {"predictions": told}
        return matched.logits

    def _read(self) -> RawTable:
        params = self.params
        columns = [*_columns(params).named(), params.probability or params.logit]
        try:
            return RawTable(self._frame(columns), self._path.name)
        except DataError as error:
            raise _with_key_to_name(error, params) from error

    def _frame(self, columns: Sequence[str]) -> pd.DataFrame:
        params = self.params
        kind = kind_of(self._path)
        if kind == "parquet":
            return read_parquet(self._path, columns)
        if kind == "json":
            return read_json_lines(self._path, columns, encoding=params.encoding)
        return read_delimited(self._path, columns, sep=params.sep, encoding=params.encoding)


class _Matched(NamedTuple):
    logits: np.ndarray  # (n,) float64, of the rows asked for
    unused: int  # rows of the file that none of them is


def _with_key_to_name(error: DataError, params: Predictions.Params) -> DataError:
    """A file without a column of the key is told which setting names it: the dataset's own names are not looked up."""
    for setting in KeyColumns._fields:
        if str(error.faults[0].message).startswith(f"no column {getattr(params, setting)!r};"):
            said = f"{error.faults[0].message}; name it with `{setting}:` of the model"
            return DataError(said, file=error.faults[0].file)
    return error


def _columns(params: Predictions.Params) -> KeyColumns:
    return KeyColumns(params.user, params.item, params.order)


def _with_key(table: RawTable, params: Predictions.Params) -> tuple[RawTable, int]:
    """The rows whose key is whole, and how many others there are: an empty user, item or time is no row's of the dataset."""
    empty = np.zeros(len(table), dtype=bool)
    for column in _columns(params).named():
        values = table.column(column)
        empty |= as_mask(pc.is_null(values, nan_is_null=True))
        if is_text(values.type):
            empty |= as_mask(pc.equal(values, ""))
    return (table.where(~empty), int(empty.sum())) if empty.any() else (table, 0)


def _scores(table: RawTable, params: Predictions.Params) -> np.ndarray:
    """(rows of the file,) float64 logits, finite."""
    column = params.probability or params.logit
    values = complete(table, column, as_numbers(table, column, _FIX), _FIX).astype(np.float64)
    if params.logit:
        return np.asarray(values)
    for bad, what, fix in (
        ((values < 0) | (values > 1), "is no probability", _NO_PROBABILITY),
        ((values == 0) | (values == 1), "is exactly 0 or 1", _TOO_SURE),
    ):
        if (row := table.first(bad)) is not None:
            table.refuse(row, column, f"{values[row]:g} {what}{counted(bad)}; {fix}")
    return np.asarray(np.log(values) - np.log1p(-values))


def _matched(
    table: RawTable,
    scores: np.ndarray,
    params: Predictions.Params,
    rows: View,
    without_key: int,
) -> _Matched:
    theirs, ours = _keys(table, params, rows.interactions), _own_keys(params, rows)
    order = np.lexsort((scores, *theirs[::-1]))
    same = np.ones(len(order), dtype=bool)
    same[:1] = False
    for key in theirs:
        same[1:] &= key[order][1:] == key[order][:-1]
    # of ids that the dataset lacks one row can't be told from another
    known = (theirs[0] >= 0) & (theirs[1] >= 0)
    _refuse_contradictions(table, scores, order, same & known[order], params)
    first = order[~same]
    place = _find([key[first] for key in theirs], ours)
    missing = place < 0
    if missing.any():
        raise missing_scores(table, _columns(params), rows, missing, without_key)
    used = np.zeros(len(first), dtype=bool)
    used[place] = True
    return _Matched(scores[first][place], int(len(table) - len(first) + (~used).sum()))


def _keys(
    table: RawTable, params: Predictions.Params, interactions: Interactions
) -> list[np.ndarray]:
    """User, item and order of the file's rows; -1 for an id that the dataset does not have."""
    keys = [
        _numbered(as_ids(table, params.user), ids_of(interactions, "user")),
        _numbered(as_ids(table, params.item), ids_of(interactions, "item")),
    ]
    return [*keys, order_of(table, params.order)] if params.order else keys


def _own_keys(params: Predictions.Params, rows: View) -> list[np.ndarray]:
    interactions, index = rows.interactions, rows.index
    users, items = np.asarray(interactions.users[index]), np.asarray(interactions.items[index])
    keys = [users.astype(np.int64), items.astype(np.int64)]
    if params.order:
        if interactions.order is None:
            raise DataError(
                "`order` is named, and the dataset has none; drop it, or name one there"
            )
        return [*keys, np.asarray(interactions.order[index])]
    pairs = np.unique(np.stack(keys, axis=1), axis=0)
    if len(pairs) < len(index) and interactions.order is not None:
        raise DataError(
            f"{len(index) - len(pairs):,} rows repeat a user's item, so that user and item do "
            "not say which row a score is of; name the column of `order`"
        )
    return keys


def _numbered(ids: Words, known: pa.Array) -> np.ndarray:
    """(n,) int64: the dataset's number of each id."""
    of_word = pc.fill_null(pc.index_in(ids.words, value_set=known), -1).to_numpy()
    return np.asarray(of_word[ids.codes], dtype=np.int64)


def _refuse_contradictions(
    table: RawTable,
    scores: np.ndarray,
    order: np.ndarray,
    same: np.ndarray,
    params: Predictions.Params,
) -> None:
    """A key with two scores; the same row twice is read once."""
    differs = same[1:] & (scores[order][1:] != scores[order][:-1])
    if differs.any():
        at = int(np.flatnonzero(differs)[0])
        before, after = sorted((int(order[at]), int(order[at + 1])))
        key = ", ".join(_columns(params).named())
        raise table.error(
            after,
            f"another score for the {key} of {table.place(before)} ({differs.sum():,} such rows); "
            "a row has one score",
        )


def _find(theirs: list[np.ndarray], ours: list[np.ndarray]) -> np.ndarray:
    """(n,) position of each of our keys among theirs, which are distinct; -1 where it is missing."""
    both = [np.concatenate([one, other]) for one, other in zip(theirs, ours, strict=True)]
    order = np.lexsort(both[::-1])
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in both], axis=0)
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    place = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    place[group[: len(theirs[0])]] = np.arange(len(theirs[0]))
    return np.asarray(place[group[len(theirs[0]) :]])
