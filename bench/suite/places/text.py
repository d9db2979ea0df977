"""A file's bytes as text that is safe to parse, and values as they are quoted in messages."""

from __future__ import annotations

import re
from typing import Any

from bench.errors import SuiteError

__all__ = ["checked_text", "quoted"]

MAX_BYTES = 1_000_000
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAB_INDENT = re.compile(r"^[ ]*\t[ \t]*(?=[^\s#])", re.MULTILINE)
_LONGEST = 60


def checked_text(content: bytes, file: str) -> str:
    """The text of a UTF-8 file; SuiteError for one that is too big or holds what no suite needs."""
    if len(content) > MAX_BYTES:
        raise _at(file, "", f"more than {MAX_BYTES:,} bytes; a suite is a page of text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        byte = content[error.start]
        raise _at(
            file, before, f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"
        ) from error
    if found := _FORBIDDEN.search(text):
        raise _at(
            file, text[: found.start()], f"control character U+{ord(found[0]):04X}; remove it"
        )
    if found := _TAB_INDENT.search(text):
        before = text[: found.start() + found[0].index("\t")]
        raise _at(file, before, "a tab in the indentation; indent with spaces")
    return text


def quoted(value: Any) -> str:
    """A value as messages show it: text in quotes with invisible characters escaped, JSON's words for the rest; cut where
    it is long."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    shown = (
        {None: "null", True: "true", False: "false"}.get(value)
        if value is None or isinstance(value, bool)
        else None
    )
    shown = shown or repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 4]}...{shown[-1]}"


def _at(file: str, before: str, message: str) -> SuiteError:
    """An error behind `before`."""
    lines = re.split(r"\r\n|[\r\n]", before)
    return SuiteError(message, file=file, line=len(lines), column=len(lines[-1]) + 1)
