"""A run's page, in the order in which people ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from bench.report.charts.model import Chart
from bench.report.charts.of_section import section_charts
from bench.report.content import model
from bench.report.page.page import Part, Section, page
from bench.report.sections.document import PARTS, begun, section_blocks, section_name
from bench.report.sections.document import Part as PartName
from bench.report.sections.trouble import trouble
from bench.report.words.blocks import Block, Note

__all__ = ["to_html"]

_QUESTIONS: Mapping[PartName, str] = {
    "answer": "Which method, by how much, is it real?",
    "cost": "What does it cost?",
    "for-whom": "For whom?",
    "trust": "Can it be trusted?",
    "made": "How was it made?",
}


def to_html(report: model.Report) -> str:
    """One file: see `page`."""
    sections = [_section(report, section) for section in report.sections]
    return page(report.suite, (*begun(report), *trouble(report)), sections)


def _section(report: model.Report, section: model.Section) -> Section:
    blocks: dict[PartName, list[Block]] = defaultdict(list)
    charts: dict[PartName, list[Chart]] = defaultdict(list)
    for part, block in section_blocks(report, section):
        blocks[part].append(block)
    for part, chart in section_charts(section):
        charts[part].append(chart)
    strong = [one for one in blocks["answer"] if isinstance(one, Note) and one.strong]
    rest = [one for one in blocks["answer"] if one not in strong]
    shown = blocks | {"answer": rest}
    parts = [
        Part(part, _QUESTIONS[part], charts[part], shown[part])
        for part in PARTS
        if charts[part] or shown.get(part)
    ]
    name = section_name(section)
    return Section(name, name, parts, " ".join(note.text for note in strong))
