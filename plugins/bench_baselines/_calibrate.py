"""Every user's own intercept and slope on a given logit: ridge-penalised logistic regressions, all users at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from bench_baselines._losses import log_losses, sum_by_user, user_of_row

MAX_STEPS = 100
MAX_HALVINGS = 40
TOLERANCE = 1e-10  # of the coefficients
ROUNDING = 1e-13  # of the objective, relative


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
    """(users, 2): each user's intercept b and the slope's excess d over 1, which minimise

        sum over the user's rows of crossentropy(y, b + (1 + d) z)  +  (intercept strength b^2 + slope strength d^2) / 2

    by Newton's method; a step that does not lower a user's objective is halved. Both are 0 where there are no rows."""
    coefficients = np.zeros((len(support.ptr) - 1, 2))
    for _ in range(MAX_STEPS):
        moved = _shortened(support, strengths, coefficients, _newton_step(support, strengths, coefficients))
        converged = np.allclose(moved, coefficients, rtol=TOLERANCE, atol=TOLERANCE)
        coefficients = moved
        if converged:
            return coefficients
    raise ArithmeticError(f"calibration: no minimum after {MAX_STEPS} Newton steps; use larger ridge strengths")


def calibrated(logits: np.ndarray, ptr: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """(n,): b + (1 + d) z with the coefficients of each row's user."""
    intercept, excess = coefficients[user_of_row(ptr)].T
    return np.asarray(intercept + (1 + excess) * logits)


def _newton_step(support: Support, strengths: Strengths, coefficients: np.ndarray) -> np.ndarray:
    """(users, 2): (H + R)^-1 (g + R c), R the strengths and V their inverse, written (V H + I)^-1 (V g + c): an infinite
    strength is then a row of the identity, and its coefficient stays at exactly 0."""
    z, ptr = support.logits, support.ptr
    p = expit(calibrated(z, ptr, coefficients))
    residual, curvature = p - support.labels, p * (1 - p)
    h0, h1, h2 = (sum_by_user(values, ptr) for values in (curvature, curvature * z, curvature * z * z))
    v0, v1 = 1 / np.asarray(strengths)
    r0 = v0 * sum_by_user(residual, ptr) + coefficients[:, 0]
    r1 = v1 * sum_by_user(residual * z, ptr) + coefficients[:, 1]
    s00, s01, s10, s11 = 1 + v0 * h0, v0 * h1, v1 * h1, 1 + v1 * h2  # (users,) each: V H + I
    solved = np.stack([s11 * r0 - s01 * r1, s00 * r1 - s10 * r0], axis=1)
    return np.asarray(solved / (s00 * s11 - s01 * s10)[:, None])


def _shortened(support: Support, strengths: Strengths, coefficients: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Coefficients less each user's step, halved until the user's objective is no higher than before."""
    allowed = _objective(support, strengths, coefficients) * (1 + ROUNDING) + ROUNDING
    share = np.ones((len(step), 1))
    for _ in range(MAX_HALVINGS):
        higher = _objective(support, strengths, coefficients - share * step) > allowed
        if not higher.any():
            break
        share[higher] /= 2
    return np.asarray(coefficients - share * step)


def _objective(support: Support, strengths: Strengths, coefficients: np.ndarray) -> np.ndarray:
    """(users,)"""
    losses = log_losses(calibrated(support.logits, support.ptr, coefficients), support.labels)
    ridge = np.where(np.isinf(strengths), 0, strengths)  # the coefficient of an infinite one is 0
    return np.asarray(sum_by_user(losses, support.ptr) + coefficients**2 @ ridge / 2)
