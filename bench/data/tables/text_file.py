"""A file of delimited text and how it reads: its header, and its cells by the fast reader as far as that goes, then by the
strict one."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from bench.data.tables.delimited import DelimitedText
from bench.data.tables.lines import OpenedText, opened_text
from bench.data.tables.packed import UNPACK_RATIO
from bench.data.tables.vouched import NotVouchedError, vouched_chunks
from bench.errors import DataError

__all__ = ["TextFile"]


@dataclass(frozen=True)
class TextFile:
    """Settings as `read_delimited` has them."""

    path: Path
    names: Sequence[str] = ()
    sep: str = ","
    quote: str = '"'
    multiline: bool = False
    escape: str = ""
    encoding: str = "utf-8"
    unpack_ratio: int = UNPACK_RATIO
    # where each record starts, the header too; filled by the strict reader if multiline
    starts: array[int] = field(default_factory=lambda: array("q"))

    def header(self) -> list[str]:
        """DataError where there is none."""
        text = self._text()
        with self._opened() as opened, opened.lines() as lines:
            records = text.records(lines)
            if header := list(self.names) or next(records, []):
                return header
            if any(records):
                raise text.refuse(
                    1, "is empty where the names of the columns belong; remove the line"
                )
        raise DataError("is empty", file=text.file)

    def chunks(self, header: Sequence[str], columns: Sequence[str]) -> Iterator[list[pa.Array]]:
        """The cells of some columns as text, "" where empty, many rows at a time. DataError for the first wrong line."""
        wanted = [header.index(name) for name in columns]
        read = 0
        with suppress(NotVouchedError):
            for chunk in self._vouched(header, wanted):
                yield chunk
                read += len(chunk[0])
            return
        for chunk in self._strict(len(header), wanted):
            new = [cells[read:] for cells in chunk]
            read -= min(read, len(chunk[0]))
            if len(new[0]):
                yield new

    def lines(self, rows: int) -> Sequence[int]:
        """Where the rows that were read start, from 1."""
        header = 0 if self.names else 1
        if self.starts:
            return self.starts[header : header + rows]
        return range(1 + header, 1 + header + rows)

    def _opened(self) -> AbstractContextManager[OpenedText]:
        return opened_text(self.path, self.encoding, self.unpack_ratio)

    def _text(self) -> DelimitedText:
        return DelimitedText(
            self.path.name, self.sep, self.quote, multiline=self.multiline, escape=self.escape
        )

    def _vouched(self, header: Sequence[str], wanted: Sequence[int]) -> Iterator[list[pa.Array]]:
        with self._opened() as opened:
            yield from vouched_chunks(
                *opened, self._text(), header, wanted, has_header=not self.names
            )

    def _strict(self, width: int, wanted: Sequence[int]) -> Iterator[list[pa.Array]]:
        text = self._text()
        first = 1 if self.names else 2
        with self._opened() as opened, opened.lines() as lines:
            records = text.records(lines)
            if not self.names:
                next(records)
            for rows in text.chunks(records, width, first):
                yield [
                    pa.array([row[place] for row in rows], pa.large_string()) for place in wanted
                ]
        self.starts[:] = text.starts
