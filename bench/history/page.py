"""A history as a page, and its figures as files."""

from __future__ import annotations

from pathlib import Path

from bench.history.charts import place_charts
from bench.history.model import History
from bench.history.sections import (
    break_lines,
    by_place,
    change_lines,
    lead,
    place_name,
    series_grid,
)
from bench.report.draw.folder import folder_of, write_charts
from bench.report.page.page import Part, Section, page
from bench.report.words.blocks import Block, Lines

__all__ = ["to_html", "write_figures"]


def to_html(found: History) -> str:
    """One file."""
    sections = []
    for place, series in by_place(found).items():
        blocks: list[Block] = [series_grid(found, series)]
        for lines in (change_lines(found, series), break_lines(found, series)):
            if told := tuple(lines):
                blocks.append(Lines(told))
        charts = list(place_charts(found, series))
        name = place_name(found, place)
        part = Part("lines", "What changed, and when?", charts, blocks)
        sections.append(Section(name, name, [part]))
    return page(f"History of {len(found.runs)} runs", list(lead(found)), sections)


def write_figures(found: History, folder: Path) -> list[Path]:
    """As files, in a folder for each suite, dataset and protocol. Raises StorageError."""
    placed = (
        (folder_of(*place), chart)
        for place, series in by_place(found).items()
        for chart in place_charts(found, series)
    )
    return write_charts(placed, folder)
