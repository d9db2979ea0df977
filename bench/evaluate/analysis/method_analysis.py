"""All that is found of one method or base model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import numpy as np

from bench.evaluate.analysis.adaptation_effect import adaptation_effect
from bench.evaluate.analysis.calibration import calibration
from bench.evaluate.analysis.findings import Calibration, ClosedGap, MethodAnalysis
from bench.evaluate.analysis.scored import Scored
from bench.evaluate.analysis.user_differences import BandedUsers, user_differences
from bench.evaluate.analysis.user_figures import (
    chosen_shares,
    mean_entropy,
    regret,
    selection_accuracy,
    win_rate,
)
from bench.evaluate.analysis.user_losses import EQUAL
from bench.evaluate.inference.comparisons import Table
from bench.evaluate.inference.pairings import NO_PAIRINGS, Pairings
from bench.evaluate.printed import printed

__all__ = ["Kind", "References", "analyse_method", "without_figures"]

LEAST_GAP = 1e-3  # in log loss: a share of less than that is a difference over next to nothing, and tells nothing
_NO_CHOICE = "for every user several base models share the highest mean weight"

Kind = Literal["method", "base_model"]


class References(NamedTuple):
    """What methods are held against."""

    best_single: str | None
    perfect: float | None  # log loss of the perfect user-level selector, mean over seeds
    attainable: float | None
    pairings: Pairings
    against_average: Table
    bands: tuple[BandedUsers, ...]


def analyse_method(scored: Scored, name: str, kind: Kind, references: References) -> MethodAnalysis:
    """`name` is one of scored.names."""
    single = references.best_single
    weights = [one.weights[name] for one in scored.rows if name in one.weights]
    weighs = len(weights) == len(scored.rows)
    chooses = weighs and not scored.no_pool
    accuracy = selection_accuracy(scored.losses, weights) if chooses else None
    return MethodAnalysis(
        name,
        kind,
        references.pairings.with_single.get(name, {}),
        references.pairings.with_lead.get(name, {}),
        _closed_gap(scored, name, references),
        calibration(scored.rows, name),
        regret(scored.losses, name, single) if single and not scored.no_pool else None,
        win_rate(scored.losses, name, single) if single else None,
        accuracy,
        _mean([mean_entropy(of_seed) for of_seed in weights]) if weighs else None,
        selection_reason=_NO_CHOICE if chooses and accuracy is None else "",
        adaptation=adaptation_effect(scored.rows, name)
        if all(name in one.adaptations for one in scored.rows)
        else None,
        against_chosen=references.pairings.with_chosen.get(name, {}),
        against_average=references.against_average.get(name, {}),
        users=user_differences(scored.losses, name, single, references.bands)
        if single and name != single
        else None,
        chosen_shares=chosen_shares(scored.losses, weights) if chooses else None,
    )


def without_figures(
    name: str, kind: Kind, reason: str, references: References | None = None
) -> MethodAnalysis:
    """Of one that has no finite log loss in some seed; it may be compared by another metric."""
    with_single, with_lead, with_chosen = NO_PAIRINGS if references is None else references.pairings
    return MethodAnalysis(
        name,
        kind,
        with_single.get(name, {}),
        with_lead.get(name, {}),
        ClosedGap(None, None, reason),
        Calibration(None, None),
        None,
        None,
        None,
        None,
        against_chosen=with_chosen.get(name, {}),
        against_average={} if references is None else references.against_average.get(name, {}),
    )


def _closed_gap(scored: Scored, name: str, references: References) -> ClosedGap:
    if references.best_single is None:
        return ClosedGap(None, None, "no best-single")
    if references.perfect is None or references.attainable is None:
        return ClosedGap(None, None, scored.no_pool)
    loss, single = scored.mean(name), scored.mean(references.best_single)
    perfect, attainable = (
        _share(loss, single, bound) for bound in (references.perfect, references.attainable)
    )
    gaps = {"perfect": single - references.perfect, "attainable": single - references.attainable}
    return ClosedGap(perfect, attainable, "; ".join(_why_no_share(gaps, single)))


def _share(loss: float, single: float, bound: float) -> float | None:
    return (single - loss) / (single - bound) if single - bound >= LEAST_GAP else None


def _why_no_share(gaps: Mapping[str, float], single: float) -> Iterator[str]:
    none = [bound for bound, gap in gaps.items() if gap <= EQUAL * abs(single)]
    small = [bound for bound, gap in gaps.items() if bound not in none and gap < LEAST_GAP]
    if none:
        yield f"{_bounds(none)} no better than best-single"
    if small:
        yield f"{_bounds(small)} less than {printed('logloss', LEAST_GAP)} below best-single"


def _bounds(names: list[str]) -> str:
    return (
        f"the {names[0]} bound is"
        if len(names) == 1
        else f"the {' and the '.join(names)} bound are"
    )


def _mean(values: list[float] | list[float | None]) -> float | None:
    """None where a seed has none."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None
