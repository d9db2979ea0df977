"""Metrics that each break one rule."""

from __future__ import annotations

import os

import numpy as np

from bench.interfaces import Metric, Score, UserParts


def losses(rows, logits):
    """(n,) log losses."""
    return np.logaddexp(0, np.where(rows.y == 1, -logits, logits).astype(float))


def by_place(values, users):
    """(users,) sums, users ascending."""
    return np.bincount(np.unique(users, return_inverse=True)[1], values)


class FineMetric(Metric):
    """Conforms: log loss, as a scalar of numpy."""

    name = "fine-metric"
    higher_is_better = False
    version = 1

    def compute(self, rows, logits):
        return Score(np.float32(losses(rows, logits).mean()))

    def by_user(self, rows, logits):
        count = np.ones(len(rows.y))
        return UserParts(by_place(losses(rows, logits), rows.users), by_place(count, rows.users))


class FineRecall(Metric):
    """Conforms: undefined where there is no positive, and no ratio of sums."""

    name = "fine-recall"
    higher_is_better = True
    version = 1

    def compute(self, rows, logits):
        if not rows.y.any():
            return Score(None, "no positives")
        return Score(float((logits[rows.y == 1] > 0).mean()), counts={"rows": int(rows.y.sum())})


class Remembers(FineMetric):
    """Measures all by the first rows that it sees."""

    scale = None

    def compute(self, rows, logits):
        if self.scale is None:
            self.scale = 1 + rows.y.mean()
        return Score(float(losses(rows, logits).mean() / self.scale))

    def by_user(self, rows, logits):
        return None


class NoScore(FineMetric):
    """Hands back a number."""

    def compute(self, rows, logits):
        return float(losses(rows, logits).mean())


class DividesByNothing(FineRecall):
    """Is NaN where there is no positive."""

    def compute(self, rows, logits):
        with np.errstate(all="ignore"):
            return Score(np.float64((logits[rows.y == 1] > 0).sum()) / rows.y.sum())


class Silent(FineRecall):
    """Does not say why it is undefined."""

    def compute(self, rows, logits):
        return super().compute(rows, logits)._replace(reason="")


class CountsInNumpy(FineRecall):
    """Counts rows as numpy does."""

    def compute(self, rows, logits):
        return super().compute(rows, logits)._replace(counts={"rows": rows.y.sum()})


class NeedsBothClasses(FineRecall):
    """Takes the first of each class."""

    def compute(self, rows, logits):
        first = [np.flatnonzero(rows.y == label)[0] for label in (0, 1)]
        return Score(float(np.mean(logits[rows.y == 1]) > 0) + 0 * sum(first))


class ByPlace(FineRecall):
    """Counts the first row of all."""

    def compute(self, rows, logits):
        return Score(float(losses(rows, logits)[0] * -1))


class WrongWay(FineMetric):
    """Says that a higher loss is better."""

    higher_is_better = True


class WayInWords(FineMetric):
    """Says its direction in words."""

    higher_is_better = "no"


class PartsByNumber(FineMetric):
    """Gives parts for every number up to the last user's."""

    def by_user(self, rows, logits):
        return UserParts(np.bincount(rows.users, losses(rows, logits)), np.bincount(rows.users))


class OtherParts(FineMetric):
    """Gives parts of a mean over users, and a mean over rows."""

    def by_user(self, rows, logits):
        parts = super().by_user(rows, logits)
        return UserParts(parts.numerators / parts.denominators, np.ones(len(parts.numerators)))


class WritesLogits(FineMetric):
    """Clips logits where they lie."""

    def compute(self, rows, logits):
        np.clip(logits, -1, 1, out=logits)
        return super().compute(rows, logits)


class Sampled(FineRecall):
    """Scores a sample of rows, another each time."""

    def compute(self, rows, logits):
        some = np.random.default_rng().random(len(logits))
        score = super().compute(rows, logits)
        return score if score.value is None else Score(score.value + some.mean())


class SeedsNumpy(FineRecall):
    """Seeds numpy for everybody."""

    def compute(self, rows, logits):
        np.random.seed(0)
        return super().compute(rows, logits)


class ExitsForOneClass(FineRecall):
    """Ends the process where all rows are of one class."""

    def compute(self, rows, logits):
        if rows.y.all():
            os._exit(0)
        return super().compute(rows, logits)
