"""The end of a step's log as people may read it: text, without what moves a terminal's cursor."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

__all__ = ["end_of_log"]

_READ, _SHOWN = 32_768, 4_000  # bytes, characters
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def end_of_log(file: Path) -> str:
    """Nothing where there is no log, or none that can be read."""
    with suppress(OSError), file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - _READ))
        return _readable(opened.read(_READ).decode("utf-8", "replace"))[-_SHOWN:]
    return ""


def _readable(text: str) -> str:
    lines = (_last_written(line) for line in _ESCAPES.sub("", text).split("\n"))
    return "\n".join(_CONTROLS.sub("", line).rstrip() for line in lines).strip("\n")


def _last_written(line: str) -> str:
    """Of a line that was written over, as bars of progress are."""
    return line.rstrip("\r").rpartition("\r")[2]
