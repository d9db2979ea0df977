"""JSON lines: one object a line, its cells as text, as the file writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, NoReturn

import pyarrow as pa

from bench.data.tables.marks import HALF
from bench.data.tables.numbers import NUMBER
from bench.data.tables.raw import shown
from bench.errors import DataError

__all__ = ["JsonColumns", "read_lines"]

_CHUNK = 8192  # lines held as Python objects at a time


class JsonColumns(NamedTuple):
    header: list[str]  # keys of any line, as they appear
    cells: dict[str, list[pa.Array]]  # of the columns asked for, in chunks
    rows: int


class _Number(str):
    """A number as it is written, so that no digit is lost; told from text."""

    __slots__ = ()


def read_lines(file: str, lines: Iterable[str], columns: Sequence[str]) -> JsonColumns:
    """Cells of some keys: text verbatim, numbers as written, true and false as words, "" where a key is null or absent.
    DataError, with the line, for what is no object, a key twice, a list or object as a cell, numbers of which one is text."""
    keys: dict[str, None] = {}
    cells: dict[str, list[pa.Array]] = {name: [] for name in columns}
    kinds: dict[str, type[str]] = {}
    count = 0
    objects = _objects(file, lines)
    while rows := list(islice(objects, _CHUNK)):
        for row in rows:
            keys.update(dict.fromkeys(row))
        for name, chunks in cells.items():
            chunks.append(_texts(file, name, [row.get(name) for row in rows], count + 1, kinds))
        count += len(rows)
    return JsonColumns(list(keys), cells, count)


def _objects(file: str, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    empty = 0  # the first of the empty lines that may end the file
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            empty = empty or number
            continue
        if empty:
            raise DataError("an empty line within the data; remove it", file=file, line=empty)
        yield _object(file, number, line)


def _object(file: str, number: int, line: str) -> dict[str, Any]:
    def refuse(what: str) -> NoReturn:
        raise DataError(what, file=file, line=number)

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for key in found if sum(key == other for other, _ in pairs) > 1)
            refuse(f"the key {shown(twice)} is there twice; rename one")
        return found

    try:
        value = json.loads(
            line,
            object_pairs_hook=distinct,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=lambda word: refuse(
                f"{word} is no JSON; write null where it is missing"
            ),
        )
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        refuse(f"is no line of JSON ({reason}); write one object a line")
    if not isinstance(value, dict):
        refuse("is no object; write one object {...} a line, not an array of them")
    return value


def _reads_as_a_number(value: str) -> bool:
    return isinstance(value, _Number) or re.fullmatch(NUMBER, value.strip()) is not None


def _texts(
    file: str, name: str, values: list[Any], first: int, kinds: dict[str, type[str]]
) -> pa.Array:
    for place, value in enumerate(values):
        if type(value) is str or type(value) is _Number:
            if not _reads_as_a_number(value):
                continue  # a word beside numbers is told from each of them
            if kinds.setdefault(name, type(value)) is not type(value):
                raise DataError(
                    f"{file}:{first + place}: column {name!r} holds numbers, and numbers as text ({shown(value)}); write all "
                    'as text, or all as numbers: 1 and "1" may be one id or two'
                )
        elif isinstance(value, bool):
            values[place] = "true" if value else "false"
        elif value is not None:
            raise DataError(
                f"{file}:{first + place}: column {name!r} holds {'a list' if isinstance(value, list) else 'an object'}; write "
                'it as text, a list as "a|b"'
            )
    texts = ["" if value is None else value for value in values]
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError as error:
        place = next(place for place, text in enumerate(texts) if HALF.search(text))
        raise DataError(
            f"column {name!r} holds half a character alone ({shown(texts[place])}); write both halves, or remove it",
            file=file,
            line=first + place,
        ) from error
