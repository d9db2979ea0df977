"""Readers for dataset plugins: delimited text and Parquet, strict. A file is read as it is or refused, never guessed at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.tables.delimited import DelimitedText
from bench.data.tables.marks import codec_of, undecodable
from bench.data.tables.raw import missing_column, plain_name
from bench.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_delimited", "read_parquet"]


def read_delimited(
    path: Path,
    columns: Sequence[str],
    *,
    sep: str = ",",
    names: Sequence[str] = (),
    encoding: str = "utf-8",
    quote: str = '"',
    optional: Sequence[str] = (),
) -> pd.DataFrame:
    """Some columns of a text file, every cell as text ("" is missing), the index its lines ("line", from 1).

    One line is one row: a quoted field (RFC 4180) ends on its line, so that a stray quote can't swallow rows. `names` are
    the columns of a file without a header; `optional` columns are read where they are there. With a separator of several
    characters, or `quote` "", quotes are plain characters. DataError: undecodable bytes, NUL, too few or too many fields,
    an open quote, double or missing columns."""
    try:
        with path.open(encoding=codec_of(path, encoding), newline="") as file:
            return _read(DelimitedText(path.name, sep, quote), file, columns, optional, names)
    except UnicodeError as error:
        raise undecodable(path, encoding) from error
    except OSError as error:
        raise DataError(error.strerror or str(error), file=str(path)) from error


def read_parquet(
    path: Path, columns: Sequence[str], *, optional: Sequence[str] = ()
) -> pd.DataFrame:
    """Some columns of a Parquet file as it types them (missing integers stay integers), the index its rows ("row", from 1)."""
    try:
        file = pq.ParquetFile(path)
        header = file.schema_arrow.names
        wanted = _wanted(path.name, header, columns, optional)
        table = file.read(columns=wanted, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"is not a whole Parquet file ({reason}); fetch or write it again", file=str(path)
        ) from error
    cells = {name: table.column(name) for name in wanted}
    return _frame(path.name, header, cells, "row", 1, len(table))


def _read(
    text: DelimitedText,
    lines: Iterable[str],
    columns: Sequence[str],
    optional: Sequence[str],
    names: Sequence[str],
) -> pd.DataFrame:
    records = text.records(lines)
    header = list(names) or next(records, [])
    if not header:
        if any(records):
            raise text.refuse(1, "is empty where the names of the columns belong; remove the line")
        raise DataError("is empty", file=text.file)
    first = 1 if names else 2
    wanted = _wanted(text.file, header, columns, optional)
    positions = [header.index(name) for name in wanted]
    chunks: list[list[pa.Array]] = [[] for _ in wanted]
    for rows in text.chunks(records, len(header), first):
        for chunk, position in zip(chunks, positions, strict=True):
            chunk.append(pa.array([row[position] for row in rows], pa.large_string()))
    table = {
        name: pa.chunked_array(chunk, pa.large_string())
        for name, chunk in zip(wanted, chunks, strict=True)
    }
    count = sum(map(len, chunks[0]))
    return _frame(text.file, header, table, "line", first, count)


def _wanted(
    file: str, names: Sequence[str], columns: Sequence[str], optional: Sequence[str]
) -> list[str]:
    """The columns to read, each of a name that no other has or looks like."""
    for position, name in enumerate(names):
        if name in names[:position]:
            places = f"positions {names.index(name) + 1} and {position + 1}"
            raise DataError(f"two columns are named {name!r}, at {places}; rename one", file=file)
    for column in columns:
        if column not in names:
            sep = "; is `sep` right?" if len(names) == 1 else ""
            raise DataError(f"{missing_column(column, names)}{sep}", file=file)
    wanted = [*columns, *(name for name in optional if name in names and name not in columns)]
    for column in wanted:
        _refuse_look_alike(file, names, column)
    return wanted


def _refuse_look_alike(file: str, names: Sequence[str], column: str) -> None:
    for position, name in enumerate(names, start=1):
        if name != column and plain_name(name) == plain_name(column):
            places = f"positions {names.index(column) + 1} and {position}"
            raise DataError(
                f"two columns are named {column!r} and {name!r}, at {places}: they differ only in case or by "
                "spaces; rename one",
                file=file,
            )


def _frame(
    file: str,
    header: Sequence[str],
    columns: dict[str, pa.ChunkedArray],
    unit: str,
    first: int,
    count: int,
) -> pd.DataFrame:
    import pandas as pd  # here, since steps on prepared data do without

    index = pd.RangeIndex(first, first + count, name=unit)
    frame = pd.DataFrame(
        {name: pd.arrays.ArrowExtensionArray(values) for name, values in columns.items()},
        index=index,
    )
    frame.attrs["file"] = file
    frame.attrs["columns"] = list(header)
    return frame
