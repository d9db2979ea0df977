"""With how many decimals the figures of a section are printed: four, or as many as tell apart what a test tells apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.evaluate import SAME_FIGURE, Analysis, Paired, decimals
from bench.report.content.model import Row

__all__ = ["section_decimals"]

_MOST = 8
_DECIDED = ("better", "worse")


def section_decimals(
    rows: Sequence[Row], analysis: Analysis | None, primary: str
) -> dict[str, int]:
    """By metric; log loss is always among them. Rare clicks have losses of .0002, and differences far below that."""
    found = {
        metric: decimals(metric, _means(rows, metric))
        for metric in dict.fromkeys(
            (*(metric for row in rows for metric in row.figures), "logloss")
        )
    }
    if "logloss" not in {metric for row in rows for metric in row.figures}:
        validations = [row.validation for row in rows if row.validation is not None]
        found["logloss"] = decimals("logloss", [one.mean for one in validations if one.mean])
    if analysis is not None and primary in found:
        found[primary] = _telling_apart(found[primary], _means_by_name(rows, primary), analysis)
    return found


def _telling_apart(least: int, means: Mapping[str, float], analysis: Analysis) -> int:
    most = max(least, _MOST)
    same = SAME_FIGURE * max(map(abs, means.values()), default=0.0)
    apart = [
        size for size in map(abs, _apart(means, analysis)) if size > same and round(size, most)
    ]
    return next(n for n in range(least, most + 1) if all(round(size, n) for size in apart))


def _apart(means: Mapping[str, float], analysis: Analysis) -> Iterator[float]:
    """What must not print as nothing: differences with a verdict, widths of intervals, what the run would have noticed."""
    for reference, name, pair in _pairs(analysis):
        if pair.verdict in _DECIDED and pair.difference is not None:
            yield pair.difference
            if name in means and reference in means:
                yield means[name] - means[reference]
        if pair.low is not None and pair.high is not None and pair.high > pair.low:
            yield pair.high - pair.low
        if pair.detectable is not None and pair.verdict == "tie":
            yield pair.detectable


def _pairs(analysis: Analysis) -> Iterator[tuple[str, str, Paired]]:
    """(reference, method, pair) by the primary: of the lead, of best-single, of the method that was asked for."""
    for one in analysis.methods:
        for reference, table in (
            (analysis.lead, one.against_lead),
            (analysis.best_single, one.against_best_single),
            (analysis.chosen, one.against_chosen),
        ):
            if reference is not None and analysis.primary in table:
                yield reference, one.name, table[analysis.primary]


def _means(rows: Sequence[Row], metric: str) -> list[float]:
    return list(_means_by_name(rows, metric).values())


def _means_by_name(rows: Sequence[Row], metric: str) -> dict[str, float]:
    """Of methods and base models."""
    means = {
        row.name: row.figures[metric].estimate.mean
        for row in rows
        if row.kind in ("method", "base_model") and metric in row.figures
    }
    return {name: mean for name, mean in means.items() if mean is not None}
