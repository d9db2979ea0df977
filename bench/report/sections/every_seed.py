"""Best is the best of those with a value in every seed, which a reader has to know where somebody lacks one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.evaluate import BEST_SINGLE, Estimate
from bench.report.content.model import Report, Row, Section
from bench.report.words.figures import listed
from bench.report.words.names import short

__all__ = ["best_of", "chosen_of", "might_be_another"]

_EVERY_SEED = " with a value in every seed"


def best_of(section: Section, metrics: Iterable[str], of: str = " of those") -> str:
    """`of those with a value in every seed`, where a method or base model lacks a value, of one of the metrics, in a seed in
    which another has one; else nothing."""
    ranked = [row for row in section.rows if row.kind in ("method", "base_model")]
    lacking = (
        _lacks([row.figures[metric].estimate for row in ranked if metric in row.figures])
        for metric in metrics
    )
    return of + _EVERY_SEED if any(lacking) else ""


def chosen_of(section: Section, of: str = ", of those") -> str:
    """The same of base models' validation log loss, by which best-single is chosen."""
    losses = [row.validation for row in _base_models(section) if row.validation is not None]
    return of + _EVERY_SEED if _lacks(losses) else ""


def might_be_another(report: Report, section: Section) -> str:
    """A sentence where a base model is not best-single for want of a seed: in those that it has, its loss is the lower one.
    Nothing where there is none."""
    single = next((row for row in section.rows if row.kind == "best_single"), None)
    if single is None or single.validation is None:
        return ""
    names = [
        row.name
        for row in _base_models(section)
        if row.validation is not None and _lower(row.validation, single.validation)
    ]
    if not names:
        return ""
    have, they_have = ("has", "it has") if len(names) == 1 else ("have", "they have")
    base = "relaimpr" in report.metrics and report.relaimpr_base == BEST_SINGLE
    return (
        f"{listed(names)} {have} a lower validation log loss than {short(single.subject)} in the seeds that {they_have}: with "
        f"every seed, best-single{', to which RelaImpr is relative,' if base else ''} might be another."
    )


def _base_models(section: Section) -> list[Row]:
    return [row for row in section.rows if row.kind == "base_model"]


def _lacks(estimates: Sequence[Estimate]) -> bool:
    return len({one.defined for one in estimates}) > 1


def _lower(one: Estimate, single: Estimate) -> bool:
    """Whether one of fewer seeds is the lower in these."""
    pairs = [
        (mine, its)
        for mine, its in zip(one.values, single.values, strict=True)
        if mine is not None and its is not None
    ]
    return 0 < len(pairs) < single.defined and sum(a - b for a, b in pairs) < 0
