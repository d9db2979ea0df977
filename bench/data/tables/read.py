"""Readers for dataset plugins: delimited text and Parquet, strict. A file is read as it is or refused, never guessed at."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.tables.delimited import DelimitedText
from bench.data.tables.json_lines import read_lines
from bench.data.tables.marks import codec_of, undecodable
from bench.data.tables.packed import UNPACK_RATIO, inner_name, opened
from bench.data.tables.raw import missing_column, plain_name
from bench.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FileKind", "kind_of", "read_delimited", "read_json_lines", "read_parquet"]

FileKind = Literal["parquet", "json", "text"]
_KINDS: dict[str, FileKind] = {
    ".parquet": "parquet", ".pq": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json",
}  # fmt: skip


def kind_of(path: Path) -> FileKind:
    """By the end of its name, .gz apart; of a zip archive by that of the file in it. DataError where it holds several."""
    try:
        name = Path(inner_name(path))
    except OSError as error:
        raise DataError(error.strerror or str(error), file=str(path)) from error
    kind = _KINDS.get(name.suffix.lower(), "text")
    if kind == "parquet" and name.name != path.name:
        raise DataError("is a Parquet file packed once more; unpack it", file=path.name)
    return kind


def read_delimited(
    path: Path,
    columns: Sequence[str],
    *,
    sep: str = ",",
    names: Sequence[str] = (),
    encoding: str = "utf-8",
    quote: str = '"',
    multiline: bool = False,
    escape: str = "",
    unpack_ratio: int = UNPACK_RATIO,
    optional: Sequence[str] = (),
) -> pd.DataFrame:
    """Some columns of a text file, every cell as text ("" is missing), the index the line where a row starts ("line", from 1).

    One line is one row: a quoted field (RFC 4180) ends on its line, so that a stray quote can't swallow rows, unless
    `multiline`. `names` are the columns of a file without a header; `optional` columns are read where they are there. With
    a separator of several characters, or `quote` "", quotes are plain characters. `escape`: a character before a quote that
    is none. A gzip file, or a zip archive of one file, is read as what is in it, up to `unpack_ratio` times its size.
    DataError: undecodable bytes, NUL, too few or too many fields, an open quote, double or missing columns."""
    text = DelimitedText(path.name, sep, quote, multiline=multiline, escape=escape)
    with _lines(path, encoding, unpack_ratio) as lines:
        return _read(text, lines, columns, optional, names)


def read_json_lines(
    path: Path,
    columns: Sequence[str],
    *,
    encoding: str = "utf-8",
    unpack_ratio: int = UNPACK_RATIO,
    optional: Sequence[str] = (),
) -> pd.DataFrame:
    """Some keys of a file of one JSON object a line, every cell as text as it is written ("" where it is null or absent), the
    index its lines. Packed files as in `read_delimited`. DataError: a line that is no object, a list or object as a cell."""
    with _lines(path, encoding, unpack_ratio, is_json=True) as lines:
        found = read_lines(path.name, lines, [*columns, *optional])
    if not found.rows:
        raise DataError("is empty", file=path.name)
    wanted = _wanted(path.name, found.header, columns, optional)
    cells = {name: pa.chunked_array(found.cells[name], pa.large_string()) for name in wanted}
    return _frame(path.name, found.header, cells, "line", range(1, found.rows + 1))


@contextmanager
def _lines(path: Path, encoding: str, ratio: int, is_json: bool = False) -> Iterator[Iterable[str]]:
    try:
        with opened(path, ratio) as file:
            head = file.read(8)
        codec = (
            encoding if is_json and head.startswith(b'{"') else codec_of(path.name, head, encoding)
        )
        with opened(path, ratio) as file, io.TextIOWrapper(file, codec, newline="") as lines:
            yield lines
    except UnicodeError as error:
        with opened(path, ratio) as file:
            raise undecodable(path.name, file, encoding) from error
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
    return _frame(path.name, header, cells, "row", range(1, len(table) + 1))


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
    starts = text.starts[first - 1 :] if text.multiline else range(first, first + count)
    return _frame(text.file, header, table, "line", starts[:count])


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
    places: Sequence[int],
) -> pd.DataFrame:
    import pandas as pd  # here, since steps on prepared data do without

    index = pd.Index(places if isinstance(places, range) else np.asarray(places), name=unit)
    frame = pd.DataFrame(
        {name: pd.arrays.ArrowExtensionArray(values) for name, values in columns.items()},
        index=index,
    )
    frame.attrs["file"] = file
    frame.attrs["columns"] = list(header)
    return frame
