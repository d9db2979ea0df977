"""Readers for dataset plugins: delimited text and Parquet, strict. A file is read as it is or refused, never guessed at."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.raw import missing_column
from bench.errors import DataError

__all__ = ["read_delimited", "read_parquet"]

_CHUNK = 65536  # lines held as Python text at a time


def read_delimited(
    path: Path,
    columns: Sequence[str],
    *,
    sep: str = ",",
    names: Sequence[str] = (),
    encoding: str = "utf-8",
    quote: str = '"',
) -> pd.DataFrame:
    """Some columns of a text file, every cell as text ("" is missing), the index its lines ("line", from 1).

    One line is one row: a quoted field (RFC 4180) ends on its line, so that a stray quote can't swallow rows. `names` are
    the columns of a file without a header. With a separator of several characters, or `quote` "", quotes are plain
    characters. DataError: undecodable bytes, too few or too many fields, an open quote, double or missing columns."""
    try:
        with path.open(encoding=_without_mark(encoding), newline="") as file:
            return _read(_Text(path.name, sep, quote), file, columns, names)
    except UnicodeError as error:
        raise _undecodable(path, encoding) from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error


def read_parquet(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of a Parquet file as it types them (missing integers stay integers), the index its rows ("row", from 1)."""
    try:
        file = pq.ParquetFile(path)
        _check_names(path.name, file.schema_arrow.names, columns)
        table = file.read(columns=list(columns), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: is not a whole Parquet file ({reason}); fetch or write it again") from error
    return _frame(path.name, {name: table.column(name) for name in columns}, pd.RangeIndex(1, len(table) + 1, name="row"))


class _Text:
    """How lines of one file become cells."""

    def __init__(self, file: str, sep: str, quote: str) -> None:
        self.file, self.sep, self.quote = file, sep, quote

    def refuse(self, line: int, what: str) -> DataError:
        return DataError(f"{self.file}:{line}: {what}")

    def records(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of each line; [] for an empty one."""
        if not self.quote:
            return (line.split(self.sep) if (line := raw.rstrip("\r\n")) else [] for raw in lines)
        if len(self.sep) > 1:
            return self._unquoted(lines)
        return self._quoted(lines)

    def _unquoted(self, lines: Iterable[str]) -> Iterator[list[str]]:
        for number, raw in enumerate(lines, start=1):
            line = raw.rstrip("\r\n")
            if self.quote in line and (f"{self.sep}{self.quote}" in line or line.startswith(self.quote)):
                raise self.refuse(number, f"a quoted field; with the separator {self.sep!r} quotes are not understood")
            yield line.split(self.sep) if line else []

    def _quoted(self, lines: Iterable[str]) -> Iterator[list[str]]:
        reader = csv.reader(iter(lines), delimiter=self.sep, quotechar=self.quote, strict=True)
        line = 1
        try:
            for line, cells in enumerate(reader, start=1):  # noqa: B007
                if reader.line_num != line:
                    break
                yield cells
            else:
                return
        except csv.Error as error:
            at = min(line + 1, reader.line_num) if reader.line_num > line else line
            if reader.line_num == at and "expected after" in str(error):
                raise self.refuse(at, f"a closing quote inside of a field ({error}); double the quotes within it") from error
            raise self.refuse(at, _OPEN_QUOTE) from error
        raise self.refuse(line, _OPEN_QUOTE)

    def whole(self, records: Iterable[list[str]], width: int, first: int) -> Iterator[list[str]]:
        """Records checked to have `width` fields; lines are numbered from `first`. Empty lines may end the file only."""
        empty = 0
        for line, cells in enumerate(records, start=first):
            if not cells:
                empty = empty or line
                continue
            if empty:
                raise self.refuse(empty, f"an empty line within the data (0 of {width} fields); remove it")
            if len(cells) != width:
                raise self.refuse(line, self._wrong_width(cells, width))
            yield cells

    def _wrong_width(self, cells: list[str], width: int) -> str:
        trailing = " (the last is empty: a separator too many at the end?)" if cells[-1] == "" else ""
        found = f"{len(cells)} fields{trailing} where {width} are expected"
        return f"{found}; mend the line, quote a field that holds {self.sep!r}, or check `sep` and `columns`"


_OPEN_QUOTE = 'a quote opens a field here and does not end on this line; close it, or write it as """" if it is text'


def _read(text: _Text, lines: Iterable[str], columns: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    records = text.records(lines)
    header = list(names) or next(records, [])
    if not header:
        raise DataError(f"{text.file}: is empty")
    first = 1 if names else 2
    _check_names(text.file, header, columns)
    positions = [header.index(name) for name in columns]
    chunks: list[list[pa.Array]] = [[] for _ in columns]
    whole = text.whole(records, len(header), first)
    while rows := list(islice(whole, _CHUNK)):
        for chunk, position in zip(chunks, positions, strict=True):
            chunk.append(pa.array([row[position] for row in rows], pa.large_string()))
    table = {name: pa.chunked_array(chunk, pa.large_string()) for name, chunk in zip(columns, chunks, strict=True)}
    count = sum(map(len, chunks[0]))
    return _frame(text.file, table, pd.RangeIndex(first, first + count, name="line"))


def _check_names(file: str, names: Sequence[str], columns: Sequence[str]) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            places = f"positions {names.index(name) + 1} and {position + 1}"
            raise DataError(f"{file}: two columns are named {name!r}, at {places}; rename one")
    for column in columns:
        if column not in names:
            sep = "; is `sep` right?" if len(names) == 1 else ""
            raise DataError(f"{file}: {missing_column(column, names)}{sep}")


def _frame(file: str, columns: dict[str, pa.ChunkedArray], index: pd.RangeIndex) -> pd.DataFrame:
    series = {name: pd.array(values, dtype=pd.ArrowDtype(values.type)) for name, values in columns.items()}
    frame = pd.DataFrame(series, index=index)
    frame.attrs["file"] = file
    return frame


def _without_mark(encoding: str) -> str:
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def _undecodable(path: Path, encoding: str) -> DataError:
    content = path.read_bytes()
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start} (0x{content[error.start]:02x}) is not {encoding}"
        return DataError(f"{path.name}:{line}: {what}; set `encoding`, e.g. latin-1")
    return DataError(f"{path.name}: is not {encoding}; set `encoding`")
