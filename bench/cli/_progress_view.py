"""A run as it is now, on as many lines as there is room for: below `bench run`'s bar, and in `bench status`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from bench.cli._output import printable
from bench.cli._plan_words import duration, many, time_left
from bench.cli._units import size
from bench.job.progress import Progress
from bench.records.status_file import RunNow, StepNow

__all__ = ["cut", "failed_in_words", "left_in_words", "one_line", "running_lines", "shortened"]

_LEAST_NAME = 8  # cells, however narrow the terminal
_GAP, _HEAD = "  ", "running"


class _Column(NamedTuple):
    """`keeps`: the last to give way in a narrow terminal have the highest."""

    head: str
    keeps: int
    cells: Sequence[str]

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.head, *self.cells)))


def running_lines(now: RunNow, width: int, most: int) -> list[str]:
    """A line a running step below one that says what is what, at most so many lines, none wider. The longest running first."""
    if not now.running or most < 2:
        return []
    shown = list(now.running)
    if len(shown) > most - 1:
        shown = shown[: most - 2]  # the last line counts the others
    more = len(now.running) - len(shown)
    lines = _table(shown, width) if shown else []
    return lines + ([cut(f"and {more} more", width)] if more else [])


def left_in_words(now: RunNow) -> str:
    """`about 3 min left and 2 steps never timed`, or nothing."""
    left = now.left
    if left is None or now.ended >= now.steps:
        return ""
    return time_left(left.seconds, rough=left.rough, unknown=left.unknown)


def failed_in_words(now: RunNow) -> str:
    """`2 steps failed; last: TITLE: REASON`, or nothing. One line, however many the reason has."""
    if not now.failed:
        return ""
    last = now.last_failures[-1:]
    said = "".join(f"; last: {one.title}: {one.reason}" for one in last)
    return one_line(f"{many(now.failed, 'step')} failed{said}")


def cut(text: str, width: int) -> str:
    """On so many cells: what is too long loses its end."""
    if cell_len(text) <= width:
        return text
    kept = text[: max(0, width)]
    while kept and cell_len(kept) >= width:
        kept = kept[:-1]
    return f"{kept}…" if width > 0 else ""


def shortened(title: str, width: int) -> str:
    """The title of a step on so many cells: what is too long loses its dataset and protocol, which other lines have too, then
    its middle, so that the model and the seed stay."""
    if cell_len(title) <= width:
        return title
    rest = title.partition(" ")[2] or title
    if cell_len(rest) < width:
        return f"…{rest}"
    end = rest[-width:]
    while end and cell_len(end) > width // 2:
        end = end[1:]
    return cut(f"…{rest}", width - cell_len(end)) + end


def _table(steps: Sequence[StepNow], width: int) -> list[str]:
    """A line that says what is what, then one a step."""
    names = [one_line(step.title) for step in steps]
    longest = max(len(_HEAD), *(len(_GAP) + cell_len(name) for name in names))
    columns = _fitting(_columns(steps), width - min(_room_wanted(width), longest))
    figures = sum(cell_len(_GAP) + column.width for column in columns)
    room = max(_LEAST_NAME, min(longest, width - figures))
    lines = [_padded(_HEAD, room) + "".join(_right(one, one.head) for one in columns)]
    for number, (name, step) in enumerate(zip(names, steps, strict=True)):
        indented = _GAP + shortened(name, room - len(_GAP))
        lines.append(_padded(indented, room) + _figures(columns, number, step))
    return [cut(line.rstrip(), width) for line in lines]


def _columns(steps: Sequence[StepNow]) -> list[_Column]:
    told = [Progress.read(step.said) for step in steps]
    return [
        _Column("epoch", 3, ["" if one is None else _epoch(one) for one in told]),
        _Column(
            "valid loss", 2, ["" if one is None else f"{one.valid_logloss:.4f}" for one in told]
        ),
        _Column("rows/s", 0, ["" if one is None else _rate(one.rows_per_s) for one in told]),
        _Column("memory", 1, [_memory(step.memory_bytes) for step in steps]),
        _Column("time", 4, [duration(step.seconds) for step in steps]),
    ]


def _fitting(columns: list[_Column], room: int) -> list[_Column]:
    """As many as have room, those that keep longest."""
    kept = sorted(columns, key=lambda column: -column.keeps)
    while kept and sum(len(_GAP) + column.width for column in kept) > room:
        kept.pop()
    return [column for column in columns if column in kept]


def _figures(columns: Sequence[_Column], number: int, step: StepNow) -> str:
    """Of a step; what it says in words of its own stands where others have their epoch and what follows."""
    cells = [_right(column, column.cells[number]) for column in columns]
    if not step.said or Progress.read(step.said) is not None or len(cells) < 2:
        return "".join(cells)
    own = sum(column.head not in ("memory", "time") for column in columns)
    room = cell_len("".join(cells[:own]))
    return _padded(_GAP + cut(one_line(step.said), room - len(_GAP)), room) + "".join(cells[own:])


def _room_wanted(width: int) -> int:
    """For names: a third of the line, before figures are left out."""
    return max(_LEAST_NAME, width // 3)


def _epoch(told: Progress) -> str:
    """`12/100`; of other loops than a model's own with what they are: `gating 12/100`."""
    what = told.what.removesuffix("epoch").rstrip(" -")
    return f"{what} {told.epoch}/{told.epochs}".lstrip()


def _rate(rows_per_s: float | None) -> str:
    if rows_per_s is None:
        return ""
    if rows_per_s >= 1e6:
        return f"{rows_per_s / 1e6:,.1f}M"
    return f"{rows_per_s / 1e3:,.0f}k" if rows_per_s >= 1e4 else f"{rows_per_s:,.0f}"


def _memory(count: int | None) -> str:
    return "" if count is None else size(count)


def _right(column: _Column, text: str) -> str:
    return _GAP + " " * (column.width - cell_len(text)) + text


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def one_line(text: str) -> str:
    """Safe to show, on one line."""
    return " ".join(printable(text).split())
