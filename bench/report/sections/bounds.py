"""How far choosing among the base models could go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.evaluate import Analysis
from bench.report.content.model import Section
from bench.report.words.blocks import Block, Cell, Grid, GridRow, Note, Terms, align
from bench.report.words.figures import loss, signed
from bench.report.words.names import short

__all__ = ["Bound", "bounds", "found_bounds"]

_LOSS = "logloss"  # bounds are in it, whatever the primary


class Bound(NamedTuple):
    """`interval`: 95 %, of the log loss."""

    name: str
    logloss: float | None
    meaning: str = ""
    interval: tuple[float, float] | None = None


def bounds(section: Section) -> Iterator[Block]:
    """Log loss of best-single and of every bound, from the weakest; what each means. Nothing without an analysis."""
    analysis = section.analysis
    if analysis is None:
        return
    found = found_bounds(section)
    if found:
        yield _grid(found, _single(section), section.places(_LOSS))
        yield Terms(tuple((bound.name, bound.meaning) for bound in found))
        passed = "all but the optimum" if analysis.optimum_logloss is not None else "them"
        yield Note(
            "Bounds read the test labels, so no method can claim them; a method that adapts or calibrates what the models "
            f"predict can pass {passed}."
        )
    if analysis.attainable is not None and analysis.attainable.logloss is None:
        yield Note(
            f"There is no attainable bound: {short(analysis.attainable.reason, 300) or 'not computed'}."
        )


def found_bounds(section: Section) -> list[Bound]:
    """Those that have a log loss, from the weakest."""
    if section.analysis is None:
        return []
    return [one for one in _bounds(section, section.analysis) if one.logloss is not None]


def _grid(found: Sequence[Bound], single: Bound | None, places: int) -> Grid:
    shown = [*([single] if single is not None else []), *found]
    reference = single.logloss if single is not None else None
    columns = {"log loss": align([loss(bound.logloss, places) for bound in shown], places)}
    if any(bound.interval is not None for bound in shown):
        columns["95% interval\nof log loss"] = [_interval(bound, places) for bound in shown]
    if reference is not None:
        columns["vs best\nsingle"] = [
            _less(bound, reference, places) if bound is not single else "" for bound in shown
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


def _single(section: Section) -> Bound | None:
    """Best-single's log loss; where the suite does without it, as the analysis has it."""
    row = next((row for row in section.rows if row.kind == "best_single"), None)
    if row is None:
        return None
    figure = row.figures.get(_LOSS)
    found = section.analysis.best_single_logloss if section.analysis is not None else None
    mean = found if figure is None else figure.estimate.mean
    return None if mean is None else Bound(f"{row.name} = {short(row.subject)}", mean)


def _bounds(section: Section, analysis: Analysis) -> Iterator[Bound]:
    of = {
        row.name: row.figures[_LOSS].estimate.mean for row in section.rows if _LOSS in row.figures
    }
    reached = analysis.attainable
    if reached is not None:
        yield Bound(
            "attainable",
            reached.logloss,
            "for each user the model that is best on a random half of the query rows, scored on the other half (mean of "
            f"{reached.splits} random halvings)",
            None if reached.low is None or reached.high is None else (reached.low, reached.high),
        )
    perfect = of.get("perfect-user", analysis.perfect_user_logloss)
    yield Bound(
        "perfect-user",
        perfect,
        "for each user the model that is best on all query rows, chosen in hindsight",
    )
    yield Bound(
        "perfect-sample",
        of.get("perfect-sample"),
        "for each row the model that is best, chosen in hindsight: it profits from the luck of single labels",
    )
    yield Bound(
        "optimum",
        analysis.optimum_logloss,
        "what the probabilities behind the generated data are expected to reach",
    )


def _less(bound: Bound, reference: float, places: int) -> str:
    if bound.logloss is None:
        return ""
    return signed(bound.logloss - reference, places)


def _interval(bound: Bound, places: int) -> str:
    if bound.interval is None:
        return ""
    return " to ".join(loss(end, places) for end in bound.interval)
