"""Every user's own intercept and slope on a given logit: ridge-penalised logistic regressions, all users at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench_baselines._losses import log_losses, sum_by_user, user_of_row

MAX_STEPS = 100
MAX_HALVINGS = 40
CONVERGED = 1e-9  # largest step of any coefficient


class Strengths(NamedTuple):
    """Ridge strengths of the two coefficients; infinite: the coefficient stays at 0."""

    intercept: float
    slope: float


class Support(NamedTuple):
    """What a fit reads, n rows grouped by user."""

    logits: np.ndarray  # (n,) float64
    labels: np.ndarray  # (n,)
    ptr: np.ndarray  # (users + 1,)


def calibrate(support: Support, strengths: Strengths) -> np.ndarray:
    """(users, 2): each user's intercept b and slope's excess d, which minimise

        sum over the user's rows of crossentropy(y, b + (1 + d) z)  +  (intercept strength b^2 + slope strength d^2) / 2

    by Newton's method; a step that does not lower a user's objective is halved. Both are 0 where there are no rows."""
    variances = 1 / np.asarray(strengths, dtype=np.float64)  # of the prior; 0 where the strength is infinite
    coefficients = np.zeros((len(support.ptr) - 1, 2))
    for _ in range(MAX_STEPS):
        step = _newton_step(support, coefficients, variances)
        moved = _shortened(support, coefficients, step, variances)
        largest = np.abs(moved - coefficients).max(initial=0.0)
        coefficients = moved
        if largest < CONVERGED:
            break
    return coefficients


def calibrated(logits: np.ndarray, ptr: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """(n,): b + (1 + d) z with each row's user's own coefficients."""
    intercept, excess = coefficients[user_of_row(ptr)].T
    return np.asarray(intercept + (1 + excess) * logits)


def _newton_step(support: Support, coefficients: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """(users, 2): (H + V^-1)^-1 (g + V^-1 c), written (V H + I)^-1 (V g + c) so that a variance of 0 needs no case."""
    z = support.logits
    p = 1 / (1 + np.exp(-calibrated(z, support.ptr, coefficients)))
    residual, curvature = p - support.labels, p * (1 - p)
    gradient = _by_user([residual, residual * z], support.ptr)  # (users, 2)
    h = _by_user([curvature, curvature * z, curvature * z * z], support.ptr)  # (users, 3)
    hessian = h[:, [[0, 1], [1, 2]]]  # (users, 2, 2)
    system = variances[:, None] * hessian + np.eye(2)
    return np.asarray(np.linalg.solve(system, (variances * gradient + coefficients)[..., None])[..., 0])


def _shortened(support: Support, coefficients: np.ndarray, step: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Coefficients less each user's step, halved until the user's objective is no higher than before."""
    before = _objective(support, coefficients, variances)
    share = np.ones((len(step), 1))
    for _ in range(MAX_HALVINGS):
        moved = coefficients - share * step
        higher = _objective(support, moved, variances) > before + 1e-12 * (1 + before)  # beyond rounding
        if not higher.any():
            break
        share[higher] /= 2
    return coefficients - share * step
