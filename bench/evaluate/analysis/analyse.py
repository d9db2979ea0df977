"""One dataset under one protocol, analysed: what methods' figures on the test query rows mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import scipy

from bench.evaluate.analysis.attainable import attainable_bound
from bench.evaluate.analysis.findings import Analysis, AttainableBound, PlainAverage
from bench.evaluate.analysis.method_analysis import (
    Kind,
    References,
    analyse_method,
    without_figures,
)
from bench.evaluate.analysis.notes import NO_ROWS, notes
from bench.evaluate.analysis.plain_average import AVERAGE, plain_average, with_average
from bench.evaluate.analysis.scored import Scored, score
from bench.evaluate.analysis.segments import segments
from bench.evaluate.analysis.standings import Standings, standings
from bench.evaluate.analysis.user_differences import banded_users
from bench.evaluate.inference.comparisons import Table, count_rows, slices, tested_metrics
from bench.evaluate.inference.pairings import NO_PAIRINGS, Pairings, pairings
from bench.evaluate.inference.resampling import (
    LOGLOSS_AND_AUC,
    Resampled,
    of_metric,
    resample,
    without,
)
from bench.evaluate.query_rows import QueryRows
from bench.interfaces import Metric

__all__ = ["Analysed", "analyse"]

_KINDS: Mapping[str, Kind] = {"method": "method", "base_model": "base_model"}
_OWN: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in LOGLOSS_AND_AUC})


class Analysed(NamedTuple):
    """An analysis, and what further comparisons of it can be made of, after the labels are gone."""

    analysis: Analysis
    resampled: (
        Resampled | None
    )  # of the primary alone; None where fewer than two methods have a value
    evidence: Resampled | None = None  # of all tested metrics; None where no method has a value


def analyse(
    rows: Sequence[QueryRows],
    kinds: Mapping[str, str],
    best_single: str | None,
    metrics: Mapping[str, Metric] = _OWN,
    primary: str = "logloss",
    chosen: str | None = None,
    *,
    resamples: int = 2000,
    splits: int = 100,
    seed: int = 0,
) -> Analysed:
    """`rows` are one a seed. `kinds` are names to "method" or "base_model", in the order of the result; other kinds, such as
    bounds, are passed over. `best_single` is a base model; `chosen` is whom else all are held against. `metrics` are the
    suite's, by name; log loss and AUC are there anyway. The lead is the best by the `primary`, one of them.

    Who lacks the primary in some seed is compared with nothing. Bounds, closed gap, regret, win rate and segments are in log
    loss whatever the primary: who lacks a finite one in some seed has none of them."""
    metrics = {**_OWN, **metrics}
    kept = [one for one in rows if len(one.y)]
    named = {name: _KINDS[kind] for name, kind in kinds.items() if kind in _KINDS}
    if not kept:
        return Analysed(_without_rows(named, resamples, primary, chosen), None)
    scored = score(kept, named)
    ranked = standings(kept, named, metrics[primary])
    single, found_single = (
        best_single if best_single in names else None for names in (scored.names, ranked.means)
    )
    attainable = _attainable(scored, splits, resamples, seed)
    compared = _compare(
        kept, scored, ranked, metrics, primary, found_single, chosen, resamples, seed
    )
    references = References(
        single,
        _perfect(scored),
        attainable.logloss,
        compared.pairings,
        compared.against_average,
        banded_users(scored),
    )
    counts = [len(one.y) for one in kept], [int(one.y.sum()) for one in kept]
    analysis = Analysis(
        found_single or single,
        ranked.lead,
        len(np.unique(np.concatenate([one.users for one in kept]))),
        count_rows(kept, counts[0]),
        tuple(one.seed for one in kept),
        resamples,
        tuple(
            without_figures(name, kind, scored.lacks[name], references)
            if name in scored.lacks
            else analyse_method(scored, name, kind, references)
            for name, kind in named.items()
        ),
        attainable,
        references.perfect,
        _optimum(kept),
        segments(kept, scored.names, single, resamples, seed) if scored.names else (),
        tuple(notes(rows, scored, ranked, best_single, compared.methods)),
        primary,
        chosen,
        compared.average,
        None if single is None else scored.mean(single),
        count_rows(kept, counts[1]),
    )
    kept_resamples = None if compared.methods is None else of_metric(compared.methods, primary)
    return Analysed(analysis, kept_resamples, compared.evidence)


class _Compared(NamedTuple):
    pairings: Pairings
    average: PlainAverage | None
    against_average: Table
    methods: (
        Resampled | None
    )  # their resamples, without the plain average; None where fewer than two have a value
    evidence: Resampled | None  # the same, of one method too


def _compare(
    rows: Sequence[QueryRows],
    scored: Scored,
    ranked: Standings,
    metrics: Mapping[str, Metric],
    primary: str,
    single: str | None,
    chosen: str | None,
    resamples: int,
    seed: int,
) -> _Compared:
    resampled = _resampled(with_average(rows, scored), metrics, primary, ranked, resamples, seed)
    if resampled is None:
        return _Compared(NO_PAIRINGS, None, {}, None, None)
    if len(ranked.means) < 2:
        return _Compared(NO_PAIRINGS, None, {}, None, without(resampled, AVERAGE))
    average, against_average, methods = plain_average(resampled, single)
    found = pairings(methods, single, ranked.lead, chosen)
    return _Compared(found, average, against_average, methods, methods)


def _without_rows(
    named: Mapping[str, Kind], resamples: int, primary: str, chosen: str | None
) -> Analysis:
    empty = tuple(without_figures(name, kind, "no test query rows") for name, kind in named.items())
    return Analysis(
        None, None, 0, 0, (), resamples, empty, None, None, None, (), (NO_ROWS,), primary, chosen
    )  # fmt: skip


def _resampled(
    rows: Sequence[QueryRows],
    metrics: Mapping[str, Metric],
    primary: str,
    ranked: Standings,
    resamples: int,
    seed: int,
) -> Resampled | None:
    """The methods that have a value, and the plain average where the rows have it; None where no method has one."""
    if not ranked.means:
        return None
    names = (*ranked.means, *([AVERAGE] if AVERAGE in rows[0].logits else []))
    parts = slices(rows, names)
    tested = tested_metrics(metrics[primary], metrics, parts[0])
    return resample(parts, names, metrics=tested, resamples=resamples, seed=seed)


def _attainable(scored: Scored, splits: int, resamples: int, seed: int) -> AttainableBound:
    if scored.no_pool:
        return AttainableBound(None, None, None, splits, scored.no_pool)
    return attainable_bound(scored.rows, splits, resamples, seed)


def _perfect(scored: Scored) -> float | None:
    """Log loss where each user has their best model, mean over seeds."""
    if scored.no_pool:
        return None
    return float(
        np.mean([one.of_pool().min(axis=1).sum() / one.rows.sum() for one in scored.losses])
    )


def _optimum(rows: Sequence[QueryRows]) -> float | None:
    """Mean entropy of the truth, sum_y p(y) softplus(-+z): what its log loss is expected to be. Mean over seeds."""
    known = [one.true_logits.astype(np.float64) for one in rows if one.true_logits is not None]
    if len(known) < len(rows):
        return None
    return float(
        np.mean(
            [
                (
                    scipy.special.expit(z) * np.logaddexp(0, -z)
                    + scipy.special.expit(-z) * np.logaddexp(0, z)
                ).mean()
                for z in known
            ]
        )
    )
