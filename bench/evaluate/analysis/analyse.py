"""One dataset under one protocol, analysed: what methods' figures on the test query rows mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.special import expit

from bench.evaluate.analysis.attainable import attainable_bound
from bench.evaluate.analysis.findings import Analysis, AttainableBound
from bench.evaluate.analysis.method_analysis import Kind, References, analyse_method, without_figures
from bench.evaluate.analysis.scored import Scored, score
from bench.evaluate.analysis.segments import EXPLORATORY, segments
from bench.evaluate.inference.comparisons import against, count_rows, slices
from bench.evaluate.inference.paired import Paired
from bench.evaluate.inference.resampling import resample
from bench.evaluate.query_rows import QueryRows

__all__ = ["analyse"]

_KINDS: Mapping[str, Kind] = {"method": "method", "base_model": "base_model"}
_LEAD = "the lead is chosen by the rows that it is compared on: its differences from others are too large, more so near ties"


def analyse(
    rows: Sequence[QueryRows],
    kinds: Mapping[str, str],
    best_single: str | None,
    *,
    resamples: int = 2000,
    splits: int = 100,
    seed: int = 0,
) -> Analysis:
    """`rows` are one a seed. `kinds` are names to "method" or "base_model", in the order of the result; other kinds, such as
    bounds, are passed over. `best_single` is a base model.

    Who has no result in some seed, or no finite log loss, is compared with nothing: all its figures are None."""
    kept = [one for one in rows if len(one.y)]
    named = {name: _KINDS[kind] for name, kind in kinds.items() if kind in _KINDS}
    if not kept:
        empty = tuple(without_figures(name, kind, "no test query rows") for name, kind in named.items())
        return Analysis(None, None, 0, 0, (), resamples, empty, None, None, None, (), ("no test query rows",))
    scored = score(kept, named)
    single = best_single if best_single in scored.names else None
    lead = min(scored.names, key=scored.mean, default=None)
    attainable = _attainable(scored, splits, resamples, seed)
    tables = _tables(scored, (single, lead), resamples, seed)
    references = References(single, _perfect(scored), attainable.logloss, *tables)
    return Analysis(
        single,
        lead,
        len(np.unique(np.concatenate([one.users for one in kept]))),
        count_rows(kept, [len(one.y) for one in kept]),
        tuple(one.seed for one in kept),
        resamples,
        tuple(
            without_figures(name, kind, scored.lacks[name])
            if name in scored.lacks
            else analyse_method(scored, name, kind, references)
            for name, kind in named.items()
        ),
        attainable,
        references.perfect,
        _optimum(kept),
        segments(kept, scored.names, single, resamples, seed) if scored.names else (),
        tuple(_notes(rows, scored, best_single)),
    )


def _tables(scored: Scored, of: Sequence[str | None], resamples: int, seed: int) -> list[dict[str, dict[str, Paired]]]:
    if len(scored.names) < 2:
        return [{} for _ in of]
    resampled = resample(slices(scored.rows, scored.names), scored.names, resamples=resamples, seed=seed)
    return [{} if reference is None else against(resampled, reference) for reference in of]


def _attainable(scored: Scored, splits: int, resamples: int, seed: int) -> AttainableBound:
    if scored.no_pool:
        return AttainableBound(None, None, None, splits, scored.no_pool)
    return attainable_bound(scored.rows, splits, resamples, seed)


def _perfect(scored: Scored) -> float | None:
    """Log loss where each user has their best model, mean over seeds."""
    if scored.no_pool:
        return None
    return float(np.mean([one.of_pool().min(axis=1).sum() / one.rows.sum() for one in scored.losses]))


def _optimum(rows: Sequence[QueryRows]) -> float | None:
    """Mean entropy of the truth, sum_y p(y) softplus(-+z): what its log loss is expected to be. Mean over seeds."""
    known = [one.true_logits.astype(np.float64) for one in rows if one.true_logits is not None]
    if len(known) < len(rows):
        return None
    return float(np.mean([(expit(z) * np.logaddexp(0, -z) + expit(-z) * np.logaddexp(0, z)).mean() for z in known]))


def _notes(rows: Sequence[QueryRows], scored: Scored, best_single: str | None) -> Iterator[str]:
    empty = [str(one.seed) for one in rows if not len(one.y)]
    if empty:
        yield f"no test query rows in seed {', '.join(empty)}"
    for name, why in scored.lacks.items():
        yield f"{name}: {why}, so it is left out of comparisons"
    if best_single is None:
        yield "no best-single: nothing is compared with it, and there is no closed gap, regret or win rate"
    elif best_single not in scored.names:
        yield f"best-single {best_single} has no result to compare with, and there is no closed gap, regret or win rate"
    if scored.no_pool:
        yield f"no bounds, regret or selection accuracy: {scored.no_pool}"
    if len(scored.names) > 1:
        yield _LEAD
        yield EXPLORATORY
