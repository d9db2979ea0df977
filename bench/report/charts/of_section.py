"""Which charts a section has, under which question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bench.report.charts.best_models import best_models
from bench.report.charts.by_group import by_group
from bench.report.charts.differences import differences
from bench.report.charts.model import Chart
from bench.report.charts.pareto import pareto
from bench.report.charts.protocol import protocol
from bench.report.charts.reliability import reliability
from bench.report.charts.seeds import seeds
from bench.report.charts.single_users import single_users
from bench.report.charts.training import training
from bench.report.charts.user_differences import user_differences
from bench.report.charts.users_by_group import users_by_group
from bench.report.content.model import Section
from bench.report.sections.document import Part

__all__ = ["part_charts", "section_charts"]

_CHARTS: Mapping[Part, tuple[Callable[[Section], Chart], ...]] = {
    "answer": (differences,),
    "cost": (pareto,),
    "for-whom": (user_differences, best_models, by_group, users_by_group, single_users),
    "trust": (seeds, training, reliability),
    "made": (protocol,),
}


def section_charts(section: Section) -> Iterator[tuple[Part, Chart]]:
    """In the order of a page; none where no trial has a result."""
    for part in _CHARTS:
        for chart in part_charts(section, part):
            yield part, chart


def part_charts(section: Section, part: Part) -> Iterator[Chart]:
    """Those under one question."""
    if section.ok:
        for chart in _CHARTS[part]:
            yield chart(section)
