"""The harness's own metrics, all from logits in float64. None of them clips, drops or repairs a prediction."""

from __future__ import annotations

import numpy as np

from bench.evaluate.metrics.auc import auc_by_user, pooled_auc
from bench.interfaces import Metric, MetricRows, Score, UserParts

__all__ = ["AUC", "GAUC", "LogLoss", "mean_log_loss", "relaimpr", "row_log_loss"]


class AUC(Metric):
    """Area under the ROC curve over all rows pooled; ties count half."""

    name = "auc"
    higher_is_better = True
    version = 1

    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
        reason = self.why_undefined(rows, logits)
        return Score(None, reason) if reason else Score(pooled_auc(rows.y, logits))

    def why_undefined(self, rows: MetricRows, logits: np.ndarray) -> str:
        """Why it has no value; "" where it has one."""
        return _why_undefined(rows.y, logits) or _one_class(rows.y)


class LogLoss(Metric):
    """Mean binary cross-entropy, natural logarithm, no clipping."""

    name = "logloss"
    higher_is_better = False
    version = 1

    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
        reason = _why_undefined(rows.y, logits)
        return Score(None, reason) if reason else _mean(row_log_loss(rows.y, logits))

    def by_user(self, rows: MetricRows, logits: np.ndarray) -> UserParts:
        """Each user's summed cross-entropy, and the user's rows."""
        return _parts(rows.users, row_log_loss(rows.y, logits))

    def with_parts(self, rows: MetricRows, logits: np.ndarray) -> tuple[Score, UserParts | None]:
        """What `compute` gives and, where it has a value, what `by_user` gives, of losses that are computed once."""
        reason = _why_undefined(rows.y, logits)
        if reason:
            return Score(None, reason), None
        losses = row_log_loss(rows.y, logits)
        score = _mean(losses)
        return score, None if score.value is None else _parts(rows.users, losses)


class GAUC(Metric):
    """AUC of each user alone, weighted by the user's rows; users with one class are left out and counted."""

    name = "gauc"
    citation = """
        @inproceedings{zhou2018deep,
          author = {Zhou, Guorui and Zhu, Xiaoqiang and Song, Chenru and Fan, Ying and Zhu, Han and Ma, Xiao and
            Yan, Yanghui and Jin, Junqi and Li, Han and Gai, Kun},
          title = {Deep Interest Network for Click-Through Rate Prediction},
          booktitle = {Proceedings of the 24th ACM SIGKDD International Conference on Knowledge Discovery and Data Mining},
          pages = {1059--1068},
          year = {2018}
        }
    """
    higher_is_better = True
    version = 1

    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
        reason = _why_undefined(rows.y, logits)
        if reason:
            return Score(None, reason)
        by_user = auc_by_user(rows.y, logits, rows.users)
        scored = ~np.isnan(by_user.auc)
        counts = {"users": len(by_user.auc), "users_scored": int(scored.sum())}
        if not scored.any():
            return Score(None, f"each of the {len(by_user.auc)} users has one class alone", counts)
        return Score(
            float(np.average(by_user.auc[scored], weights=by_user.rows[scored])), counts=counts
        )

    def by_user(self, rows: MetricRows, logits: np.ndarray) -> UserParts:
        """Each user's AUC times the user's rows, and those rows; 0 and 0 for a user with one class."""
        by_user = auc_by_user(rows.y, logits, rows.users)
        scored = ~np.isnan(by_user.auc)
        counted = np.where(scored, by_user.rows, 0).astype(np.float64)
        return UserParts(np.where(scored, by_user.auc, 0.0) * counted, counted)


def row_log_loss(y: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Cross-entropy of each row, float64: softplus(-z) where y is 1, softplus(z) where it is 0.

    y (n,) of 0 and 1; logits (n,) or (n, K), of which each column is scored."""
    positive = (y == 1).reshape(-1, *[1] * (logits.ndim - 1))
    logits = logits.astype(np.float64)
    return np.logaddexp(0.0, np.where(positive, -logits, logits))


def mean_log_loss(y: np.ndarray, logits: np.ndarray) -> float | None:
    """Mean of `row_log_loss` over the rows; None without rows, or where it is not finite. y (n,), logits (n,)."""
    losses = row_log_loss(y, logits)
    return float(losses.mean()) if len(losses) and np.isfinite(losses).all() else None


def relaimpr(auc: float | None, base_auc: float | None) -> Score:
    """Relative improvement of AUC over a base, in percent: ((auc - 0.5) / (base_auc - 0.5) - 1) * 100 (Yan et al., ICML
    2014). Undefined where the base is no better than guessing."""
    if auc is None or base_auc is None:
        return Score(
            None, "the AUC is undefined" if auc is None else "the AUC of the base is undefined"
        )
    if base_auc <= 0.5:
        return Score(None, f"the base is no better than guessing (AUC {base_auc:.4f})")
    return Score(((auc - 0.5) / (base_auc - 0.5) - 1) * 100)


def _why_undefined(y: np.ndarray, logits: np.ndarray) -> str:
    if not len(y):
        return "no rows"
    missing = int(np.isnan(logits).sum())
    return f"{missing} of {len(y)} logits are NaN" if missing else ""


def _mean(losses: np.ndarray) -> Score:
    """losses (n,), n > 0."""
    infinite = int(np.isinf(losses).sum())
    if infinite:
        return Score(None, f"infinite: {infinite} of {len(losses)} rows are surely wrong")
    with np.errstate(over="ignore"):
        mean = float(losses.mean())
    return Score(mean) if np.isfinite(mean) else Score(None, "the sum of losses overflows")


def _parts(users: np.ndarray, losses: np.ndarray) -> UserParts:
    """users and losses (n,)."""
    of_row = _places(users)
    return UserParts(np.bincount(of_row, losses), np.bincount(of_row).astype(np.float64))


def _places(users: np.ndarray) -> np.ndarray:
    """(n,) of each row: its user's place among all users, ascending. Rows that are grouped, as they mostly are, need no
    sort."""
    if (users[1:] < users[:-1]).any():
        return np.unique(users, return_inverse=True)[1]
    starts = np.concatenate([[False], users[1:] != users[:-1]])
    return np.cumsum(starts[: len(users)])


def _one_class(y: np.ndarray) -> str:
    positives = int(np.count_nonzero(y))
    return (
        "" if 0 < positives < len(y) else f"one class: all {len(y)} labels are {int(positives > 0)}"
    )
