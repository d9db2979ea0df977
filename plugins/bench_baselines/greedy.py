"""Ensemble selection from libraries of models (Caruana, Niculescu-Mizil, Crew, Ksikes, ICML 2004)."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from bench.interfaces import Context, PluginParams, Selection, Selector, Tasks
from bench_baselines._losses import query_losses

ROUNDING = 1e-12  # a bag that is better by less is another one twice over


class Greedy(Selector):
    """A bag of base models, averaged: from the best single one on, the one that lowers the log loss most is added.

    A model may be added again; of all bags on the way the best is kept, on training users' query (Caruana et al. 2004)."""

    name = "greedy"
    citation = """
        @inproceedings{caruana2004ensemble,
          author = {Caruana, Rich and Niculescu-Mizil, Alexandru and Crew, Geoff and Ksikes, Alex},
          title = {Ensemble Selection from Libraries of Models},
          booktitle = {Proceedings of the 21st International Conference on Machine Learning},
          year = {2004}
        }
    """

    class Params(PluginParams):
        steps: int = Field(
            50, ge=0, le=10000, description="models that are added to the best single one"
        )

    params: Params
    chosen: dict[str, dict[str, int]]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        counts = best_bag(query_losses(train), self.params.steps)
        self._weights = counts / counts.sum()
        self.chosen = {"bag": dict(zip(train.models, counts.tolist(), strict=True))}

    def predict(self, tasks: Tasks) -> Selection:
        return Selection(weights=np.tile(self._weights, (len(tasks.query), 1)))


def best_bag(losses: np.ndarray, steps: int) -> np.ndarray:
    """(K,) int64: how often each model is in the best bag on the way; losses (n, K) are each model's by row.

    Log-likelihoods are added by logaddexp, exact where sigmoids saturate. The first of a tie is taken."""
    log_likelihoods = np.ascontiguousarray(-losses.T)  # (K, n)
    single = losses.mean(axis=0)
    added = int(single.argmin())
    counts, bag, lowest = (
        np.zeros(len(single), dtype=np.int64),
        log_likelihoods[added],
        single[added],
    )
    counts[added] = 1
    best = counts.copy()
    for size in range(2, steps + 2):
        candidates = [np.log(size) - np.logaddexp(bag, model).mean() for model in log_likelihoods]
        added = int(np.argmin(candidates))
        bag = np.logaddexp(bag, log_likelihoods[added])
        counts[added] += 1
        if candidates[added] < lowest - ROUNDING * (1 + lowest):
            lowest, best = candidates[added], counts.copy()
    return best
