"""Files that are read a part at a time: what a dataset may hand over in a frame's place, and what frames are read from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.tables.header import wanted_columns
from bench.data.tables.packed import UNPACK_RATIO
from bench.data.tables.text_file import TextFile
from bench.errors import DataError
from bench.interfaces import Scan

__all__ = ["scan_delimited", "scan_parquet"]

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
        file = pq.ParquetFile(path)
    header = file.schema_arrow.names
    return _ParquetScan(path, file, header, wanted_columns(path.name, header, columns, optional))


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


@contextmanager
def _whole_parquet(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"is not a whole Parquet file ({reason}); fetch or write it again", file=str(path)
        ) from error
