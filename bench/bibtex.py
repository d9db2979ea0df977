"""BibTeX entries, taken apart as far as it takes to see that a paper's bibliography can be made of them."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["NEEDED", "Entry", "entries"]

NEEDED = ("author", "title", "year")
_START = re.compile(r"@\s*([A-Za-z]+)\s*\{\s*([^\s,{}=\"#%~\\()']+)\s*(?=[,}])")
_FIELD = re.compile(r",\s*([A-Za-z][A-Za-z_-]*)\s*=\s*")
_BARE = re.compile(r"[0-9]+")
_END = re.compile(r",?\s*\}")
# a bibliography is run by LaTeX, and a run's folder may be a stranger's
_ACTS = re.compile(
    r"\^\^|\\(input|include\w*|write\w*|openin|openout|read\w*|immediate|special|directlua|catcode|csname|[egx]?def|let|"
    r"futurelet|global|new\w+|renew\w+|provide\w+|usepackage|\w*input\w*|every\w+|output|shipout|end|begin)(?![A-Za-z])"
)
_NO_ENTRIES = ("comment", "preamble", "string")


class Entry(NamedTuple):
    """`text`: as it was written; `fields`: by lower-case name, without their outer braces or quotes."""

    key: str
    fields: dict[str, str]
    text: str

    def renamed(self, key: str) -> Entry:
        """The same under another key."""
        kind, brace, rest = self.text.partition("{")
        return self._replace(key=key, text=kind + brace + rest.replace(self.key, key, 1))


def entries(text: str) -> tuple[Entry, ...]:
    """The entries of a text, which holds nothing else but blanks: each with a key, an author, a title and a year.

    ValueError with what is wrong, for people."""
    _check_characters(text)
    found: list[Entry] = []
    at = _skip_blanks(text, 0)
    while at < len(text):
        entry, at = _entry(text, at)
        if entry.key.lower() in {one.key.lower() for one in found}:
            raise ValueError(f"{entry.key}: two entries have this key; give each its own")
        found.append(entry)
        at = _skip_blanks(text, at)
    if not found:
        raise ValueError("it holds no entry; write @article{key, author = {...}, ...}")
    return tuple(found)


def _check_characters(text: str) -> None:
    unseen = next((one for one in text if not one.isprintable() and one not in "\n\t"), None)
    if unseen is not None:
        raise ValueError(f"it holds {unseen!r}, which nobody sees; leave it out")
    if command := _ACTS.search(text):
        raise ValueError(
            f"it holds {command.group()!r}, which does more than to set text; leave it out"
        )


def _entry(text: str, at: int) -> tuple[Entry, int]:
    """The entry that starts there, and where it ends."""
    start = _START.match(text, at)
    if start is None:
        shown = text[at : at + 40].split("\n")[0]
        raise ValueError(f"no entry starts at {shown!r}; write @article{{key, author = ...}}")
    kind, key = start.group(1).lower(), start.group(2)
    if kind in _NO_ENTRIES:
        raise ValueError(f"@{kind} is no entry; leave it out")
    fields, end = {}, start.end()
    while field := _FIELD.match(text, end):
        name = field.group(1).lower()
        if name in fields:
            raise ValueError(f"{key}: {name} is there twice; leave one out")
        fields[name], end = _value(text, field.end(), f"{key}: {name}")
    close = _END.match(text, end)
    if close is None:
        raise ValueError(
            f"{key}: it does not end behind {text[:end][-30:]!r}; a comma, a }} or a value is missing"
        )
    for name in NEEDED:
        if not fields.get(name, "").strip():
            raise ValueError(f"{key}: it has no {name}; add {name} = {{...}}")
    return Entry(key, fields, text[at : close.end()]), close.end()


def _value(text: str, at: int, what: str) -> tuple[str, int]:
    """A number, or text in braces or quotes, and where it ends."""
    if bare := _BARE.match(text, at):
        return bare.group(), bare.end()
    opening = text[at : at + 1]
    if opening not in ("{", '"') or not opening:
        raise ValueError(f"{what} is neither a number nor in braces or quotes")
    depth = 0
    for place in range(at + 1, len(text)):
        character = text[place]
        if depth == 0 and character == ("}" if opening == "{" else '"'):
            return text[at + 1 : place], place + 1
        depth += (character == "{") - (character == "}")
        if depth < 0:
            break
    raise ValueError(f"{what} does not end: its braces are not in pairs")


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
