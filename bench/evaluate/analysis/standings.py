"""Who can be compared by the metric that verdicts are about, and who leads by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bench.evaluate.metrics.asked import ask
from bench.evaluate.printed import called
from bench.evaluate.query_rows import QueryRows
from bench.interfaces import Metric

__all__ = ["Standings", "standings"]


class Standings(NamedTuple):
    means: Mapping[str, float]  # over seeds, of each name with a value in every one
    lacks: Mapping[str, str]  # why each other name has none
    lead: str | None  # the best mean; the first of equals


def standings(rows: Sequence[QueryRows], names: Iterable[str], metric: Metric) -> Standings:
    """Of `names` by `metric`. `rows` are one a seed, none empty."""
    means: dict[str, float] = {}
    lacks: dict[str, str] = {}
    for name in names:
        values, lack = _values(rows, name, metric)
        if lack:
            lacks[name] = lack
        else:
            means[name] = float(np.mean(values))
    choose = max if metric.higher_is_better else min
    return Standings(means, lacks, choose(means, key=means.__getitem__, default=None))


def _values(rows: Sequence[QueryRows], name: str, metric: Metric) -> tuple[list[float], str]:
    """One a seed; or why there are not so many."""
    missing = [str(one.seed) for one in rows if name not in one.logits]
    if missing:
        return [], f"no result in seed {', '.join(missing)}"
    scores = [ask(metric, one.scored, one.logits[name]) for one in rows]
    undefined = [
        str(one.seed) for one, score in zip(rows, scores, strict=True) if score.value is None
    ]
    if undefined:
        reason = next(score.reason for score in scores if score.value is None)
        what = f"{'finite ' if metric.name == 'logloss' else ''}{called(metric.name)}"
        return [], f"no {what} in seed {', '.join(undefined)}{f' ({reason})' if reason else ''}"
    return [score.value for score in scores if score.value is not None], ""
