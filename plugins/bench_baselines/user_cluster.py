"""Weights by kind of user: users clustered by what their support says (k-means; Lloyd 1982, Arthur, Vassilvitskii 2007)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from bench.data.views.by_user import user_of_row
from bench.interfaces import Context, PluginParams, Selection, Selector, Tasks
from bench_baselines._losses import mean_mixture_loss, query_losses
from bench_baselines._opinion_pool import pool_weights
from bench_baselines._support import SupportStatistics, has_support

MAX_SEED = 2**32  # of scikit-learn


class UserCluster(Selector):
    """Users are clustered by statistics of their support; each cluster has the weights that suit its own training users.

    A cluster's weights minimise log loss on its training users' query under a Dirichlet prior at everybody's weights, which
    are also those of a user without support. The number of clusters is the one that does best on validation users' query;
    a tie goes to the smallest. Statistics: see `_support`."""

    name = "user-cluster"
    citation = """
        @article{lloyd1982least,
          author = {Lloyd, Stuart P.},
          title = {Least Squares Quantization in {PCM}},
          journal = {IEEE Transactions on Information Theory},
          volume = {28},
          number = {2},
          pages = {129--137},
          year = {1982}
        }
        @inproceedings{arthur2007kmeans,
          author = {Arthur, David and Vassilvitskii, Sergei},
          title = {k-means++: The Advantages of Careful Seeding},
          booktitle = {Proceedings of the 18th Annual ACM-SIAM Symposium on Discrete Algorithms},
          pages = {1027--1035},
          year = {2007}
        }
    """

    class Params(PluginParams):
        clusters: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
            (1, 2, 4, 8), min_length=1, description="numbers of clusters to choose from"
        )
        shrinkage: float = Field(
            100.0,
            gt=0,
            le=1e9,
            description="rows that everybody's weights count for in those of a cluster",
        )

    params: Params
    chosen: dict[str, int]
    details: dict[str, int]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:
        self._statistics = SupportStatistics.fit(train)
        candidates = [self._clustering(train, count, context.seed) for count in self._counts(train)]
        losses = [
            mean_mixture_loss(self._weights(clustering, valid), valid) for clustering in candidates
        ]
        self._chosen = candidates[int(np.argmin(losses))]
        self.chosen = {"clusters": len(self._chosen.centres)}
        self.details = {"candidates": len(candidates)}

    def predict(self, tasks: Tasks) -> Selection:
        return Selection(weights=self._weights(self._chosen, tasks))

    def _counts(self, train: Tasks) -> list[int]:
        """Numbers of clusters, in order; none is larger than the number of users who differ."""
        different = len(np.unique(self._statistics.of(train)[has_support(train)], axis=0))
        return sorted({min(count, max(different, 1)) for count in self.params.clusters})

    def _clustering(self, train: Tasks, count: int, seed: int) -> _Clustering:
        statistics, losses = self._statistics.of(train), query_losses(train)
        everybody = pool_weights(losses)
        centres = _centres(statistics[has_support(train)], count, seed)
        of_row = _cluster(statistics, has_support(train), centres)[user_of_row(train.query_ptr)]
        prior = self.params.shrinkage * everybody
        own = [pool_weights(losses[of_row == cluster], prior) for cluster in range(len(centres))]
        return _Clustering(centres, np.stack([*own, everybody]))

    def _weights(self, clustering: _Clustering, tasks: Tasks) -> np.ndarray:
        """(n, K)"""
        of_user = _cluster(self._statistics.of(tasks), has_support(tasks), clustering.centres)
        return np.asarray(clustering.weights[of_user[user_of_row(tasks.query_ptr)]])


class _Clustering(NamedTuple):
    centres: np.ndarray  # (C, D)
    weights: np.ndarray  # (C + 1, K); the last row is everybody's


def _centres(statistics: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(count, D) of k-means from 10 starts; one at 0 where there is nobody to cluster.

    One thread: with several, scikit-learn adds up centres in the order in which threads end."""
    if not len(statistics):
        return np.zeros((1, statistics.shape[1]))
    with threadpool_limits(1):
        fitted = KMeans(count, n_init=10, random_state=seed % MAX_SEED).fit(statistics)
    return np.asarray(fitted.cluster_centers_)


def _cluster(statistics: np.ndarray, supported: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(users,) the nearest centre, the first of a tie; len(centres) without support."""
    distances = np.stack([((statistics - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
    return np.where(supported, distances.argmin(axis=1), len(centres))
