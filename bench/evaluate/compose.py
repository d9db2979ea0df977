"""The analysis of one dataset under one protocol, from the rows of all seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from bench.evaluate.analysis import (
    Analysis,
    AttainableBound,
    Calibration,
    ClosedGap,
    MethodAnalysis,
    QueryRows,
    Regret,
)
from bench.evaluate.attainable import attainable_bound
from bench.evaluate.by_user import TIE, ByUser, entropy
from bench.evaluate.calibration import calibration_in_the_large, expected_calibration_error
from bench.evaluate.paired import Paired, adjust, paired
from bench.evaluate.resampling import Resampled, Slice, resample
from bench.evaluate.segments import segments

__all__ = ["analyse"]

_HIGHER_IS_BETTER = {"logloss": False, "auc": True}


def analyse(
    rows: Sequence[QueryRows],
    kinds: Mapping[str, str],
    best_single: str | None,
    *,
    resamples: int = 2000,
    splits: int = 100,
    seed: int = 0,
) -> Analysis:
    """`rows`: one entry a seed; `kinds`: name to "method" or "base_model"; `best_single`: the base model chosen on validation
    users. A name that lacks a seed is left out, and noted."""
    names = [name for name in kinds if all(name in one.logits for one in rows)]
    notes = [f"{name} is not compared: a seed lacks its result" for name in kinds if name not in names]
    if best_single not in names:
        notes.append("there is no best-single to compare with: no base model has a result in every seed")
        best_single = None
    of_seeds = [ByUser(one) for one in rows]
    drawn = resample(_slices(rows, names), names, resamples=resamples, seed=seed)
    lead = _lead(drawn)
    pooled = bool(rows[0].pool) and all(one.pool == rows[0].pool for one in rows)
    bound = attainable_bound(of_seeds, resamples=resamples, splits=splits, seed=seed) if pooled else None
    return Analysis(
        best_single=best_single,
        lead=lead,
        users=drawn.users,
        rows=len(rows[0].y),
        seeds=tuple(one.seed for one in rows),
        resamples=resamples,
        methods=_Methods(of_seeds, drawn, kinds, best_single, lead, bound, pooled).all(),
        attainable=bound,
        perfect_user_logloss=_perfect_user(of_seeds) if pooled else None,
        optimum_logloss=_optimum(rows),
        segments=segments(rows, names, best_single, resamples=resamples, seed=seed),
        notes=tuple(notes),
    )


def _slices(rows: Sequence[QueryRows], names: Sequence[str]) -> list[Slice]:
    return [Slice(one.y, one.users, np.stack([one.logits[name] for name in names])) for one in rows]


def _lead(drawn: Resampled) -> str | None:
    losses = drawn.values["logloss"].mean(axis=0)
    return drawn.names[int(np.nanargmin(losses))] if np.isfinite(losses).any() else None


def _perfect_user(of_seeds: Sequence[ByUser]) -> float | None:
    return _known([(one.best_loss * one.counts).sum() / one.counts.sum() for one in of_seeds])


def _optimum(rows: Sequence[QueryRows]) -> float | None:
    """Expected log loss of the true probabilities: the entropy of p = sigmoid(z) is softplus(z) - z p."""
    truths = [one.true_logits for one in rows if one.true_logits is not None]
    if len(truths) < len(rows):
        return None
    return _known([float((np.logaddexp(0.0, z) - z * expit(z)).mean()) for z in truths])


def _known(values: Sequence[float]) -> float | None:
    """The mean; None where a value is not finite."""
    mean = float(np.mean(values))
    return mean if np.isfinite(mean) else None


@dataclass(frozen=True)
class _Methods:
    of_seeds: Sequence[ByUser]
    drawn: Resampled
    kinds: Mapping[str, str]
    best_single: str | None
    lead: str | None
    bound: AttainableBound | None
    pooled: bool  # every seed has the same pool

    def all(self) -> tuple[MethodAnalysis, ...]:
        against_single, against_lead = self._against(self.best_single), self._against(self.lead)
        return tuple(
            MethodAnalysis(
                name=name,
                kind=self.kinds[name],  # type: ignore[arg-type]
                against_best_single=against_single[name],
                against_lead=against_lead[name],
                closed_gap=self._closed_gap(name),
                calibration=self._calibration(name),
                regret=self._regret(name),
                win_rate=self._win_rate(name),
                selection_accuracy=self._selection_accuracy(name),
                entropy=self._entropy(name),
            )
            for name in self.drawn.names
        )

    def _against(self, reference: str | None) -> dict[str, dict[str, Paired]]:
        """By method and metric; Holm over the methods, each metric a family."""
        found: dict[str, dict[str, Paired]] = {name: {} for name in self.drawn.names}
        if reference is None:
            return found
        for metric, higher in _HIGHER_IS_BETTER.items():
            family = {
                name: paired(self.drawn, name, reference, metric, higher_is_better=higher)
                for name in self.drawn.names
                if name != reference
            }
            for name, comparison in adjust(family).items():
                found[name][metric] = comparison
        return found

    def _loss(self, name: str) -> float:
        return float(self.drawn.values["logloss"][:, self.drawn.names.index(name)].mean())

    def _closed_gap(self, name: str) -> ClosedGap:
        if self.best_single is None:
            return ClosedGap(None, None, "there is no best-single")
        start, loss = self._loss(self.best_single), self._loss(name)
        perfect = _perfect_user(self.of_seeds) if self.pooled else None
        attainable = self.bound.logloss if self.bound is not None else None
        shares = [_share(start, loss, bound) for bound in (perfect, attainable)]
        reason = "" if None not in shares else "a bound is no better than best-single"
        return ClosedGap(shares[0], shares[1], reason)

    def _calibration(self, name: str) -> Calibration:
        logits = [(one.rows.y, one.rows.logits[name]) for one in self.of_seeds]
        return Calibration(
            _known([expected_calibration_error(*each) for each in logits]),
            _known([calibration_in_the_large(*each) for each in logits]),
        )

    def _regret(self, name: str) -> Regret | None:
        if not self.pooled or self.best_single is None:
            return None
        regrets = np.concatenate([one.losses[name] - one.best_loss for one in self.of_seeds])
        worse = np.concatenate([one.losses[name] > one.losses[self.best_single] + TIE for one in self.of_seeds])
        if not np.isfinite(regrets).all():
            return None
        return Regret(float(regrets.mean()), float(np.quantile(regrets, 0.9)), float(worse.mean()))

    def _win_rate(self, name: str) -> float | None:
        if self.best_single is None or name == self.best_single:
            return None
        gains = np.concatenate([one.losses[self.best_single] - one.losses[name] for one in self.of_seeds])
        return float(np.where(gains > TIE, 1.0, np.where(gains < -TIE, 0.0, 0.5)).mean())

    def _selection_accuracy(self, name: str) -> float | None:
        """Choosing any model that ties with the best is right."""
        if not self.pooled or any(name not in one.rows.weights for one in self.of_seeds):
            return None
        right = []
        for one in self.of_seeds:
            chosen = one.pool_losses[np.arange(len(one.users)), one.chosen(name)]
            right.append(chosen <= one.best_loss + TIE)
        return float(np.concatenate(right).mean())

    def _entropy(self, name: str) -> float | None:
        if any(name not in one.rows.weights or len(one.rows.pool) < 2 for one in self.of_seeds):
            return None
        return _known([entropy(o.rows.weights[name]).mean() / np.log(len(o.rows.pool)) for o in self.of_seeds])


def _share(start: float, loss: float, bound: float | None) -> float | None:
    return (start - loss) / (start - bound) if bound is not None and start > bound else None
