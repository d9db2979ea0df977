"""What choosing was worth, method by method, and whether predictions mean what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.evaluate import MethodAnalysis
from bench.report.blocks import ABSENT, Block, Cell, Grid, GridRow, Note, align, fixed
from bench.report.model import Row, Section
from bench.report.names import short
from bench.report.wording import loss, reasons, signed

__all__ = ["selection"]

Figure = Callable[[MethodAnalysis], float | None]

# Head, figure, its text, decimals, meaning.
_COLUMNS: tuple[tuple[str, Figure, Callable[[float | None], str], int, str], ...] = (
    (
        "% of gap to\nattainable",
        lambda one: _percent(one.closed_gap.attainable),
        lambda value: fixed(value, 1),
        1,
        "% of gap: share of the way from best-single to a bound; below 0 is worse than best-single",
    ),
    ("% of gap to\nperfect-user", lambda one: _percent(one.closed_gap.perfect), lambda value: fixed(value, 1), 1, ""),
    (
        "users it\nhelps %",
        lambda one: _percent(one.win_rate),
        lambda value: fixed(value, 1),
        1,
        "helps, harms: users whose log loss is lower, or higher, than by best-single (equal counts half as helped)",
    ),
    (
        "users it\nharms %",
        lambda one: _percent(one.regret.worse_share if one.regret is not None else None),
        lambda value: fixed(value, 1),
        1,
        "",
    ),
    (
        "regret\nmean",
        lambda one: one.regret.mean if one.regret is not None else None,
        lambda value: ABSENT if value is None else signed(value),
        4,
        "regret: a user's log loss less that of their best base model, mean and what a tenth of users exceed",
    ),
    (
        "regret\nworst 10 %",
        lambda one: one.regret.p90 if one.regret is not None else None,
        lambda value: ABSENT if value is None else signed(value),
        4,
        "",
    ),
    (
        "best model\nchosen %",
        lambda one: _percent(one.selection_accuracy),
        lambda value: fixed(value, 1),
        1,
        "best model chosen: users whose model of highest mean weight is the best on their query",
    ),
    (
        "entropy\nof weights",
        lambda one: one.entropy,
        lambda value: fixed(value, 2),
        2,
        "entropy of weights: 0 one model, 1 all alike",
    ),
    (
        "ECE",
        lambda one: one.calibration.ece,
        lambda value: loss(value),
        4,
        "ECE: expected calibration error, how far predicted probabilities are from the observed share (15 bins)",
    ),
    (
        "mean less\nobserved",
        lambda one: one.calibration.in_the_large,
        lambda value: ABSENT if value is None else signed(value),
        4,
        "mean less observed: mean prediction less the share of positives",
    ),
)


def selection(section: Section) -> Iterator[Block]:
    """A row a method and base model; columns that nobody has a figure in are left out."""
    found = [(row, one) for row in section.rows if row.kind != "best_single" and (one := section.analysed(row))]
    columns: dict[str, list[Cell]] = {}
    meanings: list[str] = []
    for head, figure, text, decimals, meaning in _COLUMNS:
        values = [figure(one) for _, one in found]
        if any(value is not None for value in values):
            columns[head] = [Cell(shown) for shown in align([text(value) for value in values], decimals)]
            meanings += [meaning] * bool(meaning)
    if columns:
        yield Grid("What choosing was worth, and calibration", ("method", *columns), _rows(found, columns))
        yield Note("; ".join(meanings) + ".")
    missing = reasons((one.name, one.closed_gap.reason) for _, one in found)
    if missing:
        yield Note(f"{ABSENT} % of gap: {'; '.join(missing)}.")


def _rows(found: list[tuple[Row, MethodAnalysis]], columns: dict[str, list[Cell]]) -> tuple[GridRow, ...]:
    return tuple(
        GridRow(
            short(row.name),
            tuple(column[position] for column in columns.values()),
            rule=position > 0 and row.kind != found[position - 1][0].kind,
        )
        for position, (row, _) in enumerate(found)
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
