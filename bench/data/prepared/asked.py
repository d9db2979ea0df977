"""A dataset plugin, asked: what it raises, or hands back that is none of its contract, is named with the dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from bench.errors import BenchError, PluginError
from bench.interfaces import Column, Dataset, Field, Scan, Source, Tables
from bench.interruption import by_the_user

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ask_sources", "ask_tables"]

T = TypeVar("T")
_ROLES = get_args(get_type_hints(Column)["role"])
_CHOICES = {name: get_args(get_type_hints(Field)[name]) for name in ("kind", "side")}
_FRAMES, _MAY_LACK = ("interactions", "users", "items"), ("users", "items")
_SCAN = ("file", "header", "columns")
_TEXTS = ("label", "drop", "split_users", "split_part", "true_logit")


def ask_sources(dataset: Dataset) -> tuple[Source, ...]:
    """Raises PluginError."""
    found = _asked(dataset, "sources", dataset.sources)
    if isinstance(found, Source) or not isinstance(found, list | tuple):
        raise _refused(dataset, f"sources gave {_kind(found)}; give a tuple of Sources")
    for source in found:
        if not isinstance(source, Source):
            raise _refused(dataset, f"sources gave {_kind(source)} among its Sources")
        if isinstance(source.members, str):
            raise _refused(
                dataset, f"members of a Source are the text {source.members!r}; give a tuple"
            )
    return tuple(found)


def ask_tables(dataset: Dataset, source: str, files: Mapping[str, Path]) -> Tables:
    """Raises PluginError; and what `read` raises of the data, DataError."""
    found = _asked(dataset, "read", lambda: dataset.read(source, files))
    if not isinstance(found, Tables):
        raise _refused(dataset, f"read gave {_kind(found)}; give bench.interfaces.Tables")
    if wrong := _wrong_tables(found) or _wrong_columns(found.columns):
        raise _refused(dataset, f"read gave {wrong}")
    rows = found.interactions
    return found._replace(interactions=_Asked(dataset, rows)) if isinstance(rows, Scan) else found


class _Asked(Scan):
    """A plugin's scan; what goes wrong in it, or is none of its contract, is named with the dataset."""

    def __init__(self, dataset: Dataset, scan: Scan) -> None:
        self.file, self.header, self.columns = scan.file, scan.header, scan.columns
        self.unit, self._dataset, self._scan = scan.unit, dataset, scan

    def batches(self) -> Iterator[pa.RecordBatch]:
        batches = _asked(self._dataset, "batches", lambda: iter(self._scan.batches()))
        while (batch := _asked(self._dataset, "batches", lambda: next(batches, None))) is not None:
            if getattr(batch, "schema", None) is None or batch.schema.names != list(self.columns):
                given = getattr(batch, "schema", None)
                names = _kind(batch) if given is None else f"columns {given.names}"
                raise _refused(
                    self._dataset,
                    f"batches gave {names}; give record batches of {list(self.columns)}",
                )
            yield batch

    def places(self, rows: int) -> Sequence[int]:
        return _asked(self._dataset, "places", lambda: self._scan.places(rows))


def _asked(dataset: Dataset, name: str, method: Callable[[], T]) -> T:
    try:
        return method()
    except BenchError:
        raise
    except BaseException as error:  # a stranger's code may raise anything, or exit
        if by_the_user(error):
            raise
        raise _refused(dataset, f"{name} raised {type(error).__name__}: {error}") from error


def _wrong_tables(tables: Tables) -> str:
    import pandas as pd  # who finds data prepared needs none

    for name in _FRAMES:
        frame = getattr(tables, name)
        lacking = frame is None and name in _MAY_LACK
        scanned = isinstance(frame, Scan) and name not in _MAY_LACK
        if not (isinstance(frame, pd.DataFrame) or lacking or scanned):
            return f"{name} that are {_kind(frame)}; give a pandas DataFrame"
        if scanned and (lack := [each for each in _SCAN if not hasattr(frame, each)]):
            return f"a Scan without {', '.join(lack)}; set {', '.join(_SCAN)}"
    for name in _TEXTS:
        if not isinstance(getattr(tables, name), str):
            return f"{name} that is {_kind(getattr(tables, name))}; give text"
    return ""


def _wrong_columns(columns: Any) -> str:
    if not isinstance(columns, Mapping):
        return f"columns that are {_kind(columns)}; give a mapping of names to Columns"
    for name, column in columns.items():
        if not isinstance(column, Column):
            return f"{_kind(column)} for column {name!r}; give a bench.interfaces.Column"
        if column.role not in _ROLES:
            return f"the role {column.role!r} for column {name!r}; a role is {_or(_ROLES)}"
        if column.field is not None and not isinstance(column.field, Field):
            return (
                f"{_kind(column.field)} as field of column {name!r}; give a bench.interfaces.Field"
            )
        if not isinstance(column.buckets, int):
            return f"buckets that are {_kind(column.buckets)} for column {name!r}; give a number"
        for what, known in _CHOICES.items():
            value = known[0] if column.field is None else getattr(column.field, what)
            if value not in known:
                return f"a field of {what} {value!r} for column {name!r}; a {what} is {_or(known)}"
    return ""


def _or(known: tuple[str, ...]) -> str:
    return f"{', '.join(known[:-1])} or {known[-1]}"


def _kind(value: object) -> str:
    return type(value).__name__


def _refused(dataset: Dataset, what: str) -> PluginError:
    return PluginError(f"dataset {dataset.name!r}: {what}")
