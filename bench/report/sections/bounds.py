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
        yield Note(f"What adapts models, rather than choosing among them, can pass {passed}.")
    if analysis.attainable is not None and analysis.attainable.logloss is None:
        yield Note(f"No attainable bound: {short(analysis.attainable.reason, 300) or 'not computed'}.")


def _grid(found: Sequence[_Bound], single: _Bound | None) -> Grid:
    shown = [*([single] if single is not None else []), *found]
    reference = single.logloss if single is not None else None
    columns = {"log loss": align([loss(bound.logloss) for bound in shown], 4)}
    if any(bound.interval for bound in shown):
        columns["95% interval\nof log loss"] = [bound.interval for bound in shown]
    columns["less\nbest-single's"] = [_less(bound, reference) if bound is not single else "" for bound in shown]
    rows = [
        GridRow(bound.name, tuple(map(Cell, cells)), rule=single is not None and position == 1)
        for position, (bound, *cells) in enumerate(zip(shown, *columns.values(), strict=True))
    ]
    return Grid("Bounds: how far choosing among the base models could go", ("", *columns), tuple(rows))


def _single(section: Section) -> _Bound | None:
    row = next((row for row in section.rows if row.kind == "best_single" and _LOSS in row.figures), None)
    return None if row is None else _Bound(f"{row.name} = {short(row.subject)}", row.figures[_LOSS].estimate.mean)


def _bounds(section: Section, analysis: Analysis) -> Iterator[_Bound]:
    of = {row.name: row.figures[_LOSS].estimate.mean for row in section.rows if _LOSS in row.figures}
    reached = analysis.attainable
    if reached is not None:
        known = reached.low is not None and reached.high is not None
        yield _Bound(
            "attainable",
            reached.logloss,
            "each user's model is the best on a random half of their query and is scored on the other half "
            f"({reached.splits} random halvings)",
            f"{loss(reached.low)} to {loss(reached.high)}" if known else "",
        )
    perfect = of.get("perfect-user", analysis.perfect_user_logloss)
    yield _Bound("perfect-user", perfect, "each user's is the best on all of it, by hindsight")
    yield _Bound(
        "perfect-sample",
        of.get("perfect-sample"),
        "each row's is the best, by hindsight, the luck of its label included",
    )
    yield _Bound("optimum", analysis.optimum_logloss, "expected of the probabilities that the data were generated from")


def _less(bound: _Bound, reference: float | None) -> str:
    return "" if bound.logloss is None or reference is None else signed(bound.logloss - reference)
