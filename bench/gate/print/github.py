"""A gate's result as GitHub's workflow commands: annotations that a pull request shows."""

from __future__ import annotations

from collections.abc import Iterator

from bench.gate.model import Cell, GateResult
from bench.gate.print.blocks import summary
from bench.gate.print.figures import change, margin
from bench.report import short

__all__ = ["annotation_lines", "error_annotation"]

_MOST = 10  # of one level; GitHub shows ten a step
_LEVELS = {"regressed": "error", "incomplete": "error", "inconclusive": "warning"}


def annotation_lines(result: GateResult) -> Iterator[str]:
    """A line each: `::error title=...::...`. Whatever a name holds, it begins no other command."""
    for level in ("error", "warning"):
        cells = [cell for cell in result.cells if _LEVELS.get(cell.verdict) == level]
        yield from (
            _command(level, f"bench gate: {cell.verdict}", _told(cell)) for cell in cells[:_MOST]
        )
    if not result.cells:
        yield _command("error", "bench gate: incomplete", summary(result))


def error_annotation(message: str) -> str:
    """Of runs that can't be compared."""
    return _command("error", "bench gate", short(message, 1000))


def _told(cell: Cell) -> str:
    what = f"{short(cell.name, 200)}: {short(cell.reason, 300)}"
    return (
        what if cell.change is None else f"{what} (worse by {change(cell)}, margin {margin(cell)})"
    )


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={_in_property(title)}::{_in_message(message)}"


def _in_message(text: str) -> str:
    """A runner reads a command where a line begins with it: a message has one line. `::` inside is text already; the word
    joiner between keeps it so where a log is read by older rules."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace("::", ":\u2060:").replace("##[", "#\u2060#[")


def _in_property(text: str) -> str:
    return _in_message(text).replace(":", "%3A").replace(",", "%2C")
