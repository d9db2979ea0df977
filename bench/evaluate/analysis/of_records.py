"""Whether an analysis says what the records say that it is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.evaluate.analysis.agreement import comparisons
from bench.evaluate.analysis.findings import Analysis, MethodAnalysis
from bench.evaluate.ranking import HIGHER_IS_BETTER
from bench.evaluate.summary import Line

__all__ = ["unlike_records"]

_ROUNDING = 1e-6  # of the figures: sums in another order
_ANALYSED = ("method", "base_model")
_Means = Mapping[str, Mapping[str, float]]  # name -> metric -> mean over seeds


def unlike_records(analysis: Analysis, lines: Sequence[Line], seeds: Sequence[int]) -> str:
    """The first thing in which it differs from its records' `lines`, with the place; "" where it differs in none. Figures are
    compared where the analysis is of all `seeds` and each has a value, and of the harness's own metrics alone: a plugin's
    parts by user need not add up to its figure to the last digits."""
    means = _means(lines) if set(analysis.seeds) == set(seeds) else {}
    return next(_differences(analysis, lines, means), "")


def _means(lines: Sequence[Line]) -> _Means:
    return {
        line.name: {
            metric: figure.mean
            for metric, figure in line.metrics.items()
            if metric in HIGHER_IS_BETTER and figure.complete and figure.mean is not None
        }
        for line in lines
        if line.kind in _ANALYSED
    }


def _differences(analysis: Analysis, lines: Sequence[Line], means: _Means) -> Iterator[str]:
    single = next((line.model for line in lines if line.kind == "best_single"), None)
    if analysis.best_single not in (None, single):
        yield f"best_single: {analysis.best_single}, but by the records it is {single}"
    yield from _of_lead(analysis, means)
    if analysis.best_single is not None and analysis.best_single_logloss is not None:
        loss = means.get(analysis.best_single, {}).get("logloss")
        if loss is not None and not _alike(analysis.best_single_logloss, loss, loss):
            yield f"best_single_logloss: {analysis.best_single_logloss}, but by the records it is {loss}"
    for method in analysis.methods:
        yield from _of_method(analysis, method, means)


def _of_lead(analysis: Analysis, means: _Means) -> Iterator[str]:
    """One of equals may be any of them."""
    known = {name: of[analysis.primary] for name, of in means.items() if analysis.primary in of}
    if analysis.lead is None or analysis.lead not in known:
        return
    best = (max if HIGHER_IS_BETTER[analysis.primary] else min)(known, key=known.__getitem__)
    mean, best_mean = known[analysis.lead], known[best]
    if not _alike(mean, best_mean, best_mean):
        yield f"lead: {analysis.lead}, but by the records it is {best}: {analysis.primary} {best_mean} and not {mean}"


def _of_method(analysis: Analysis, method: MethodAnalysis, means: _Means) -> Iterator[str]:
    references = {
        "against_best_single": analysis.best_single,
        "against_lead": analysis.lead,
        "against_chosen": analysis.chosen,
    }
    for table, metric, one in comparisons(method):
        place = f"methods.{method.name}.{table}.{metric}"
        if one.difference is None:
            continue
        upwards = HIGHER_IS_BETTER.get(metric)
        better = one.verdict == "better"
        if one.verdict in ("better", "worse") and upwards not in (
            None,
            (one.difference > 0) == better,
        ):
            yield f"{place}: verdict {one.verdict!r} at a difference of {one.difference}"
        mine = means.get(method.name, {}).get(metric)
        theirs = means.get(references.get(table) or "", {}).get(metric)
        if mine is None or theirs is None:
            continue
        if not _alike(one.difference, mine - theirs, max(abs(mine), abs(theirs))):
            yield f"{place}: difference {one.difference}, but by the records it is {mine - theirs}"


def _alike(one: float, other: float, scale: float) -> bool:
    return abs(one - other) <= _ROUNDING * abs(scale)
