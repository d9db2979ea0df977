"""Whether the parts of an analysis that is read say the same: figures that contradict one another were edited, or damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.evaluate.inference.paired import ONE_SEED, Paired
from bench.evaluate.inference.standard_error import LEVEL

if TYPE_CHECKING:
    from bench.evaluate.analysis.findings import Analysis, MethodAnalysis, Segment

__all__ = ["check_agreement", "comparisons"]

_ROUNDING = 1e-9
_MARGIN = (
    1e-6  # of an interval's width: the quantile of an interval and a p agree to less than that
)
_TABLES = ("against_best_single", "against_lead", "against_chosen", "against_average")


def check_agreement(analysis: Analysis) -> Analysis:
    """The same analysis. Raises ValueError, with the place, for what contradicts itself."""
    for place, one in _all_comparisons(analysis):
        if fault := _of_comparison(one):
            raise ValueError(f"{place}: {fault}")
    for method in analysis.methods:
        if fault := _of_users(method):
            raise ValueError(f"methods.{method.name}: {fault}")
    bound = analysis.attainable
    if bound is not None and (fault := _of_interval(bound.logloss, bound.low, bound.high)):
        raise ValueError(f"attainable: {fault}")
    for segment in analysis.segments:
        for name, one in segment.against_best_single.items():
            if fault := _of_losses(segment, analysis.best_single, name, one):
                raise ValueError(f"segments.{segment.by}.{segment.name}.{name}: {fault}")
    return analysis


def comparisons(method: MethodAnalysis) -> Iterator[tuple[str, str, Paired]]:
    """Table, metric and comparison, of all its tables."""
    for table in _TABLES:
        for metric, one in getattr(method, table).items():
            yield table, metric, one


def _all_comparisons(analysis: Analysis) -> Iterator[tuple[str, Paired]]:
    for method in analysis.methods:
        for table, metric, one in comparisons(method):
            yield f"methods.{method.name}.{table}.{metric}", one
    if analysis.plain_average is not None:
        for metric, one in analysis.plain_average.against_best_single.items():
            yield f"plain_average.against_best_single.{metric}", one
    for segment in analysis.segments:
        for name, one in segment.against_best_single.items():
            yield f"segments.{segment.by}.{segment.name}.{name}", one


def _of_comparison(one: Paired) -> str:
    for low, high in _intervals(one):
        if fault := _of_interval(one.difference, low, high):
            return fault
    p = one.p if one.p_both is None else one.p_both
    if p is not None and one.p_holm is not None and one.p_holm < p * (1 - _ROUNDING):
        return f"p_holm {one.p_holm} is below p {p}, and Holm's adjustment only adds to it"
    return _of_verdict(one)


def _of_verdict(one: Paired) -> str:
    """A tie beside an interval beyond 0 is none to blame: other causes of error may say so, or Holm's adjustment."""
    known = [p for p in (one.p, one.seeds_p, one.p_both, one.p_holm) if p is not None]
    told = f"verdict {one.verdict!r}"
    if one.verdict == "withheld":
        return f"{told}, but p is {one.p}" if one.p is not None else ""
    if one.p is None:
        return f"{told} without a p"
    if one.verdict == "tie":
        beyond = max(known) < LEVEL and one.reason in ("", ONE_SEED)
        return f"{told} without a reason, but every p is below {LEVEL:g}" if beyond else ""
    if max(known) >= LEVEL:
        return f"{told}, but a p is {max(known)}"
    if one.low is None:
        return f"{told} without an interval"
    return next(
        (
            f"{told}, but its interval from {low} to {high} holds 0"
            for low, high in _intervals(one)
            if low is not None and high is not None and _holds_zero(low, high)
        ),
        "",
    )


def _intervals(one: Paired) -> tuple[tuple[float | None, float | None], ...]:
    return (one.low, one.high), (one.seeds_low, one.seeds_high)


def _of_interval(figure: float | None, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "" if low is high else f"an interval from {low} to {high} lacks an end"
    room = _room(low, high)
    if figure is None or figure < low - room or figure > high + room:
        return f"{figure} is outside of its own interval, {low} to {high}"
    return ""


def _holds_zero(low: float, high: float) -> bool:
    room = _room(low, high)
    return low < -room and high > room


def _room(low: float, high: float) -> float:
    return _MARGIN * abs(high - low) + _ROUNDING * max(abs(low), abs(high))


def _of_users(method: MethodAnalysis) -> str:
    """Shares of users are told in three ways."""
    if method.users is None:
        return ""
    every, regret = method.users.every, method.regret
    won = every.helped + every.equal / 2
    if method.win_rate is not None and abs(method.win_rate - won) > _ROUNDING:
        return f"win_rate {method.win_rate}, but of its users it is {won}"
    if regret is not None and abs(regret.worse_share - every.harmed) > _ROUNDING:
        return f"worse_share {regret.worse_share}, but of its users it is {every.harmed}"
    return ""


def _of_losses(segment: Segment, single: str | None, name: str, one: Paired) -> str:
    loss, reference = segment.logloss.get(name), segment.logloss.get(single or "")
    if one.difference is None or loss is None or reference is None:
        return ""
    if abs(one.difference - (loss - reference)) > _ROUNDING * max(loss, reference):
        return f"difference {one.difference}, but the losses are {loss} and {reference}"
    return ""
