"""What helps to choose among the best method and its ties: who costs least, who predicts fastest, who harms fewest users."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bench.report.content.fold_fits import has_fold_fits
from bench.report.content.model import Report, Row, Section
from bench.report.content.user_shares import user_shares
from bench.report.words.blocks import fixed
from bench.report.words.figures import joined, listed
from bench.report.words.names import short

__all__ = ["among_ties"]


class _Question(NamedTuple):
    """`of`: the figure of a row, in which the highest or the lowest is best; `said`: how a sentence says it, of one and of
    several, {} where the figure stands."""

    of: Callable[[Section, Row], float | None]
    highest: bool
    shown: Callable[[float], str]
    said: tuple[str, str]
    asks: Callable[[Section, Row], bool] = lambda *_: True  # whether it can be asked of a row


_TOTAL = _Question(
    lambda _, row: row.cost.total_cpu_s if row.cost is not None else None,
    False,
    lambda value: fixed(value, 1),
    ("costs least in all ({} CPU s)", "cost least in all ({} CPU s)"),
)
_COST = (
    _TOTAL,
    _Question(
        lambda _, row: row.cost.predict_rows_per_s if row.cost is not None else None,
        True,
        lambda value: fixed(value / 1000, 1),
        (
            "predicts fastest ({} krows per CPU s of its own work)",
            "predict fastest ({} krows per CPU s of their own work)",
        ),
    ),
)


def among_ties(report: Report, section: Section, names: Sequence[str]) -> str:
    """A sentence of measured figures; a question to which one of `names` has no figure is left out, "" where all are."""
    rows = [row for row in section.rows if row.kind != "best_single" and row.name in names]
    found: dict[tuple[str, ...], list[str]] = {}
    for question in (*(_COST if _comparable(section, rows) else ()), _harm(section)):
        for who, answer in _answered(section, rows, question):
            if question is _TOTAL and _apart_in_folds(report, section, rows, who):
                answer = f"{answer.removesuffix(')')}, without fits on folds)"
            found.setdefault(who, []).append(answer)
    told = [f"{listed(who)} {joined(parts, None)}" for who, parts in found.items()]
    return f"Of these, {'; '.join(told)}." if told else ""


def _apart_in_folds(
    report: Report, section: Section, rows: Sequence[Row], who: Sequence[str]
) -> bool:
    """Whether these had no fits of base models on folds, and another of the rows had."""
    folds = has_fold_fits(report, section)
    return all(folds.get(name) is False for name in who) and any(
        folds.get(row.name) for row in rows
    )


def _answered(
    section: Section, rows: Sequence[Row], question: _Question
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Whose figure is best, as it is printed, and what is said of them; nothing where all are alike."""
    rows = [row for row in rows if question.asks(section, row)]
    values = [value for row in rows if (value := question.of(section, row)) is not None]
    if len(values) < len(rows) or not values:
        return
    best = question.shown(max(values) if question.highest else min(values))
    who = [
        row.name for row, value in zip(rows, values, strict=True) if question.shown(value) == best
    ]
    if len(who) < len(rows):
        yield tuple(who), question.said[len(who) > 1].format(best)


def _comparable(section: Section, rows: Sequence[Row]) -> bool:
    """Whether one kind of machine measured all costs, and the harness's clock saw them: not of scores that came in a file."""
    from_files = {one.model for one in section.from_files}
    machines = {row.machines for row in rows}
    named = len(machines) == 1 and all(len(one) == 1 for one in machines)
    return named and not any(row.name in from_files for row in rows)


def _harm(section: Section) -> _Question:
    single = short(str(section.analysis.best_single)) if section.analysis is not None else ""
    said = f"the fewest users ({{}} have a higher log loss than with {single})"
    return _Question(
        _harmed,
        False,
        lambda value: f"{value:.1%}",
        (f"harms {said}", f"harm {said}"),
        _is_not_compared_with,
    )


def _is_not_compared_with(section: Section, row: Row) -> bool:
    """The best single model harms nobody by its own measure."""
    return section.analysis is None or row.name != section.analysis.best_single


def _harmed(section: Section, row: Row) -> float | None:
    """Share of users."""
    found = section.analysed(row)
    shares = user_shares(found) if found is not None else None
    return None if shares is None else shares.harmed
