"""Who is compared with the reference, and what the difference is: methods, base models and bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bench.evaluate import Verdict
from bench.report.content.model import Section
from bench.report.sections.bounds import found_bounds
from bench.report.sections.quality import row_name

__all__ = ["Compared", "compared"]


class Compared(NamedTuple):
    """`verdict`, `low` and `high` are None of the reference and of bounds: an interval of a bound is of its log loss, not of a
    difference."""

    name: str
    kind: str
    difference: float
    low: float | None = None
    high: float | None = None
    verdict: Verdict | None = None


def compared(section: Section) -> list[Compared]:
    """Methods, base models and bounds, each in their order. Bounds are in log loss, so that they are here only where that is
    the primary."""
    return [*_rows(section), *_bounds(section)]


def _rows(section: Section) -> Iterator[Compared]:
    """In the order of the table; best-single stands where its base model does."""
    for row in section.rows:
        if row.kind not in ("method", "base_model"):
            continue
        pair = section.pair(row)
        if row.name == section.reference:
            yield Compared(row_name(row), row.kind, 0.0)
        elif pair is not None and pair.difference is not None:
            yield Compared(
                row_name(row), row.kind, pair.difference, pair.low, pair.high, pair.verdict
            )


def _bounds(section: Section) -> Iterator[Compared]:
    analysis = section.analysis
    if analysis is None or section.primary != "logloss" or section.is_chosen:
        return
    single = analysis.best_single_logloss
    for bound in found_bounds(section):
        if single is None or bound.logloss is None:
            continue
        yield Compared(f"{bound.name} (bound)", "bound", bound.logloss - single)
