"""The best fixed weights of a linear opinion pool, to a proven gap, by a primal-dual interior-point method.

The scale of weights cancels when the objective has their sum added (Kim, Carbonetto, Stephens, Anitescu, "A fast algorithm
for maximum likelihood estimation of mixture proportions", JCGS 2020, eq. 7): minimise, over weights w >= 0 alone,

    sum_n m_n -log(sum_k w_k L_nk) + sum_k w_k      with masses m that add up to 1,

whose solution adds up to 1. A barrier keeps weights above 0, so duplicates share and nothing is singular."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

GAP = 1e-10  # of the mean loss over its minimum, at most
MAX_STEPS = 200
MAX_HALVINGS = 40
CENTRING = 0.1  # share of the complementarity that a step keeps
TO_BOUNDARY = 0.99  # share of the way to a weight of 0 that a step may go
ROUNDING = 1e-14  # of the objective


def pool_weights(losses: np.ndarray, pseudo_rows: np.ndarray | None = None) -> np.ndarray:
    """(K,) float64 weights on the simplex, which minimise the mean cross-entropy of the mixture.

    losses (n, K): the cross-entropy of each model on each row. pseudo_rows (K,): so many further rows on which model k
    alone is right, that is, a Dirichlet prior; with them there may be no rows at all. ArithmeticError where the gap can't
    be closed."""
    pool = _pool(losses, pseudo_rows)
    weights, slack = np.full(losses.shape[1], 1 / losses.shape[1]), np.ones(losses.shape[1])
    for _ in range(MAX_STEPS):
        share = pool.likelihoods * weights
        # (n, K) each model's part in the mixture's likelihood of a row
        share /= share.sum(axis=1, keepdims=True)
        mass = pool.masses @ share  # w_k times the derivative of the mean log-likelihood by w_k
        if (
            mass / weights
        ).max() * weights.sum() <= 1 + GAP:  # Frank-Wolfe gap, an upper bound as the loss is convex
            return np.asarray(weights / weights.sum())
        barrier = CENTRING * float(slack @ weights) / len(weights)
        # Newton's, in dw / w
        curvature = (share.T * pool.masses) @ share + np.diag(slack * weights)
        step = np.linalg.solve(curvature, mass - weights + barrier)
        slack_step = barrier / weights - slack - slack * step
        weights = _shortened(pool, weights, step, barrier)
        slack = slack + _longest(slack_step / slack) * slack_step
    raise ArithmeticError(
        f"opinion pool: no minimum after {MAX_STEPS} Newton steps; are base logits finite?"
    )


class _Pool(NamedTuple):
    likelihoods: np.ndarray  # (n, K), the largest of a row 1: exact where sigmoids saturate
    masses: np.ndarray  # (n,), add up to 1

    def objective(self, weights: np.ndarray, barrier: float) -> float:
        mixed = np.log(self.likelihoods @ weights)
        return float(-self.masses @ mixed + weights.sum() - barrier * np.log(weights).sum())


def _pool(losses: np.ndarray, pseudo_rows: np.ndarray | None) -> _Pool:
    likelihoods, masses = np.exp(losses.min(axis=1, keepdims=True) - losses), np.ones(len(losses))
    if pseudo_rows is not None:
        likelihoods = np.concatenate([likelihoods, np.eye(losses.shape[1])])
        masses = np.concatenate([masses, pseudo_rows])
    return _Pool(likelihoods, masses / masses.sum())


def _longest(relative: np.ndarray) -> float:
    """The share of a step, at most all of it, that keeps what it moves above 0."""
    return float(min(1.0, TO_BOUNDARY / max(-relative.min(), TO_BOUNDARY)))


def _shortened(pool: _Pool, weights: np.ndarray, step: np.ndarray, barrier: float) -> np.ndarray:
    """Weights moved by the step (relative to them), halved until the objective with its barrier is no higher."""
    before = pool.objective(weights, barrier)
    allowed, share = before + ROUNDING * (1 + abs(before)), _longest(step)
    for _ in range(MAX_HALVINGS):
        moved = weights * (1 + share * step)
        if pool.objective(moved, barrier) <= allowed:
            return np.asarray(moved)
        share /= 2
    return weights
