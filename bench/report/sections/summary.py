"""What a run ends with in a terminal: the answer, one table, a few lines. The rest is a page, or asked for by its part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest

from rich.cells import cell_len

from bench.evaluate import leaves_out_zero
from bench.report.content.model import NeverBetter, Report, Row, Section, Unfinished
from bench.report.sections.answer import NO_ANALYSIS
from bench.report.sections.data_notes import data_warnings
from bench.report.sections.document import begun, section_blocks, section_name
from bench.report.sections.every_seed import best_of, chosen_of, might_be_another
from bench.report.sections.quality import against_reference, row_name
from bench.report.sections.quality_notes import tie_in_short
from bench.report.sections.ranks import OVER_ALL, ranks_answer
from bench.report.sections.trouble import WENT_WRONG, trouble
from bench.report.words.blocks import (
    Block,
    Cell,
    Grid,
    GridRow,
    Heading,
    Lines,
    Note,
    Printed,
    align,
    fixed,
)
from bench.report.words.figures import counted, joined
from bench.report.words.metrics import figure, head
from bench.report.words.names import short

__all__ = ["summary"]

_MOST = {"method": 20, "base_model": 10}  # rows
_NOTES = 3
_LINE = 79  # cells
_WARNING = 120  # cells of a warning
_BOUND = "base models picked by test labels; adapting or calibrating can beat it"
_MARKS = {"best": "*", "tie": "=", None: ""}


def summary(report: Report) -> Iterator[Block]:
    """Blocks from top to bottom."""
    yield from begun(report)
    if report.ranks is not None:
        yield Heading(2, OVER_ALL)
        yield from ranks_answer(report.ranks)
    for section in report.sections:
        yield Heading(2, section_name(section))
        if not section.ok:
            yield from (
                block for part, block in section_blocks(report, section) if part == "answer"
            )
            continue
        yield from _answer(report, section)
        rows = [row for kind in _shown(section) for row in kind]
        grid = _grid(report, section, rows)
        yield grid
        if lines := (*_legend(report, section, grid), *_notes(report, section, rows)):
            yield Lines(lines)
    yield from _went_wrong(report)


def _answer(report: Report, section: Section) -> Iterator[Block]:
    """What a reader came for."""
    return (
        block
        for part, block in section_blocks(report, section)
        if part == "answer" and isinstance(block, Note) and block.strong
    )


def _grid(report: Report, section: Section, rows: Sequence[Row]) -> Grid:
    """The primary, its differences and verdicts, the other metrics, what it cost: as many columns as fit."""
    heads, cells = zip(*_columns(report, section, rows), strict=True)
    return Grid(
        _title(report, section, rows),
        ("method", *heads),
        tuple(
            GridRow(
                row_name(row),
                tuple(column[place] for column in cells),
                group="bound" if row.kind == "bound" else "ranked",
                rule=place > 0 and row.kind != rows[place - 1].kind,
            )
            for place, row in enumerate(rows)
        ),
        one_piece=True,
        elsewhere="--all",
    )


def _legend(report: Report, section: Section, grid: Grid) -> Iterator[str]:
    """What its marks mean, and whom all are held against."""
    marks = {cell.mark for row in grid.rows for cell in row.cells}
    meanings = {
        "*": f"the best mean{best_of(section, report.metrics)}",
        "=": tie_in_short(report, section),
        "!": "not of every seed",
    }
    told = [f"{mark} {meaning}" for mark, meaning in meanings.items() if mark in marks]
    if told:
        yield f"{', '.join(told)}."
    if section.reference is not None and not section.is_chosen:
        single = short(section.reference)
        yield f"best single: {single}, the base model with the lowest validation log loss{chosen_of(section)}."
    if other := might_be_another(report, section):
        yield other
    if any(row.group == "bound" for row in grid.rows):
        yield f"bound: {_BOUND}."
    if report.compositions:
        yield "What each method is: --section made."


def _shown(section: Section) -> Iterator[Sequence[Row]]:
    """Methods, base models, bounds, the best of each; best-single is the base model that is the reference."""
    for kind in ("method", "base_model", "bound"):
        of_kind = [row for row in section.rows if row.kind == kind]
        most = _MOST.get(kind, len(of_kind))
        yield [
            row
            for place, row in enumerate(of_kind)
            if place < most or row.subject == section.reference
        ]


def _title(report: Report, section: Section, rows: Sequence[Row]) -> str:
    seeds = len(report.seeds)
    of_seeds = f"mean over {seeds} seeds" if seeds > 1 else "one seed"
    missing = sum(row.kind != "best_single" for row in section.rows) - len(rows)
    hidden = f"; {counted(missing, 'more row')} with --all" if missing else ""
    return f"Test users' query, the rows that are scored, {of_seeds}{hidden}"


def _columns(
    report: Report, section: Section, rows: Sequence[Row]
) -> Iterator[tuple[str, list[Cell]]]:
    """What is asked first comes first: the last ones may not fit."""
    others = [metric for metric in report.metrics if metric != section.primary]
    if section.primary in report.metrics:
        yield head(section.primary), _means(section, section.primary, rows)
    yield from against_reference(section, rows)
    for metric in others[:1]:
        yield head(metric), _means(section, metric, rows)
    if section.one_machine:
        yield from _costs(rows)
    for metric in others[1:]:
        yield head(metric), _means(section, metric, rows)


def _costs(rows: Sequence[Row]) -> Iterator[tuple[str, list[Cell]]]:
    costs = [None if row.cost is None else row.cost.total_cpu_s for row in rows]
    if any(cost is not None for cost in costs):
        texts = align([fixed(cost, 1) for cost in costs], 1)
        shown = ["" if row.kind == "bound" else text for row, text in zip(rows, texts, strict=True)]
        yield "total\nCPU s", [Cell(text) for text in shown]


def _means(section: Section, metric: str, rows: Sequence[Row]) -> list[Cell]:
    found = [row.figures[metric] for row in rows]
    places = section.places(metric)
    texts = align([figure(metric, one.estimate.mean, places) for one in found], places)
    partly = [0 < one.estimate.defined < len(one.estimate.values) for one in found]
    marks = ["!" if part else _MARKS[one.mark] for one, part in zip(found, partly, strict=True)]
    slot = " " if any(marks) else ""
    return [Cell(text, mark or slot) for text, mark in zip(texts, marks, strict=True)]


def _notes(report: Report, section: Section, rows: Sequence[Row]) -> tuple[str, ...]:
    """The most important ones."""
    found = chain(
        _failed(report, section),
        _unlike(section),
        _warned(section),
        _unanalysed(section),
        _extreme(section),
        _seeds(report),
        _training(section),
        _data(section),
        _beside_zero(section, rows),
    )
    return tuple(islice(found, _NOTES))


def _failed(report: Report, section: Section) -> Iterator[str]:
    of = [
        one
        for one in report.failures
        if (one.dataset, one.protocol) == (section.dataset, section.protocol)
    ]
    names = list(dict.fromkeys(one.needed or one.method for one in of))
    if of:
        lacking = f"{counted(len(of), 'trial')} of {section.trials} without a result"
        yield _fitted(f"{lacking}: {{}} (--section trust).", [short(name) for name in names])


def _warned(section: Section) -> Iterator[str]:
    for first in list(section.warnings)[:1]:
        more = len(section.warnings) - 1
        others = f" and {counted(more, 'more warning')}" if more else ""
        yield f"Warning: {short(first, _WARNING)}{others} (--section trust)."


def _unlike(section: Section) -> Iterator[str]:
    if not section.one_machine:
        yield "Costs are of more than one kind of machine, and not to be compared (--section cost)."


def _unanalysed(section: Section) -> Iterator[str]:
    if section.analysis is None:
        yield NO_ANALYSIS


def _extreme(section: Section) -> Iterator[str]:
    names = [short(one.method) for one in section.extreme]
    if names:
        said = "A few extreme predictions decide the log loss of {} (--section answer)."
        yield _fitted(said, names)


def _seeds(report: Report) -> Iterator[str]:
    if len(report.seeds) == 1:
        yield "One seed: another training may give other figures, and another order."


def _training(section: Section) -> Iterator[str]:
    told = {
        "Still improving at the cap": [*map(_of_seeds, section.unfinished)],
        "Never better than its start": [*map(_of_seeds, section.never_better)],
        "Chose at the edge of what was tried": [short(one.method) for one in section.at_edge],
    }
    for what, methods in told.items():
        if methods:
            yield _fitted(f"{what}: {{}} (--section trust).", [*dict.fromkeys(methods)])


def _of_seeds(one: Unfinished | NeverBetter) -> str:
    """`fm`, or `fm (2 of 3 seeds)` where it was not so in all."""
    seeds = f" ({len(one.seeds)} of {one.with_result} seeds)"
    return short(one.method) + seeds * (len(one.seeds) < one.with_result)


def _beside_zero(section: Section, rows: Sequence[Row]) -> Iterator[str]:
    """Of the rows that are shown."""
    pairs = {row.name: pair for row in rows if (pair := section.pair(row)) is not None}
    names = [
        short(name)
        for name, pair in pairs.items()
        if pair.verdict == "tie" and leaves_out_zero(pair)
    ]
    if names:
        yield _fitted("A tie though the interval leaves out 0: {} (--section answer).", names)


def _data(section: Section) -> Iterator[str]:
    notes = sum(1 for _ in data_warnings(section))
    if notes:
        yield f"{counted(notes, 'note')} on the data (--section trust)."


def _went_wrong(report: Report) -> Iterator[Block]:
    """The first ones, without what was printed."""
    blocks = trouble(report)
    notes = [
        block
        for block, after in zip_longest(blocks, blocks[1:])
        if isinstance(block, Note) and not isinstance(after, Printed)  # leads over to a log
    ]
    if notes:
        yield Heading(2, WENT_WRONG)
        yield from notes[:_NOTES]
    if len(notes) > _NOTES:
        yield Note(f"{counted(len(notes) - _NOTES, 'more note')} (--section trust).")


def _fitted(line: str, names: Sequence[str]) -> str:
    """With the most names that fit on a line; where not even two do, how many there are. `line`: {} where they stand."""
    told = [line.format(joined(names, most)) for most in (5, 3, 2, 1)]
    without = told[0] if len(names) == 1 else line.format(counted(len(names), "method"))
    return next((text for text in told if cell_len(text) <= _LINE), without)
