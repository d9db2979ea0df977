"""Delimited text, strict: one line is one row, and the line of whatever is wrong is known."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice

from bench.errors import DataError

__all__ = ["DelimitedText"]

_CHUNK = 8192  # lines held as Python text at a time


class DelimitedText:
    """How lines of one file become cells."""

    def __init__(self, file: str, sep: str, quote: str) -> None:
        self.file, self.sep, self.quote = file, sep, quote

    def refuse(self, line: int, what: str) -> DataError:
        return DataError(what, file=self.file, line=line)

    def records(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of each line; [] for an empty one."""
        lines = self._without_nul(lines)
        if self.quote and len(self.sep) == 1:
            return self._quoted(lines)
        lines = self._without_quotes(lines) if self.quote else lines
        return (line.split(self.sep) if (line := raw.rstrip("\r\n")) else [] for raw in lines)

    def _without_nul(self, lines: Iterable[str]) -> Iterator[str]:
        for number, line in enumerate(lines, start=1):
            if "\0" in line:
                raise self.refuse(
                    number,
                    "a NUL character; is the file damaged, or its `encoding` another (utf-16)?",
                )
            yield line

    def _without_quotes(self, lines: Iterable[str]) -> Iterator[str]:
        opening = self.sep + self.quote
        for number, line in enumerate(lines, start=1):
            if self.quote in line and (opening in line or line.startswith(self.quote)):
                raise self.refuse(
                    number,
                    f"a quoted field; with the separator {self.sep!r} quotes are not understood",
                )
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
            if "field larger" in str(error):
                raise self.refuse(
                    line + 1, f"{error} of characters; shorten it, or look for a quote left open"
                ) from error
            raise self.refuse(
                line + 1, f"{error}; within a quoted field write each quote twice"
            ) from error

    def chunks(
        self, records: Iterator[list[str]], width: int, first: int
    ) -> Iterator[list[list[str]]]:
        """Records of `width` fields, many at a time; their lines are numbered from `first`."""
        while rows := list(islice(records, _CHUNK)):
            if set(map(len, rows)) != {width}:
                rows = self._checked(rows, records, width, first)
            yield rows
            first += len(rows)

    def _checked(
        self, rows: list[list[str]], later: Iterator[list[str]], width: int, first: int
    ) -> list[list[str]]:
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
        trailing = (
            " (the last is empty: a separator too many at the end?)" if cells[-1] == "" else ""
        )
        found = f"{len(cells)} fields{trailing} where {width} are expected"
        return f"{found}; mend the line, quote a field that holds {self.sep!r}, or check `sep` and `columns`"


_EMPTY_LINE = "an empty line within the data; remove it"
_OPEN_QUOTE = "a quote opens a field here and does not close on this line; close it, or write a quote in text as a doubled one"
