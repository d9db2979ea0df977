"""Every figure as files, for a paper: FOLDER/DATASET+PROTOCOL/CHART.svg, .pdf and .png; what is over all data sets of a run
stands in FOLDER."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.records import Run
from bench.records.atomic import replace
from bench.report.charts.model import Chart
from bench.report.charts.of_run import run_charts
from bench.report.charts.of_section import section_charts
from bench.report.content.model import Report
from bench.report.content.single_users import with_single_users
from bench.report.draw.files import FORMATS, as_file

__all__ = ["folder_of", "write_charts", "write_figures"]

_MOST = 60  # letters of a folder's name
_PLAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_DIGITS = 16  # of a digest


def write_figures(report: Report, run: Run, folder: Path) -> list[Path]:
    """Those of a run, as `write_charts` does."""
    return write_charts(_charts(with_single_users(report, run)), folder)


def write_charts(placed: Iterable[tuple[str, Chart]], folder: Path) -> list[Path]:
    """The files, of charts that have something to draw, each in a place below `folder`; those that are there are replaced.
    Raises StorageError."""
    written = []
    for place, chart in placed:
        for kind in () if chart.nothing else FORMATS:
            path = folder / place / f"{chart.name}.{kind}"
            replace(path, as_file(chart, kind), "choose another folder")
            written.append(path)
    return written


def _charts(report: Report) -> Iterator[tuple[str, Chart]]:
    for chart in run_charts(report):
        yield "", chart
    for section in report.sections:
        for _, chart in section_charts(section):
            yield folder_of(section.dataset, section.protocol), chart


def folder_of(*names: str) -> str:
    """`DATASET+PROTOCOL`, a name that every file system takes and no other names have, where case is ignored too: a plain one
    holds no capitals and no `+`, and where one is not plain a digest of all stands behind them, after `++`."""
    joined = "+".join(names)
    if len(joined) <= _MOST and all(map(_PLAIN.fullmatch, names)):
        return joined
    seen = re.sub(r"[^A-Za-z0-9_.+-]+", "-", joined).strip(".-+")[:_MOST]
    return f"{seen}++{hashlib.sha256(repr(names).encode()).hexdigest()[:_DIGITS]}"
