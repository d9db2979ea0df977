"""How far choosing among the base models could go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.evaluate import Analysis
from bench.report.content.model import Section
from bench.report.words.blocks import Block, Cell, Grid, GridRow, Note, Terms, align
from bench.report.words.figures import loss, signed
from bench.report.words.names import short

__all__ = ["bounds"]

_LOSS = "logloss"  # bounds are in it, whatever the primary


class _Bound(NamedTuple):
    name: str
    logloss: float | None
    meaning: str = ""
    interval: str = ""


def bounds(section: Section) -> Iterator[Block]:
    """Log loss of best-single and of every bound, from the weakest; what each means. Nothing without an analysis."""
    analysis = section.analysis
    if analysis is None:
        return
    found = [bound for bound in _bounds(section, analysis) if bound.logloss is not None]
    if found:
        yield _grid(found, _single(section))
        yield Terms(tuple((bound.name, bound.meaning) for bound in found))
        passed = "all but the optimum" if analysis.optimum_logloss is not None else "them"
        yield Note(
            "Bounds read the test labels, so no method can claim them; methods that adapt the models themselves can pass "
            f"{passed}."
        )
    if analysis.attainable is not None and analysis.attainable.logloss is None:
        yield Note(
            f"There is no attainable bound: {short(analysis.attainable.reason, 300) or 'not computed'}."
        )


def _grid(found: Sequence[_Bound], single: _Bound | None) -> Grid:
    shown = [*([single] if single is not None else []), *found]
    reference = single.logloss if single is not None else None
    columns = {"log loss": align([loss(bound.logloss) for bound in shown], 4)}
    if any(bound.interval for bound in shown):
        columns["95%\ninterval"] = [bound.interval for bound in shown]
    columns["vs best\nsingle"] = [
        _less(bound, reference) if bound is not single else "" for bound in shown
    ]
    rows = [
        GridRow(bound.name, tuple(map(Cell, cells)), rule=single is not None and position == 1)
        for position, (bound, *cells) in enumerate(zip(shown, *columns.values(), strict=True))
    ]
    return Grid(
        "Bounds: how far choosing among the base models could go (log loss)",
        ("", *columns),
        tuple(rows),
    )


def _single(section: Section) -> _Bound | None:
    row = next(
        (row for row in section.rows if row.kind == "best_single" and _LOSS in row.figures), None
    )
    return (
        None
        if row is None
        else _Bound(f"{row.name} = {short(row.subject)}", row.figures[_LOSS].estimate.mean)
    )


def _bounds(section: Section, analysis: Analysis) -> Iterator[_Bound]:
    of = {
        row.name: row.figures[_LOSS].estimate.mean for row in section.rows if _LOSS in row.figures
    }
    reached = analysis.attainable
    if reached is not None:
        known = reached.low is not None and reached.high is not None
        yield _Bound(
            "attainable",
            reached.logloss,
            "for each user the model that is best on a random half of the query rows, scored on the other half (mean of "
            f"{reached.splits} random halvings)",
            f"{loss(reached.low)} to {loss(reached.high)}" if known else "",
        )
    perfect = of.get("perfect-user", analysis.perfect_user_logloss)
    yield _Bound(
        "perfect-user",
        perfect,
        "for each user the model that is best on all query rows, chosen in hindsight",
    )
    yield _Bound(
        "perfect-sample",
        of.get("perfect-sample"),
        "for each row the model that is best, chosen in hindsight: it profits from the luck of single labels",
    )
    yield _Bound(
        "optimum",
        analysis.optimum_logloss,
        "what the probabilities behind the generated data are expected to reach",
    )


def _less(bound: _Bound, reference: float | None) -> str:
    return "" if bound.logloss is None or reference is None else signed(bound.logloss - reference)
