"""A user's posterior over base models after the support: Bayesian model averaging, which is Hedge with a learning rate of 1.

Hedge: weights fall exponentially with the loss so far (Littlestone, Warmuth, Information and Computation 1994; Freund,
Schapire, JCSS 1997). Averaging: Hoeting, Madigan, Raftery, Volinsky, Statistical Science 1999."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.special import softmax

from bench.data.views.by_user import user_of_row
from bench.interfaces import Context, PluginParams, Selection, Selector, Tasks
from bench_baselines._losses import mean_mixture_loss, query_losses
from bench_baselines._opinion_pool import pool_weights
from bench_baselines._support import support_losses


class UserBayes(Selector):
    """Weights of a user proportional to prior * exp(-learning rate * log loss on the user's support).

    The learning rate is the one that does best on validation users' query; a tie goes to the smallest. 0 is the prior, 1
    Bayes' rule, infinity `user-best`. A user without support has the prior."""

    name = "user-bayes"
    citation = """
        @article{littlestone1994weighted,
          author = {Littlestone, Nick and Warmuth, Manfred K.},
          title = {The Weighted Majority Algorithm},
          journal = {Information and Computation},
          volume = {108},
          number = {2},
          pages = {212--261},
          year = {1994}
        }
        @article{freund1997decision,
          author = {Freund, Yoav and Schapire, Robert E.},
          title = {A Decision-Theoretic Generalization of On-Line Learning and an Application to Boosting},
          journal = {Journal of Computer and System Sciences},
          volume = {55},
          number = {1},
          pages = {119--139},
          year = {1997}
        }
        @article{hoeting1999bayesian,
          author = {Hoeting, Jennifer A. and Madigan, David and Raftery, Adrian E. and Volinsky, Chris T.},
          title = {Bayesian Model Averaging: A Tutorial},
          journal = {Statistical Science},
          volume = {14},
          number = {4},
          pages = {382--417},
          year = {1999}
        }
    """

    class Params(PluginParams):
        learning_rates: tuple[Annotated[float, Field(ge=0, le=1e6)], ...] = Field(
            (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
            min_length=1,
            description="learning rates to choose from",
        )
        prior: Literal["uniform", "train-query"] = Field(
            "uniform",
            description="equal weights, or those that do best on training users' query (as `simplex`)",
        )

    params: Params
    chosen: dict[str, float]
    details: dict[str, int]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        uniform = self.params.prior == "uniform"
        models = len(train.models)
        self._log_prior = np.log(
            np.full(models, 1 / models) if uniform else pool_weights(query_losses(train))
        )
        candidates, losses = sorted(self.params.learning_rates), support_losses(valid)
        scores = [
            mean_mixture_loss(self._weights(losses, valid, rate), valid) for rate in candidates
        ]
        self._learning_rate = candidates[int(np.argmin(scores))]
        self.chosen = {"learning_rate": self._learning_rate}
        self.details = {"candidates": len(candidates)}

    def predict(self, tasks: Tasks) -> Selection:
        return Selection(weights=self._weights(support_losses(tasks), tasks, self._learning_rate))

    def _weights(self, losses: np.ndarray, tasks: Tasks, learning_rate: float) -> np.ndarray:
        """(n, K) for query rows, from users' losses on support (users, K)."""
        posterior = softmax(self._log_prior - learning_rate * losses, axis=1)
        return np.asarray(posterior[user_of_row(tasks.query_ptr)])
