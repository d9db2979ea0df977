"""Which charts a run has over all its data sets."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.charts.critical_difference import critical_difference
from bench.report.charts.model import Chart
from bench.report.content.model import Report

__all__ = ["run_charts"]


def run_charts(report: Report) -> Iterator[Chart]:
    """None of a run with one data set."""
    if report.ranks is not None:
        yield critical_difference(report.ranks)
