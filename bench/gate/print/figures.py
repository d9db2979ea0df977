"""Figures of a cell as text: quality in the metric's own unit, changes of throughput and memory in percent."""

from __future__ import annotations

from bench.gate.model import Cell

__all__ = ["ABSENT", "change", "figure", "interval", "margin"]

ABSENT = "–"
_MEGABYTE = 1e6


def figure(cell: Cell, value: float | None) -> str:
    """`.7312`; bytes as `312.4 MB`."""
    if value is None:
        return ABSENT
    if cell.aspect == "quality":
        return _plain(f"{value:.4f}")
    if cell.measure.endswith("_bytes"):
        return f"{value / _MEGABYTE:,.1f} MB"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.4g}"


def change(cell: Cell) -> str:
    """Above 0 is worse: `+.0123`, `+4.1 %`."""
    return ABSENT if cell.change is None else _change(cell, cell.change)


def interval(cell: Cell) -> str:
    """`[+.0051, +.0195]`."""
    if cell.low is None or cell.high is None or cell.low == cell.high:
        return ABSENT
    return f"[{_change(cell, cell.low)}, {_change(cell, cell.high)}]"


def margin(cell: Cell) -> str:
    """Without a sign."""
    if cell.margin is None:
        return ABSENT
    return _change(cell, cell.margin).lstrip("+")


def _change(cell: Cell, value: float) -> str:
    if cell.aspect != "quality":
        return f"{100 * value:+.1f} %"
    if value == 0:
        return "0"
    shown = f"{value:+.4f}"
    return _plain(shown) if float(shown) else f"{value:+.0e}"


def _plain(text: str) -> str:
    """Without the 0 in front of the point, as in every table here."""
    return text.replace("0.", ".", 1) if text.lstrip("+-").startswith("0.") else text
