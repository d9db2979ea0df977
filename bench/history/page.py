"""A history as a page."""

from __future__ import annotations

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
from bench.report.page.page import Part, Section, page
from bench.report.words.blocks import Block, Lines

__all__ = ["to_html"]


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
