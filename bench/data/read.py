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

_CHUNK = 8192  # lines held as Python text at a time


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
    return _frame(
        path.name, {name: table.column(name) for name in columns}, pd.RangeIndex(1, len(table) + 1, name="row")
    )


class _Text:
    """How lines of one file become cells."""

    def __init__(self, file: str, sep: str, quote: str) -> None:
        self.file, self.sep, self.quote = file, sep, quote

    def refuse(self, line: int, what: str) -> DataError:
        return DataError(f"{self.file}:{line}: {what}")

    def records(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of each line; [] for an empty one."""
        if self.quote and len(self.sep) == 1:
            return self._quoted(lines)
        lines = self._without_quotes(lines) if self.quote else lines
        return (line.split(self.sep) if (line := raw.rstrip("\r\n")) else [] for raw in lines)

    def _without_quotes(self, lines: Iterable[str]) -> Iterator[str]:
        opening = self.sep + self.quote
        for number, line in enumerate(lines, start=1):
            if self.quote in line and (opening in line or line.startswith(self.quote)):
                raise self.refuse(number, f"a quoted field; with the separator {self.sep!r} quotes are not understood")
            yield line

    def _quoted(self, lines: Iterable[str]) -> Iterator[list[str]]:
        reader = csv.reader(iter(lines), delimiter=self.sep, quotechar=self.quote, strict=True)
        line = 0  # of the last row: rows and lines are one to one as long as no field spans lines
        try:
            for line, cells in enumerate(reader, start=1):
                if reader.line_num > line:
                    raise self.refuse(line, _OPEN_QUOTE)
                yield cells
        except csv.Error as error:
            if reader.line_num > line + 1 or "end of data" in str(error):
                raise self.refuse(line + 1, _OPEN_QUOTE) from error
            raise self.refuse(line + 1, f"{error}; within a quoted field write each quote twice") from error

    def chunks(self, records: Iterator[list[str]], width: int, first: int) -> Iterator[list[list[str]]]:
        """Records of `width` fields, many at a time; their lines are numbered from `first`."""
        while rows := list(islice(records, _CHUNK)):
            if set(map(len, rows)) != {width}:
                rows = self._checked(rows, records, width, first)
            yield rows
            first += len(rows)

    def _checked(self, rows: list[list[str]], later: Iterator[list[str]], width: int, first: int) -> list[list[str]]:
        """The rows less the empty lines that end the file; DataError for the first wrong one."""
        while rows and not rows[-1]:
            rows.pop()
        for line, cells in enumerate(rows, start=first):
            if len(cells) != width:
                raise self.refuse(line, self._wrong_width(cells, width) if cells else _EMPTY_LINE)
        if any(later):
            raise self.refuse(first + len(rows), _EMPTY_LINE)
        return rows

    def _wrong_width(self, cells: list[str], width: int) -> str:
        trailing = " (the last is empty: a separator too many at the end?)" if cells[-1] == "" else ""
        found = f"{len(cells)} fields{trailing} where {width} are expected"
        return f"{found}; mend the line, quote a field that holds {self.sep!r}, or check `sep` and `columns`"


_EMPTY_LINE = "an empty line within the data; remove it"
_OPEN_QUOTE = (
    "a quote opens a field here and does not close on this line; close it, or write a quote in text as a doubled one"
)


def _read(text: _Text, lines: Iterable[str], columns: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    records = text.records(lines)
    header = list(names) or next(records, [])
    if not header:
        raise DataError(f"{text.file}: is empty")
    first = 1 if names else 2
    _check_names(text.file, header, columns)
    positions = [header.index(name) for name in columns]
    chunks: list[list[pa.Array]] = [[] for _ in columns]
    for rows in text.chunks(records, len(header), first):
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
    frame = pd.DataFrame({name: pd.arrays.ArrowExtensionArray(values) for name, values in columns.items()}, index=index)
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
