"""Delimited text, strict: one line is one row unless fields may span lines, and the line of whatever is wrong is known."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from bench.data.tables.marks import HALF
from bench.errors import DataError

__all__ = ["DelimitedText"]

_CHUNK = 8192  # lines held as Python text at a time


class DelimitedText:
    """How lines of one file become cells."""

    def __init__(
        self, file: str, sep: str, quote: str, *, multiline: bool = False, escape: str = ""
    ) -> None:
        self.file, self.sep, self.quote = file, sep, quote
        self.multiline, self.escape = multiline, escape
        self._dialect: dict[str, Any] = {
            "delimiter": sep,
            "quotechar": quote,
            "escapechar": escape or None,
            "strict": True,
        }
        self.starts = array(
            "q"
        )  # of each record, the header too: its first line; filled if multiline

    def refuse(self, line: int, what: str) -> DataError:
        return DataError(what, file=self.file, line=line)

    def records(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of each line; [] for an empty one."""
        lines = self._text_alone(lines)
        if self.quote and len(self.sep) == 1:
            return self._spanning(lines) if self.multiline else self._quoted(lines)
        lines = self._without_quotes(lines) if self.quote else lines
        return (line.split(self.sep) if (line := raw.rstrip("\r\n")) else [] for raw in lines)

    def _text_alone(self, lines: Iterable[str]) -> Iterator[str]:
        for number, line in enumerate(lines, start=1):
            if "\0" in line:
                raise self.refuse(
                    number,
                    "a NUL character; is the file damaged, or its `encoding` another (utf-16)?",
                )
            if not line.isascii() and (half := HALF.search(line)):
                raise self.refuse(number, f"half a character alone ({half[0]!r}); remove it")
            yield line

    def _without_quotes(self, lines: Iterable[str]) -> Iterator[str]:
        opening = self.sep + self.quote
        for number, line in enumerate(lines, start=1):
            if self.quote in line and (opening in line or line.startswith(self.quote)):
                raise self.refuse(
                    number,
                    f"a quoted field; with the separator {self.sep!r} quotes are not understood; set "
                    '`quote: ""` where they are plain characters',
                )
            yield line

    def _quoted(self, lines: Iterable[str]) -> Iterator[list[str]]:
        reader = csv.reader(iter(lines), **self._dialect)
        line = 0  # of the last row: rows and lines are one to one as long as no field spans lines
        try:
            for line, cells in enumerate(reader, start=1):
                if reader.line_num > line:
                    raise self.refuse(line, _OPEN_QUOTE)
                yield cells
        except csv.Error as error:
            if reader.line_num > line + 1 or "end of data" in str(error):
                raise self.refuse(line + 1, _OPEN_QUOTE) from error
            raise self._wrong(line + 1, error) from error

    def _spanning(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """As `_quoted`, where a quoted field may hold line breaks."""
        reader = csv.reader(iter(lines), **self._dialect)
        start = 1
        try:
            for cells in reader:
                self.starts.append(start)
                start = reader.line_num + 1
                yield cells
        except csv.Error as error:
            if "end of data" in str(error):
                raise self.refuse(start, _NEVER_CLOSED) from error
            raise self._wrong(start, error) from error

    def _wrong(self, line: int, error: csv.Error) -> DataError:
        if "field larger" in str(error):
            return self.refuse(
                line, f"{error} of characters; shorten it, or look for a quote left open"
            )
        return self.refuse(line, f"{error}; {_CLOSED_EARLY}")

    def _line(self, number: int) -> int:
        """Where a record starts; they are numbered from 1, the header too."""
        return self.starts[number - 1] if self.starts else number

    def chunks(
        self, records: Iterator[list[str]], width: int, first: int
    ) -> Iterator[list[list[str]]]:
        """Records of `width` fields, many at a time; the first is record number `first`."""
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
        for number, cells in enumerate(rows, start=first):
            if cells and len(cells) != width:
                rest = chain(rows[number - first + 1 :], later)
                also = self._also(rest, width, number + 1)
                raise self.refuse(self._line(number), self._wrong_width(cells, width, also))
            if not cells:
                raise self.refuse(self._line(number), _EMPTY_LINE)
        if any(later):
            raise self.refuse(self._line(first + len(rows)), _EMPTY_LINE)
        return rows

    def _also(self, rest: Iterable[list[str]], width: int, first: int) -> str:
        """Where else there are too many or too few fields: a few lines, so that all are mended at once."""
        found = []
        # of another kind: told once those of this kind are mended
        with suppress(DataError, UnicodeError, OSError):
            for number, cells in enumerate(rest, start=first):
                if cells and len(cells) != width:
                    found.append(self._line(number))
                if len(found) > _ALSO:
                    break
        if not found:
            return ""
        *named, last = [*map(str, found[:_ALSO]), *["more"] * (len(found) > _ALSO)]
        lines = " and ".join(filter(None, [", ".join(named), last]))
        return f" (too many or too few in line{'s' * (len(found) > 1)} {lines} as well)"

    def _wrong_width(self, cells: list[str], width: int, also: str) -> str:
        trailing = (
            " (the last is empty: a separator too many at the end?)" if cells[-1] == "" else ""
        )
        found = f"{len(cells)} fields{trailing} where {width} are expected{also}"
        return f"{found}; mend the line, quote a field that holds {self.sep!r}, or check `sep` and `columns`"


_ALSO = 3  # further lines that an error names
_EMPTY_LINE = "an empty line within the data; remove it"
_OPEN_QUOTE = (
    "a quote opens a field here and does not close on this line; set `multiline: true` where a quoted field holds line breaks"
    ', or `quote: ""` where quotes are plain characters; else close it, or write a quote in text as a doubled one'
)
_NEVER_CLOSED = (
    "a quote opens a field in the row that starts here and is never closed; close it, or write a quote in text as a doubled "
    'one; set `quote: ""` where quotes are plain characters'
)
_CLOSED_EARLY = (
    'within a quoted field write each quote twice; set `escape: "\\\\"` where a backslash stands before it, or `quote: ""` '
    "where quotes are plain characters"
)
