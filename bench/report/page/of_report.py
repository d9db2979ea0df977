"""A run's page, in the order in which people ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.records import Run
from bench.report.charts.model import Chart
from bench.report.charts.of_run import run_charts
from bench.report.charts.of_section import part_charts, section_charts
from bench.report.content import model
from bench.report.content.single_users import with_single_users
from bench.report.page.drawn_of import drawn_of, suite_of
from bench.report.page.page import Part, Section, page
from bench.report.sections.compositions import METHODS, methods_blocks
from bench.report.sections.document import PARTS, begun, section_blocks, section_name
from bench.report.sections.document import Part as PartName
from bench.report.sections.glossary import glossary
from bench.report.sections.made import made_blocks
from bench.report.sections.ranks import OVER_ALL, ranks_blocks
from bench.report.sections.trouble import trouble
from bench.report.words.blocks import Block, Note, Printed

__all__ = ["to_html"]

_QUESTIONS: Mapping[PartName, str] = {
    "answer": "Which method, by how much, is it real?",
    "cost": "What does it cost?",
    "for-whom": "For whom?",
    "trust": "Can it be trusted?",
    "made": "On which data?",
}

_ALL_FIGURES = 12  # sections: of more of them a page would be too large to be mailed
_FEWER = (
    f"This page draws all figures of its first {_ALL_FIGURES} sections alone, and of this one the answer's. "
    "bench report RUN --figures DIR draws the others too."
)


def to_html(report: model.Report, run: Run) -> str:
    """One file: see `page`. `run`: what the report was made of; figures of single users are read from its tables. A page
    whose methods are held against another one than best-single is not the run's own."""
    report = with_single_users(report, run)
    sections = [
        _section(report, section) if place < _ALL_FIGURES else _short_section(report, section)
        for place, section in enumerate(report.sections)
    ]
    lead = (*begun(report), *trouble(report))
    return page(
        report.suite,
        lead,
        [*_over_all(report), *sections],
        after=[*_methods(report), _made(report, run)],
        of="" if any(section.is_chosen for section in report.sections) else drawn_of(run),
    )


def _methods(report: model.Report) -> Iterator[Part]:
    if report.compositions:
        yield Part("methods", METHODS, (), tuple(methods_blocks(report)))


def _made(report: model.Report, run: Run) -> Part:
    """Of the whole run; its suite behind a click."""
    suite = tuple(suite_of(run).splitlines())
    shown = (Note("suite.yaml, as it was run:"), Printed(suite)) if suite else ()
    return Part("run", "How was the run made?", (), tuple(made_blocks(report)), shown)


def _over_all(report: model.Report) -> Iterator[Section]:
    """What stands before the sections of a run with several data sets."""
    if report.ranks is not None:
        blocks = list(ranks_blocks(report.ranks))
        charts = list(run_charts(report))
        part = Part("answer", _QUESTIONS["answer"], charts, _without_strong(blocks))
        yield Section(OVER_ALL, OVER_ALL, [part], _strong(blocks))


def _section(report: model.Report, section: model.Section) -> Section:
    charts: dict[PartName, list[Chart]] = defaultdict(list)
    for part, chart in section_charts(section):
        charts[part].append(chart)
    return _with_charts(report, section, charts)


def _short_section(report: model.Report, section: model.Section) -> Section:
    """Whose first figure alone is drawn."""
    charts: dict[PartName, list[Chart]] = {"answer": list(part_charts(section, "answer"))}
    return _with_charts(report, section, charts, [Note(_FEWER)] if section.ok else [])


def _with_charts(
    report: model.Report,
    section: model.Section,
    charts: Mapping[PartName, Sequence[Chart]],
    notes: Iterable[Block] = (),
) -> Section:
    """`notes`: below the answer's figures. The answer itself stands above all parts, and what words mean."""
    words = glossary(section)
    blocks: dict[PartName, list[Block]] = defaultdict(list)
    for part, block in section_blocks(report, section):
        if block != words:
            blocks[part].append(block)
    answer = _strong(blocks["answer"])
    blocks["answer"] = [*notes, *_without_strong(blocks["answer"])]
    parts = [
        Part(
            part,
            _QUESTIONS[part],
            found,
            _without_strong(blocks[part]),
            strong=_strong(blocks[part]),
        )
        for part in PARTS
        if (found := charts.get(part, ())) or blocks[part]
    ]
    name = section_name(section)
    return Section(name, name, parts, answer, words.text if section.ok else "")


def _strong(blocks: Iterable[Block]) -> str:
    """What stands above all else."""
    return " ".join(one.text for one in blocks if isinstance(one, Note) and one.strong)


def _without_strong(blocks: Iterable[Block]) -> list[Block]:
    return [one for one in blocks if not (isinstance(one, Note) and one.strong)]
