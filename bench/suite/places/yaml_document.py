"""A YAML file as plain data with the place of every key and value. Strict: a subset of YAML 1.2 that reads one way.

No anchors, aliases, merge keys, tags, directives or duplicate keys; limits on size, depth and number of values, so that a
hostile file costs little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from bench.errors import SuiteError
from bench.suite.places.scalars import Scalar, plain_scalar
from bench.suite.places.text import checked_text, quoted

__all__ = ["MAX_VALUES", "Document", "KeyPath", "Place", "parse"]

MAX_DEPTH = 50
MAX_VALUES = 20_000

KeyPath = tuple[str | int, ...]
_NodeEvent = yaml.ScalarEvent | yaml.CollectionStartEvent
# libyaml's where PyYAML was built with it: ten times as fast
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Place(NamedTuple):
    """Lines and columns count from 1, as editors do. What comes from a command line has neither: `file` says which option."""

    file: str
    line: int = 0
    column: int = 0

    def error(self, message: str) -> SuiteError:
        """An error at this place."""
        return SuiteError(message, file=self.file, line=self.line, column=self.column)


@dataclass(frozen=True)
class Document:
    """`data` is dicts with text keys, lists and scalars. `values` and `keys` say where what a path leads to is written, and
    where its last key is (`file`, or one that it includes); `written` how an unquoted scalar was spelt."""

    file: str
    data: Any
    values: Mapping[KeyPath, Place]
    keys: Mapping[KeyPath, Place]
    written: Mapping[KeyPath, str]


def parse(content: bytes, file: str) -> Document:
    """Read a YAML file's bytes; SuiteError with file, line and column for whatever is not allowed."""
    text = checked_text(content, file)
    reader = _Reader(file)
    try:
        events = yaml.parse(text, Loader=_Loader)
        for event in events:
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        problem = " ".join(filter(None, [error.context, error.problem]))
        raise place.error(f"not YAML: {problem}; check indentation, brackets and quotes") from error
    except yaml.YAMLError as error:
        raise SuiteError(f"not YAML: {' '.join(str(error).split())}", file=file) from error
    return Document(file, reader.root, reader.values, reader.keys, reader.written)


@dataclass
class _Open:
    """A mapping or sequence that is being read."""

    path: KeyPath
    items: dict[str, Any] | list[Any]
    key: str | None = None  # of a mapping, once read and until its value is


@dataclass
class _Reader:
    """Builds data from events; the stack is explicit, so that depth is the file's and not Python's."""

    file: str
    root: Any = None
    values: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    written: dict[KeyPath, str] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        """Use the parser's next event."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._start_document(event)
        elif isinstance(event, yaml.AliasEvent):
            raise self._error(
                event, f"alias *{event.anchor}; write the value out, a suite has no aliases"
            )
        elif isinstance(event, _NodeEvent):
            self._take_node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self._error(
                event, "a second document; a suite is one, remove the '---' and what follows"
            )
        if event.version or event.tags:
            raise self._error(event, "a directive (%); remove it")

    def _take_node(self, event: _NodeEvent) -> None:
        if event.anchor is not None:
            raise self._error(event, f"anchor &{event.anchor}; remove it, a suite has no anchors")
        if event.tag is not None:
            raise self._error(event, f"tag {quoted(event.tag)}; remove it, a suite has no tags")
        parent = self.stack[-1] if self.stack else None
        if parent is not None and isinstance(parent.items, dict) and parent.key is None:
            parent.key = self._key(event, parent)
            return
        path = self._path(parent)
        self.values[path] = self._place(event)
        if len(self.values) > MAX_VALUES:
            raise self._error(event, f"more than {MAX_VALUES} values; split the suite")
        value = self._value(event, path)
        self._attach(parent, value)
        if isinstance(value, dict | list):
            self.stack.append(_Open(path, value))
            if len(self.stack) > MAX_DEPTH:
                raise self._error(event, f"nested deeper than {MAX_DEPTH} levels; flatten it")

    def _key(self, event: _NodeEvent, parent: _Open) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a list or mapping as a key; keys are text")
        if event.implicit[0] and event.value == "<<":
            raise self._error(event, "merge key '<<'; write the keys out, a suite has no merges")
        key = self._scalar(event)
        if not isinstance(key, str):
            kind = (
                "null" if key is None else "true or false" if isinstance(key, bool) else "a number"
            )
            raise self._error(
                event, f"the key {event.value} reads as {kind}; quote it: {quoted(event.value)}"
            )
        path = (*parent.path, key)
        if path in self.keys:
            raise self._error(
                event, f"key {quoted(key)} again, first in line {self.keys[path].line}; remove one"
            )
        self.keys[path] = self._place(event)
        return key

    def _value(self, event: _NodeEvent, path: KeyPath) -> Scalar | dict[str, Any] | list[Any]:
        if isinstance(event, yaml.MappingStartEvent):
            return {}
        if not isinstance(event, yaml.ScalarEvent):
            return []
        value = self._scalar(event)
        if event.implicit[0]:
            self.written[path] = event.value
        return value

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        if not event.implicit[0]:
            return str(event.value)
        try:
            return plain_scalar(event.value)
        except ValueError as error:
            raise self._error(event, str(error)) from error

    def _path(self, parent: _Open | None) -> KeyPath:
        if parent is None:
            return ()
        return (*parent.path, len(parent.items) if parent.key is None else parent.key)

    def _attach(self, parent: _Open | None, value: Any) -> None:
        if parent is None:
            self.root = value
        elif isinstance(parent.items, list):
            parent.items.append(value)
        elif parent.key is not None:
            parent.items[parent.key], parent.key = value, None

    def _error(self, event: yaml.Event, message: str) -> SuiteError:
        return self._place(event).error(message)

    def _place(self, event: yaml.Event) -> Place:
        assert event.start_mark is not None  # of an event that a parser made
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
