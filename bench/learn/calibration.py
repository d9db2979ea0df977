"""Every user's own intercept and slope on a given logit: ridge-penalised logistic regressions, all users at once.

Platt scaling (1999), a regression a user, shrunk towards doing nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from bench.data.views.by_user import sum_by_user, user_of_row

__all__ = [
    "Strengths",
    "Support",
    "calibrate",
    "calibrate_by_user",
    "calibrated",
    "choose_strengths",
]

MAX_STEPS = 100
MAX_HALVINGS = 40
TOLERANCE = 1e-10  # of the coefficients
ROUNDING = 1e-13  # of the objective, relative


class Strengths(NamedTuple):
    """Ridge strengths of the two coefficients, above 0; infinite: the coefficient stays at exactly 0."""

    intercept: float
    slope: float


class Support(NamedTuple):
    """What a fit reads, n rows grouped by user."""

    logits: np.ndarray  # (n,) float64
    labels: np.ndarray  # (n,)
    ptr: np.ndarray  # (users + 1,)


def calibrate_by_user(
    support_logits: np.ndarray,
    support_labels: np.ndarray,
    support_ptr: np.ndarray,
    query_logits: np.ndarray,
    query_ptr: np.ndarray,
    strengths: Strengths,
) -> np.ndarray:
    """(n,) float64: query_logits (n,) with the intercept and slope that each user's support gives.

    The pointers (users + 1,) delimit the users' rows. Where a user has no support, and everywhere where both strengths are
    infinite, the logits are query_logits themselves."""
    support = Support(np.asarray(support_logits, dtype=np.float64), support_labels, support_ptr)
    return calibrated(
        np.asarray(query_logits, dtype=np.float64), query_ptr, calibrate(support, strengths)
    )


def choose_strengths(
    support_logits: np.ndarray,
    support_labels: np.ndarray,
    support_ptr: np.ndarray,
    query_logits: np.ndarray,
    query_labels: np.ndarray,
    query_ptr: np.ndarray,
    intercepts: Iterable[float],
    slopes: Iterable[float],
) -> Strengths:
    """Of all pairs of strengths the one with the lowest log loss on the query (of validation users).

    Pairs are tried from the strongest on, so that a tie goes to the one that does least; slopes (inf,) is no slope."""
    strongest_first = (sorted(each, reverse=True) for each in (intercepts, slopes))
    candidates = [Strengths(*pair) for pair in product(*strongest_first)]
    losses = []
    for strengths in candidates:
        logits = calibrate_by_user(
            support_logits, support_labels, support_ptr, query_logits, query_ptr, strengths
        )
        losses.append(_log_losses(logits, query_labels).mean())
    return candidates[int(np.argmin(losses))]  # of several the first


def calibrate(support: Support, strengths: Strengths) -> np.ndarray:
    """(users, 2): each user's intercept b and the slope's excess d over 1, which minimise

        sum over the user's rows of crossentropy(y, b + (1 + d) z)  +  (intercept strength b^2 + slope strength d^2) / 2

    by Newton's method; a step that does not lower a user's objective is halved. Both are 0 where there are no rows."""
    coefficients = np.zeros((len(support.ptr) - 1, 2))
    for _ in range(MAX_STEPS):
        step = _newton_step(support, strengths, coefficients)
        moved = _shortened(support, strengths, coefficients, step)
        converged = np.allclose(moved, coefficients, rtol=TOLERANCE, atol=TOLERANCE)
        coefficients = moved
        if converged:
            return coefficients
    raise ArithmeticError(
        f"calibration: no minimum after {MAX_STEPS} Newton steps; use larger ridge strengths"
    )


def calibrated(logits: np.ndarray, ptr: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """(n,): b + (1 + d) z with the coefficients of each row's user."""
    intercept, excess = coefficients[user_of_row(ptr)].T
    return np.asarray(intercept + (1 + excess) * logits)


def _newton_step(support: Support, strengths: Strengths, coefficients: np.ndarray) -> np.ndarray:
    """(users, 2): (H + R)^-1 (g + R c), with c the coefficients, g and H the first and second derivatives of the sum of
    cross-entropies by them, and R the strengths.

    Written (V H + I)^-1 (V g + c), V the inverse of R: an infinite strength is then a row of the identity, and its
    coefficient stays at exactly 0."""
    z, ptr = support.logits, support.ptr
    p = expit(calibrated(z, ptr, coefficients))
    residual, curvature = p - support.labels, p * (1 - p)  # (n,) each
    # (users,) each, of the cross-entropies alone: g = (g0, g1), H = ((h0, h1), (h1, h2))
    g0, g1 = (sum_by_user(values, ptr) for values in (residual, residual * z))
    h0, h1, h2 = (
        sum_by_user(values, ptr) for values in (curvature, curvature * z, curvature * z * z)
    )
    v0, v1 = 1 / np.asarray(strengths)
    # V g + c
    r0 = v0 * g0 + coefficients[:, 0]
    r1 = v1 * g1 + coefficients[:, 1]
    # V H + I, solved by Cramer's rule
    s00, s01 = 1 + v0 * h0, v0 * h1
    s10, s11 = v1 * h1, 1 + v1 * h2
    determinant = s00 * s11 - s01 * s10
    solved = np.stack([s11 * r0 - s01 * r1, s00 * r1 - s10 * r0], axis=1)
    return np.asarray(solved / determinant[:, None])


def _shortened(
    support: Support, strengths: Strengths, coefficients: np.ndarray, step: np.ndarray
) -> np.ndarray:
    """Coefficients less each user's step, halved until the user's objective is no higher than before."""
    before = _objective(support, strengths, coefficients)
    allowed = before * (1 + ROUNDING) + ROUNDING
    share = np.ones((len(step), 1))  # of each user's step
    for _ in range(MAX_HALVINGS):
        is_higher = _objective(support, strengths, coefficients - share * step) > allowed
        if not is_higher.any():
            break
        share[is_higher] /= 2
    return np.asarray(coefficients - share * step)


def _objective(support: Support, strengths: Strengths, coefficients: np.ndarray) -> np.ndarray:
    """(users,): what `calibrate` minimises."""
    losses = _log_losses(calibrated(support.logits, support.ptr, coefficients), support.labels)
    ridge = np.where(np.isinf(strengths), 0, strengths)  # the coefficient of an infinite one is 0
    return np.asarray(sum_by_user(losses, support.ptr) + coefficients**2 @ ridge / 2)


def _log_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) cross-entropies."""
    return np.asarray(np.logaddexp(0.0, np.where(labels == 1, -logits, logits)))
