"""Files that are read a part at a time: what a dataset may hand over in a frame's place, and what frames are read from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.tables.header import wanted_columns
from bench.data.tables.json_lines import read_lines
from bench.data.tables.lines import opened_text
from bench.data.tables.packed import UNPACK_RATIO
from bench.data.tables.text_file import TextFile
from bench.errors import DataError
from bench.interfaces import Scan

__all__ = ["number_rows", "scan_delimited", "scan_json_lines", "scan_parquet"]

_ROWS = 2**18  # of a batch of a Parquet file


def scan_delimited(
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
) -> Scan:
    """`read_delimited`, a part at a time. DataError: at once for the columns, for the rows where they are read."""
    text = TextFile(path, names, sep, quote, multiline, escape, encoding, unpack_ratio)
    header = text.header()
    return _TextScan(text, header, wanted_columns(path.name, header, columns, optional))


def scan_parquet(path: Path, columns: Sequence[str], *, optional: Sequence[str] = ()) -> Scan:
    """`read_parquet`, a part at a time."""
    with _whole_parquet(path):
        file = pq.ParquetFile(path, pre_buffer=False)  # else all that was read stays in memory
    header = file.schema_arrow.names
    return _ParquetScan(path, file, header, wanted_columns(path.name, header, columns, optional))


def scan_json_lines(
    path: Path,
    columns: Sequence[str],
    *,
    encoding: str = "utf-8",
    unpack_ratio: int = UNPACK_RATIO,
    optional: Sequence[str] = (),
) -> Scan:
    """`read_json_lines`. It is read at once: any line may have a key that no line before had."""
    with (
        opened_text(path, encoding, unpack_ratio, is_json=True) as opened,
        opened.lines() as lines,
    ):
        found = read_lines(path.name, lines, [*columns, *optional])
    if not found.rows:
        raise DataError("is empty", file=path.name)
    wanted = wanted_columns(path.name, found.header, columns, optional)
    cells = {name: pa.chunked_array(found.cells[name], pa.large_string()) for name in wanted}
    return _JsonScan(path.name, found.header, pa.table(cells))


def number_rows(scan: Scan, name: str) -> Scan:
    """With a column of each row's place among the rows, from 1."""
    return _Numbered(scan, name)


class _TextScan(Scan):
    unit = "line"

    def __init__(self, text: TextFile, header: Sequence[str], columns: Sequence[str]) -> None:
        self.file, self.header, self.columns = text.path.name, header, columns
        self._text = text

    def batches(self) -> Iterator[pa.RecordBatch]:
        for chunk in self._text.chunks(self.header, self.columns):
            yield pa.record_batch(chunk, list(self.columns))

    def places(self, rows: int) -> Sequence[int]:
        return self._text.lines(rows)


class _ParquetScan(Scan):
    def __init__(
        self, path: Path, opened: pq.ParquetFile, header: Sequence[str], columns: Sequence[str]
    ) -> None:
        self.file, self.header, self.columns = path.name, header, columns
        self._path, self._opened = path, opened

    def batches(self) -> Iterator[pa.RecordBatch]:
        with _whole_parquet(self._path):
            if not self._opened.metadata.num_rows:
                schema = self._opened.schema_arrow
                nothing = [pa.array([], schema.field(name).type) for name in self.columns]
                yield pa.record_batch(nothing, list(self.columns))
            yield from self._opened.iter_batches(_ROWS, columns=self.columns, use_threads=False)


class _JsonScan(Scan):
    unit = "line"

    def __init__(self, file: str, header: Sequence[str], cells: pa.Table) -> None:
        self.file, self.header, self.columns = file, header, cells.column_names
        self._cells = cells

    def batches(self) -> Iterator[pa.RecordBatch]:
        return iter(self._cells.to_batches())


class _Numbered(Scan):
    def __init__(self, scan: Scan, name: str) -> None:
        self.file, self.header, self.unit = scan.file, scan.header, scan.unit
        self.columns, self._scan = [*scan.columns, name], scan

    def batches(self) -> Iterator[pa.RecordBatch]:
        start = 1
        for batch in self._scan.batches():
            numbers = np.arange(start, start + len(batch))
            yield pa.record_batch([*batch.columns, pa.array(numbers)], list(self.columns))
            start += len(batch)

    def places(self, rows: int) -> Sequence[int]:
        return self._scan.places(rows)


@contextmanager
def _whole_parquet(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"is not a whole Parquet file ({reason}); fetch or write it again", file=str(path)
        ) from error
