"""Readers for dataset plugins: delimited text and Parquet, strict. A file is read as it is or refused, never guessed at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bench.data.tables.frames import as_frame
from bench.data.tables.packed import UNPACK_RATIO, inner_name
from bench.data.tables.scan import scan_delimited, scan_json_lines, scan_parquet
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
    return as_frame(
        scan_delimited(
            path,
            columns,
            sep=sep,
            names=names,
            encoding=encoding,
            quote=quote,
            multiline=multiline,
            escape=escape,
            unpack_ratio=unpack_ratio,
            optional=optional,
        )
    )


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
    return as_frame(
        scan_json_lines(
            path, columns, encoding=encoding, unpack_ratio=unpack_ratio, optional=optional
        )
    )


def read_parquet(
    path: Path, columns: Sequence[str], *, optional: Sequence[str] = ()
) -> pd.DataFrame:
    """Some columns of a Parquet file as it types them (missing integers stay integers), the index its rows ("row", from 1)."""
    return as_frame(scan_parquet(path, columns, optional=optional))
