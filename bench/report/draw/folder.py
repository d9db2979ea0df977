"""Every figure of a run as files, for a paper: FOLDER/DATASET-PROTOCOL/CHART.svg, .pdf and .png; what is over all data sets
stands in FOLDER."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from bench.records import Run, write_beside
from bench.report.charts.model import Chart
from bench.report.charts.of_run import run_charts
from bench.report.charts.of_section import section_charts
from bench.report.content.model import Report
from bench.report.content.single_users import with_single_users
from bench.report.draw.files import FORMATS, as_file

__all__ = ["folder_of", "write_figures"]

_MOST = 60  # letters of a folder's name


def write_figures(report: Report, run: Run, folder: Path) -> list[Path]:
    """The files, of charts that have something to draw; those that are there are replaced. Raises StorageError."""
    written = []
    for place, chart in _charts(with_single_users(report, run)):
        for kind in FORMATS:
            path = folder / place / f"{chart.name}.{kind}"
            write_beside(path, as_file(chart, kind))
            written.append(path)
    return written


def _charts(report: Report) -> Iterator[tuple[str, Chart]]:
    for chart in run_charts(report):
        if not chart.nothing:
            yield "", chart
    for section in report.sections:
        for _, chart in section_charts(section):
            if not chart.nothing:
                yield folder_of(section.dataset, section.protocol), chart


def folder_of(dataset: str, protocol: str) -> str:
    """A name that every file system takes, and no two sections share: a digest stands behind one that was changed."""
    name = f"{dataset}-{protocol}"
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:_MOST]
    if plain == name and "/" not in name:
        return plain
    return f"{plain}-{hashlib.sha256(repr((dataset, protocol)).encode()).hexdigest()[:8]}".lstrip(
        "-"
    )
