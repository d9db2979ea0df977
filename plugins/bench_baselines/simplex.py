"""The linear opinion pool (Stone, Annals of Mathematical Statistics 1961) with the best weights that are the same for all."""

from __future__ import annotations

import numpy as np

from bench.interfaces import Context, Selection, Selector, Tasks
from bench_baselines._losses import query_losses
from bench_baselines._opinion_pool import pool_weights


class Simplex(Selector):
    """One weight a base model, the same for all: those that minimise the mixture's log loss on training users' query."""

    name = "simplex"
    citation = """
        @article{stone1961opinion,
          author = {Stone, Mervyn},
          title = {The Opinion Pool},
          journal = {The Annals of Mathematical Statistics},
          volume = {32},
          number = {4},
          pages = {1339--1342},
          year = {1961}
        }
        @article{kim2020fast,
          author = {Kim, Youngseok and Carbonetto, Peter and Stephens, Matthew and Anitescu, Mihai},
          title = {A Fast Algorithm for Maximum Likelihood Estimation of Mixture Proportions Using
            Sequential Quadratic Programming},
          journal = {Journal of Computational and Graphical Statistics},
          volume = {29},
          number = {2},
          pages = {261--273},
          year = {2020}
        }
    """

    chosen: dict[str, dict[str, float]]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        self._weights = pool_weights(query_losses(train))
        self.chosen = {"weights": dict(zip(train.models, self._weights.tolist(), strict=True))}

    def predict(self, tasks: Tasks) -> Selection:
        return Selection(weights=np.tile(self._weights, (len(tasks.query), 1)))
