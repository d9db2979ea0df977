"""A history as a page, and its figures as files."""

from __future__ import annotations

from pathlib import Path

from bench.history.charts import place_charts
from bench.history.model import History
from bench.history.places import by_place, place_name
from bench.history.sections import break_lines, cached_lines, change_lines, last, lead, series_grid
from bench.report.draw.folder import folder_of, write_charts
from bench.report.page.page import Part, Section, page
from bench.report.words.blocks import Block, Lines
from bench.report.words.figures import counted

__all__ = ["to_html", "write_figures"]


def to_html(found: History) -> str:
    """One file."""
    sections = []
    for place, series in by_place(found).items():
        blocks: list[Block] = [series_grid(found, series)]
        for lines in (
            change_lines(found, series),
            break_lines(found, series),
            cached_lines(series),
        ):
            if told := tuple(lines):
                blocks.append(Lines(told))
        charts = list(place_charts(found, series))
        name = place_name(found, place)
        part = Part("lines", "What changed, and when?", charts, blocks)
        sections.append(Section(name, name, [part]))
    notes = list(last(found))
    after = [Part("looked", "How were changes looked for?", (), notes)] if notes else []
    return page(
        f"History of {counted(len(found.runs), 'run')}", list(lead(found)), sections, after=after
    )


def write_figures(found: History, folder: Path) -> list[Path]:
    """As files, in a folder for each suite, dataset and protocol. Raises StorageError."""
    placed = (
        (folder_of(*place), chart)
        for place, series in by_place(found).items()
        for chart in place_charts(found, series)
    )
    return write_charts(placed, folder)
