"""Which lines of a table are best, and which can't be told from the best."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from bench.evaluate.printed import decimals, printed
from bench.evaluate.summary import Estimate, Line

__all__ = ["HIGHER_IS_BETTER", "Mark", "marks", "ordered"]

Mark = Literal["best", "tie"]
HIGHER_IS_BETTER = {
    "auc": True,
    "gauc": True,
    "logloss": False,
    "relaimpr": True,
}  # the harness's own metrics
_RANKED = ("method", "base_model")


def marks(lines: Iterable[Line], metric: str, higher_is_better: bool) -> dict[str, Mark]:
    """Name to mark, of the line with the best mean and of those that tie with it: whose mean prints as the same figure, or
    whose differences from the best, seed by seed, do not all have one sign (two seeds and more). Ranked are methods and
    base models with a value for every seed; best-single is marked as the base model that it names; bounds never are."""
    lines = tuple(lines)
    ranked = {
        line.name: line.metrics[metric]
        for line in lines
        if line.kind in _RANKED and line.metrics[metric].complete
    }
    if not ranked:
        return {}
    choose = max if higher_is_better else min
    best = choose(ranked, key=lambda name: ranked[name].mean or 0.0)
    places = decimals(metric, [figure.mean or 0.0 for figure in ranked.values()])
    found: dict[str, Mark] = {
        name: "tie"
        for name, figure in ranked.items()
        if _ties(metric, places, figure, ranked[best])
    }
    found[best] = "best"
    return found | {line.name: found[line.model] for line in lines if line.model in found}


def ordered(lines: Iterable[Line], metric: str, higher_is_better: bool) -> list[Line]:
    """Best mean first; lines that lack a seed come after those that have all, those without a mean last."""

    def key(line: Line) -> tuple[bool, bool, float]:
        figure = line.metrics[metric]
        mean = 0.0 if figure.mean is None else figure.mean
        return figure.mean is None, not figure.complete, -mean if higher_is_better else mean

    return sorted(lines, key=key)


def _ties(metric: str, places: int, figure: Estimate, best: Estimate) -> bool:
    if printed(metric, figure.mean or 0.0, places) == printed(metric, best.mean or 0.0, places):
        return True
    differences = [
        a - b
        for a, b in zip(figure.values, best.values, strict=True)
        if a is not None and b is not None
    ]
    one_sign = all(d > 0 for d in differences) or all(d < 0 for d in differences)
    return len(differences) > 1 and not one_sign
