"""What a method does for each user: regret, wins, and whom it chooses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy

from bench.evaluate.analysis.findings import ChosenShares, Regret
from bench.evaluate.analysis.user_losses import EQUAL, UserLosses, first_highest, is_shared

__all__ = [
    "chosen_shares",
    "mean_entropy",
    "mean_weights",
    "regret",
    "selection_accuracy",
    "user_entropy",
    "who_is_worse",
    "win_rate",
]


def regret(losses: Sequence[UserLosses], name: str, best_single: str) -> Regret:
    """Of all users of all seeds; a user in several seeds counts in each."""
    of_user = np.concatenate(
        [(one.sums[name] - one.of_pool().min(axis=1)) / one.rows for one in losses]
    )
    worse = np.concatenate([who_is_worse(one, name, best_single) > 0 for one in losses])
    return Regret(float(of_user.mean()), float(np.quantile(of_user, 0.9)), float(worse.mean()))


def win_rate(losses: Sequence[UserLosses], name: str, best_single: str) -> float:
    """Share of users, of all seeds, with a lower log loss than best-single's; ties count half."""
    signs = np.concatenate([who_is_worse(one, name, best_single) for one in losses])
    return float((1 - signs.mean()) / 2)


def selection_accuracy(losses: Sequence[UserLosses], weights: Sequence[np.ndarray]) -> float | None:
    """Share of users, of all seeds, whose model of highest mean weight is one of those with the lowest log loss. Users for
    whom several share the highest are left out; None where that is all of them. weights (n, K) of each seed."""
    right = []
    for one, of_rows in zip(losses, weights, strict=True):
        sums, of_users = one.of_pool(), mean_weights(one, of_rows)
        chosen = np.take_along_axis(sums, first_highest(of_users)[:, None], axis=1)[:, 0]
        right.append((chosen <= sums.min(axis=1) * (1 + EQUAL))[~is_shared(of_users)])
    known = np.concatenate(right)
    return float(known.mean()) if len(known) else None


def chosen_shares(
    losses: Sequence[UserLosses], weights: Sequence[np.ndarray]
) -> ChosenShares | None:
    """Whom users of all seeds are given; None where for every one several models share the highest mean weight. weights (n, K)
    of each seed."""
    users, shared = 0, 0
    counts: dict[str, int] = {}
    for one, of_rows in zip(losses, weights, strict=True):
        of_users = mean_weights(one, of_rows)
        without = is_shared(of_users)
        chosen = np.bincount(first_highest(of_users[~without]), minlength=len(one.pool))
        for model, count in zip(one.pool, chosen.tolist(), strict=True):
            counts[model] = counts.get(model, 0) + count
        users, shared = users + int(chosen.sum()), shared + int(without.sum())
    shares = {model: count / users for model, count in counts.items() if users}
    return ChosenShares(shares, users, shared) if users else None


def mean_weights(losses: UserLosses, weights: np.ndarray) -> np.ndarray:
    """(U, K) float64. weights (n, K)."""
    sums = [np.bincount(losses.of_row, column, len(losses.ids)) for column in weights.T]
    return np.asarray(np.stack(sums, axis=1) / losses.rows[:, None])


def mean_entropy(weights: np.ndarray) -> float | None:
    """Mean over rows of -sum_k w_k log w_k / log K: 0 one model, 1 uniform; None with one model. weights (n, K), n > 0."""
    return float(_entropy(weights).mean()) if weights.shape[1] > 1 else None


def user_entropy(losses: UserLosses, weights: np.ndarray) -> np.ndarray | None:
    """(U,) the same over each user's rows. weights (n, K)."""
    if weights.shape[1] < 2:
        return None
    return np.asarray(np.bincount(losses.of_row, _entropy(weights), len(losses.ids)) / losses.rows)


def _entropy(weights: np.ndarray) -> np.ndarray:
    """(n,) in 0..1; rows are scaled to add up to 1, which float32 does only nearly."""
    sums = weights.sum(axis=1, dtype=np.float64)
    entropy = sum(scipy.special.entr(column.astype(np.float64) / sums) for column in weights.T)
    return np.asarray(np.clip(entropy / np.log(weights.shape[1]), 0.0, 1.0))


def who_is_worse(losses: UserLosses, name: str, reference: str) -> np.ndarray:
    """(U,) 1 where a user is worse off than with the reference, -1 better, 0 neither but for rounding."""
    difference = losses.sums[name] - losses.sums[reference]
    return np.where(np.abs(difference) <= EQUAL * losses.sums[reference], 0.0, np.sign(difference))
