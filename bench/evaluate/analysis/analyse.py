"""One dataset under one protocol, analysed: what methods' figures on the test query rows mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import scipy

from bench.evaluate.analysis.attainable import attainable_bound
from bench.evaluate.analysis.findings import Analysis, AttainableBound
from bench.evaluate.analysis.method_analysis import (
    Kind,
    References,
    analyse_method,
    without_figures,
)
from bench.evaluate.analysis.notes import NO_ROWS, notes
from bench.evaluate.analysis.scored import Scored, score
from bench.evaluate.analysis.segments import segments
from bench.evaluate.analysis.standings import Standings, standings
from bench.evaluate.inference.comparisons import (
    Table,
    against,
    agree,
    count_rows,
    slices,
    tested_metrics,
)
from bench.evaluate.inference.resampling import LOGLOSS_AND_AUC, resample
from bench.evaluate.query_rows import QueryRows
from bench.interfaces import Metric

__all__ = ["analyse"]

_KINDS: Mapping[str, Kind] = {"method": "method", "base_model": "base_model"}
_OWN: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in LOGLOSS_AND_AUC})


def analyse(
    rows: Sequence[QueryRows],
    kinds: Mapping[str, str],
    best_single: str | None,
    metrics: Mapping[str, Metric] = _OWN,
    primary: str = "logloss",
    *,
    resamples: int = 2000,
    splits: int = 100,
    seed: int = 0,
) -> Analysis:
    """`rows` are one a seed. `kinds` are names to "method" or "base_model", in the order of the result; other kinds, such as
    bounds, are passed over. `best_single` is a base model. `metrics` are the suite's, by name; log loss and AUC are there
    anyway. The lead is the best by the `primary`, one of them.

    Who lacks the primary in some seed is compared with nothing. Bounds, closed gap, regret, win rate and segments are in log
    loss whatever the primary: who lacks a finite one in some seed has none of them."""
    metrics = {**_OWN, **metrics}
    kept = [one for one in rows if len(one.y)]
    named = {name: _KINDS[kind] for name, kind in kinds.items() if kind in _KINDS}
    if not kept:
        empty = tuple(
            without_figures(name, kind, "no test query rows") for name, kind in named.items()
        )
        return Analysis(
            None, None, 0, 0, (), resamples, empty, None, None, None, (), (NO_ROWS,), primary
        )
    scored = score(kept, named)
    ranked = standings(kept, named, metrics[primary])
    single, compared = (
        best_single if best_single in names else None for names in (scored.names, ranked.means)
    )
    attainable = _attainable(scored, splits, resamples, seed)
    tables = _tables(kept, metrics, primary, ranked, compared, resamples, seed)
    references = References(single, _perfect(scored), attainable.logloss, *tables)
    return Analysis(
        compared or single,
        ranked.lead,
        len(np.unique(np.concatenate([one.users for one in kept]))),
        count_rows(kept, [len(one.y) for one in kept]),
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
        tuple(notes(rows, scored, ranked, best_single)),
        primary,
    )


def _tables(
    rows: Sequence[QueryRows],
    metrics: Mapping[str, Metric],
    primary: str,
    ranked: Standings,
    single: str | None,
    resamples: int,
    seed: int,
) -> tuple[Table, Table]:
    """Two tables of comparisons: with best-single, and with the lead."""
    names = tuple(ranked.means)
    if len(names) < 2:
        return {}, {}
    parts = slices(rows, names)
    tested = tested_metrics(metrics[primary], metrics, parts[0])
    resampled = resample(parts, names, metrics=tested, resamples=resamples, seed=seed)
    with_single, with_lead = (
        {} if reference is None else against(resampled, reference)
        for reference in (single, ranked.lead)
    )
    return agree(with_single, with_lead, single, ranked.lead)


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
