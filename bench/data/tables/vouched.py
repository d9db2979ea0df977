"""Delimited text by Arrow's reader, as long as that must agree with the strict one (`delimited`); else NotVouchedError, and
the strict reader reads the file, or says what is wrong with it and where.

Arrow takes a block of whole lines at a time. What it would let pass is looked for beforehand: text after a closing quote, line
breaks in a field, an empty line, a carriage return alone, NUL, a byte-order mark, a field longer than the strict reader takes.
What it refuses itself, lines of more or fewer fields, is read again too."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import csv

from bench.data.tables.delimited import DelimitedText
from bench.errors import DataError

__all__ = ["NotVouchedError", "vouched_chunks"]

BLOCK = 2**23  # characters
_PIECE = 2**20  # bytes
_LINE = 2**16  # bytes; lines of twice as many have no field that the strict reader finds too long
_STAND_IN = "\x1f"  # for a separator that Arrow does not take
_MARK = "\ufeff"  # Arrow would drop it where a block begins
_TRUST = (pa.ArrowException, UnicodeError, DataError)


class NotVouchedError(Exception):
    """Arrow's reader and the strict one might differ on this file."""


def vouched_chunks(
    file: BinaryIO,
    codec: str,
    text: DelimitedText,
    columns: Sequence[str],
    wanted: Sequence[int],
    *,
    has_header: bool,
) -> Iterator[list[pa.Array]]:
    """The cells of those of the `columns` whose places are `wanted`, as text, many lines at a time. A line is a row. Raises
    NotVouchedError, maybe after the first chunks, which are right."""
    try:
        blocks = _blocks(_decoded(file, codec))
        if has_header:
            blocks = _without_header(blocks, text, list(columns))
        for block in filter(None, blocks):
            yield _parsed(block, text, len(columns), wanted)
    except _TRUST as error:
        raise NotVouchedError from error


def _decoded(file: BinaryIO, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)()
    while piece := file.read(_PIECE):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _blocks(pieces: Iterable[str]) -> Iterator[str]:
    """Whole lines. The empty ones that may end a file are left out."""
    held, length = [""], 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= BLOCK:
            lines = "".join(held)
            # the last line that is not empty stays, and what follows it
            end = lines.rfind("\n", 0, len(lines.rstrip("\r\n"))) + 1
            if not end:
                raise NotVouchedError
            yield lines[:end]
            held, length = [lines[end:]], len(lines) - end
    if last := "".join(held).rstrip("\r\n"):
        yield last + "\n"


def _without_header(
    blocks: Iterator[str], text: DelimitedText, columns: list[str]
) -> Iterator[str]:
    header, _, rest = next(blocks, "").partition("\n")
    if list(text.records([header + "\n"])) != [columns]:
        raise NotVouchedError
    yield rest
    yield from blocks


def _parsed(block: str, text: DelimitedText, width: int, wanted: Sequence[int]) -> list[pa.Array]:
    block, sep, quote = _plain_separator(block, text)
    content = block.encode()
    characters = np.frombuffer(content, np.uint8)
    line_ends = characters == ord("\n")
    _refuse_doubtful_lines(content, line_ends)
    if quote:
        _refuse_doubtful_quotes(characters, ord(sep), ord(quote))
    names = [str(place) for place in range(width)]
    chosen = [names[place] for place in wanted]
    table = csv.read_csv(
        pa.BufferReader(content),
        csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=names),
        csv.ParseOptions(delimiter=sep, quote_char=quote or False, ignore_empty_lines=False),
        csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(chosen, pa.large_string()),
            strings_can_be_null=False,
            include_columns=chosen,
        ),
    )
    if len(table) != np.count_nonzero(line_ends):  # a line break within quotes
        raise NotVouchedError
    return [column.combine_chunks() for column in table.columns]


def _plain_separator(block: str, text: DelimitedText) -> tuple[str, str, str]:
    """The block with a separator that Arrow takes, that separator, and the character that quotes fields in it, if any does."""
    sep, quote = text.sep, text.quote
    quoted = quote != "" and quote in block
    if text.escape and text.escape in block:
        raise NotVouchedError
    if quoted and len(sep) > 1:  # the strict reader takes quotes for plain ones within a field
        quoted = False
        if block.startswith(quote) or f"\n{quote}" in block or sep + quote in block:
            raise NotVouchedError
    if len(sep) > 1 or not sep.isascii():
        if quoted or _STAND_IN in block:
            raise NotVouchedError
        block, sep = block.replace(sep, _STAND_IN), _STAND_IN
    if quoted and not quote.isascii():
        raise NotVouchedError
    return block, sep, quote if quoted else ""


def _refuse_doubtful_lines(content: bytes, line_ends: np.ndarray) -> None:
    if b"\0" in content or content.startswith(_MARK.encode()):
        raise NotVouchedError
    if b"\r" in content and (
        content.count(b"\r") != content.count(b"\r\n")
        or b"\n\r" in content
        or content[0] == ord("\r")
    ):
        raise NotVouchedError
    # of the cells of an empty line Arrow makes empty ones
    if line_ends[0] or (line_ends[1:] & line_ends[:-1]).any():
        raise NotVouchedError
    stops = range(_LINE, len(content), _LINE)
    if any(content.rfind(b"\n", stop - _LINE, stop) < 0 for stop in stops):
        raise NotVouchedError


def _refuse_doubtful_quotes(characters: np.ndarray, sep: int, quote: int) -> None:
    """Quotes open a field, close it, or are doubled within it."""
    at = np.flatnonzero(characters == quote)
    opening, closing = at[::2], at[1::2]
    if len(at) % 2:
        raise NotVouchedError
    before = np.where(opening > 0, characters[opening - 1], ord("\n"))
    after = characters[closing + 1]  # a block ends with a line's end
    opens = (before == sep) | (before == ord("\n")) | (before == quote)
    closes = (after == sep) | (after == ord("\n")) | (after == ord("\r")) | (after == quote)
    if not (opens.all() and closes.all()):
        raise NotVouchedError
