"""The rows of a section: every method, base model and bound, and which are best or can't be told from the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.evaluate import Analysis, Estimate, Line, Mark, estimate, marks, ordered
from bench.interfaces import Score
from bench.report.content.machines import Machine, machines_of
from bench.report.content.measured_cost import cost
from bench.report.content.model import Figure, Row

__all__ = ["rows", "tested"]

Record = Mapping[str, Any]
_AUC, _RELAIMPR = "auc", "relaimpr"
_KINDS = ("method", "base_model", "best_single", "bound")


def rows(
    lines: Sequence[Line],
    directions: Mapping[str, bool],
    primary: str,
    good: Sequence[Record],
    seeds: Sequence[int],
    analysis: Analysis | None,
    machines: Sequence[Machine] = (),
) -> tuple[Row, ...]:
    """In the order of the table. `directions`: metric to whether higher is better; `good`: the records with a result;
    `machines`: all of the run's."""
    metrics = list(lines[0].metrics) if lines else []
    decided = tested(lines, directions, analysis)
    marked = {
        metric: _verdicts(lines, metric, analysis)
        if metric in decided
        else marks(lines, metric, directions[metric])
        for metric in metrics
        if metric in directions
    }
    known = [metric for metric in metrics if metric in directions]
    by = primary if primary in known else next(iter(known), None)
    if by is not None:
        lines = ordered(lines, by, directions[by])
    lines = sorted(lines, key=lambda line: _KINDS.index(line.kind))
    return tuple(_row(line, marked, good, seeds, machines) for line in lines)


def tested(
    lines: Sequence[Line], directions: Mapping[str, bool], analysis: Analysis | None
) -> tuple[str, ...]:
    """Metrics in which the analysis compares all with the best: the primary, and others in which its lead is the best too.
    RelaImpr is AUC on another scale, seed by seed: it is compared as AUC is."""
    if analysis is None or analysis.lead not in {line.name for line in lines}:
        return ()
    compared = dict.fromkeys(
        metric for method in analysis.methods for metric in method.against_lead
    )
    if _AUC in compared:
        compared[_RELAIMPR] = None
    found = tuple(
        metric
        for metric in compared
        if metric in lines[0].metrics
        and metric in directions
        and (
            metric == analysis.primary
            or marks(lines, metric, directions[metric]).get(analysis.lead) == "best"
        )
    )
    return found if _AUC in found else tuple(metric for metric in found if metric != _RELAIMPR)


def _verdicts(lines: Sequence[Line], metric: str, analysis: Analysis | None) -> dict[str, Mark]:
    assert analysis is not None
    assert analysis.lead is not None
    by = _AUC if metric == _RELAIMPR else metric
    found: dict[str, Mark] = {
        method.name: "tie"
        for method in analysis.methods
        if by in method.against_lead and method.against_lead[by].verdict == "tie"
    }
    found[analysis.lead] = "best"
    return found | {line.name: found[line.model] for line in lines if line.model in found}


def _row(
    line: Line,
    marked: Mapping[str, Mapping[str, Mark]],
    good: Sequence[Record],
    seeds: Sequence[int],
    machines: Sequence[Machine],
) -> Row:
    figures = {
        metric: Figure(figure, marked.get(metric, {}).get(line.name))
        for metric, figure in line.metrics.items()
    }
    of = {
        name: [one for one in good if one["trial"]["method"] == name]
        for name in (line.name, line.model)
    }
    own, shown = of[line.name], of[line.model or line.name]
    measured = cost(own) if own and line.kind != "bound" else None
    validation = None if line.kind == "bound" else _validation(shown, seeds)
    measurers = () if measured is None else machines_of(own)
    places = tuple(place for place, one in enumerate(machines, 1) if one in measurers)
    return Row(line.name, line.kind, figures, line.model, measured, validation, places)


def _validation(records: Sequence[Record], seeds: Sequence[int]) -> Estimate:
    known = {record["trial"]["seed"]: record["validation"].get("logloss") for record in records}
    return estimate(
        [
            Score(known.get(seed), "" if known.get(seed) is not None else "not computed")
            for seed in seeds
        ]
    )
