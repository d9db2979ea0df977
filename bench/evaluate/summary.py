"""What is derived from the records of one dataset and protocol: best-single, RelaImpr, means over seeds."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.evaluate.metrics.metrics import relaimpr
from bench.interfaces import Score
from bench.job.outcome import of_record

__all__ = ["BEST_SINGLE", "Estimate", "Line", "best_single", "estimate", "summarise"]

BEST_SINGLE = "best-single"
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Estimate:
    """A figure over seeds. `mean` is of the seeds where it is defined, None where there are none; `sd` is the sample
    standard deviation, None below two; `reason` says why the first undefined one is so."""

    values: tuple[float | None, ...]  # one a seed, in the order of the run's seeds
    mean: float | None
    sd: float | None
    reason: str = ""

    @property
    def defined(self) -> int:
        """Number of seeds with a value."""
        return sum(value is not None for value in self.values)

    @property
    def complete(self) -> bool:
        """Whether there are seeds and each has a value."""
        return 0 < len(self.values) == self.defined


@dataclass(frozen=True)
class Line:
    """A method, base model, bound or best-single (then `model` is the base model that it names) with its metrics."""

    name: str
    kind: str
    metrics: Mapping[str, Estimate]
    model: str | None = None


def best_single(records: Iterable[Record]) -> dict[tuple[str, str], str]:
    """(dataset, protocol) to its best base model by mean validation log loss over seeds: one model for all seeds, chosen
    without test labels. A model that failed for a seed of its peers can't be it; without any left, the key is absent."""
    losses: dict[tuple[str, str], dict[str, dict[int, float]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for record in records:
        trial = record["trial"]
        if record["kind"] == "base_model":
            of_model = losses[trial["dataset"], trial["protocol"]][trial["method"]]
            loss = record["validation"].get("logloss") if of_record(record).ok else None
            if loss is not None:
                of_model[trial["seed"]] = loss
    best = {key: _lowest(of_models) for key, of_models in losses.items()}
    return {key: model for key, model in best.items() if model is not None}


def summarise(
    kinds: Mapping[str, str],
    records: Iterable[Record],
    seeds: Sequence[int],
    metrics: Sequence[str],
    relaimpr_base: str = BEST_SINGLE,
) -> tuple[Line, ...]:
    """A line for each name of `kinds` (name to kind), in its order, and one for best-single where there is one. `records`
    are of one dataset and protocol; `relaimpr_base` is best-single or a name."""
    of = {(record["trial"]["method"], record["trial"]["seed"]): record for record in records}
    single = next(iter(best_single(of.values()).values()), None)
    base = single if relaimpr_base == BEST_SINGLE else relaimpr_base
    lines = [
        Line(name, kind, _estimates(of, name, base, seeds, metrics)) for name, kind in kinds.items()
    ]
    if single is not None:
        lines.append(
            Line(BEST_SINGLE, "best_single", _estimates(of, single, base, seeds, metrics), single)
        )
    return tuple(lines)


def estimate(scores: Sequence[Score]) -> Estimate:
    """Over seeds, of a score each."""
    values = [score.value for score in scores if score.value is not None]
    return Estimate(
        tuple(score.value for score in scores),
        statistics.fmean(values) if values else None,
        statistics.stdev(values) if len(values) > 1 else None,
        next((score.reason for score in scores if score.value is None), ""),
    )


def _lowest(models: Mapping[str, Mapping[int, float]]) -> str | None:
    seeds = {seed for of_model in models.values() for seed in of_model}
    complete = {
        name: statistics.fmean(loss.values())
        for name, loss in models.items()
        if seeds and loss.keys() == seeds
    }
    return min(complete, key=complete.__getitem__, default=None)


def _estimates(
    records: Mapping[tuple[str, int], Record],
    name: str,
    base: str | None,
    seeds: Sequence[int],
    metrics: Sequence[str],
) -> dict[str, Estimate]:
    def score(metric: str, seed: int) -> Score:
        record = records.get((name, seed))
        if metric != "relaimpr" or record is None or not of_record(record).ok:
            return _score(record, metric)
        if base is None:
            return Score(None, "no base model has a validation log loss for every seed")
        return relaimpr(_score(record, "auc").value, _score(records.get((base, seed)), "auc").value)

    return {metric: estimate([score(metric, seed) for seed in seeds]) for metric in metrics}


def _score(record: Record | None, metric: str) -> Score:
    if record is None:
        return Score(None, "missing")
    outcome = of_record(record)
    if not outcome.ok:
        return Score(None, outcome.label)
    score = record["metrics"].get(metric)
    if not score:
        return Score(None, "not computed")
    invalid = "invalid: " if score.get("invalid") else ""
    return Score(score["value"], f"{invalid}{score.get('reason', '')}")
