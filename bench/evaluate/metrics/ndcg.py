"""Normalised discounted cumulative gain, where ties are what they are on average over all ways to break them."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from bench.interfaces import Metric, MetricRows, PluginParams, Score, UserParts

__all__ = ["NDCG"]


class NDCG(Metric):
    """NDCG of each user's rows by descending logit, cut at k; mean over users, each of equal weight.

    The gain of a row is its label, 0 or 1; the discount of rank r (from 1) is 1 / log2(r + 1), and 0 beyond k. A user's DCG is
    divided by that of the best order: all positives first. Rows of one logit share the mean discount of the ranks that they
    take up together, which is the expectation over all orders of them (McSherry & Najork, ECIR 2008), so that a constant
    prediction gets no credit for the order of the file. Users without a positive row have no best order: they are left out and
    counted (`users`, `users_scored`). A user of positive rows alone has 1 whatever the prediction."""

    name = "ndcg"
    citation = r"""
        @article{jarvelin2002cumulated,
          author = {J{\"a}rvelin, Kalervo and Kek{\"a}l{\"a}inen, Jaana},
          title = {Cumulated Gain-Based Evaluation of {IR} Techniques},
          journal = {ACM Transactions on Information Systems},
          volume = {20},
          number = {4},
          pages = {422--446},
          year = {2002}
        }
        @inproceedings{mcsherry2008computing,
          author = {McSherry, Frank and Najork, Marc},
          title = {Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores},
          booktitle = {European Conference on Information Retrieval},
          pages = {414--421},
          year = {2008}
        }
    """
    higher_is_better = True
    version = 1

    class Params(PluginParams):
        k: int = Field(10, ge=1, description="how many rows of a user count, from the top")

    params: Params

    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
        if not len(rows.y):
            return Score(None, "no rows")
        if missing := int(np.isnan(logits).sum()):
            return Score(None, f"{missing} of {len(logits)} logits are NaN")
        parts = self.by_user(rows, logits)
        users, scored = len(parts.denominators), int(parts.denominators.sum())
        counts = {"users": users, "users_scored": scored}
        if not scored:
            return Score(None, f"none of the {users} users has a positive row", counts)
        return Score(float(parts.numerators.sum() / scored), counts=counts)

    def by_user(self, rows: MetricRows, logits: np.ndarray) -> UserParts:
        """Each user's NDCG, and 1; 0 and 0 for a user without a positive row."""
        order = np.lexsort((-logits, rows.users))  # by user, the highest logit first
        users, scores, y = rows.users[order], logits[order], rows.y[order].astype(np.float64)
        starts = np.flatnonzero(_changes(users))  # (U,)
        counts = np.diff(starts, append=len(users))
        discounts = self._discounts(int(counts.max()))
        ranks = np.arange(len(users)) - np.repeat(starts, counts)  # from 0, within the user

        blocks = np.flatnonzero(_changes(users) | _changes(scores))  # of one user and one logit
        sizes = np.diff(blocks, append=len(users))
        shared = np.add.reduceat(discounts[ranks], blocks) / sizes
        dcg = np.add.reduceat(y * np.repeat(shared, sizes), starts)

        positives = np.add.reduceat(y, starts).astype(np.int64)
        best = np.concatenate([[0.0], np.cumsum(discounts)])[positives]
        counted = positives > 0
        ndcg = np.divide(dcg, best, out=np.zeros(len(starts)), where=counted)
        return UserParts(ndcg, counted.astype(np.float64))

    def _discounts(self, most: int) -> np.ndarray:
        """(most,) of ranks from 0."""
        ranks = np.arange(most)
        return np.where(ranks < self.params.k, 1 / np.log2(ranks + 2), 0.0)


def _changes(values: np.ndarray) -> np.ndarray:
    """(n,) bool: where a value differs from the one before it; true at the first."""
    return np.concatenate([[True], values[1:] != values[:-1]])
