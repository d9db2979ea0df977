"""Runs side by side as a page, and its figures as files."""

from __future__ import annotations

from pathlib import Path

from bench.report import Heading
from bench.report.draw.folder import folder_of, write_charts
from bench.report.page.page import Part, Section, page
from bench.several.charts import place_charts
from bench.several.model import Place, Several
from bench.several.readable import left_out_notes
from bench.several.sections import differing_blocks, legend, place_blocks, place_name, verdicts

__all__ = ["to_html", "write_figures"]


def to_html(several: Several) -> str:
    """One file; what differs stands first."""
    title = f"{len(several.runs)} runs side by side"
    sections = [_section(several, place) for place in several.places]
    lead = (
        Heading(1, title),
        legend(several),
        *left_out_notes(several.left_out),
        *differing_blocks(several),
        verdicts(several),
    )
    return page(title, lead, sections)


def _section(several: Several, place: Place) -> Section:
    charts = list(place_charts(several, place))
    part = Part(
        "figures", "Which figures, at what cost?", charts, list(place_blocks(several, place))
    )
    warning = f"Not all runs are comparable here: {place.apart}." if place.apart else ""
    return Section(place_name(place), place_name(place), [part], warning)


def write_figures(several: Several, folder: Path) -> list[Path]:
    """As files, in a folder for each dataset and protocol. Raises StorageError."""
    placed = (
        (folder_of(place.dataset, place.protocol), chart)
        for place in several.places
        for chart in place_charts(several, place)
    )
    return write_charts(placed, folder)
