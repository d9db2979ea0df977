"""Gradient-boosted decision trees (Friedman, Annals of Statistics 2001), by scikit-learn over histograms of the columns.

Ids enter as the categories of a few columns (`_tree_columns`), never by the mean of their labels: nothing leaks into a row
from its own label, and an id that is hidden or new is simply missing."""

from __future__ import annotations

from itertools import islice

import numpy as np
from pydantic import Field
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.errors import DataError
from bench.interfaces import Context, Model, PluginParams, Rows
from bench.learn import History
from bench_ctr._labels import known_labels
from bench_ctr._tree_columns import TreeColumns

MAX_SEED = 2**32  # of scikit-learn


class GBDT(Model):
    """Gradient-boosted trees over ids as categories, tags as flags and numbers as they are (Friedman 2001)."""

    name = "gbdt"
    citation = """
        @article{friedman2001greedy,
          author = {Friedman, Jerome H.},
          title = {Greedy Function Approximation: A Gradient Boosting Machine},
          journal = {The Annals of Statistics},
          volume = {29},
          number = {5},
          pages = {1189--1232},
          year = {2001}
        }
        @article{pedregosa2011scikit,
          author = {Pedregosa, Fabian and others},
          title = {Scikit-learn: Machine Learning in {Python}},
          journal = {Journal of Machine Learning Research},
          volume = {12},
          pages = {2825--2830},
          year = {2011}
        }
    """

    class Params(PluginParams):
        trees: int = Field(300, ge=1, le=10_000, description="at most so many, one after the other")
        learning_rate: float = Field(
            0.1, gt=0, le=1, description="what a tree's values are multiplied by"
        )
        leaves: int = Field(31, ge=2, le=4096, description="of a tree, at most")
        min_rows_per_leaf: int = Field(
            20, ge=1, le=1_000_000, description="training rows of a leaf, at least"
        )
        l2: float = Field(1.0, ge=0, le=1e6, description="L2 strength on the values of leaves")
        patience: int = Field(
            10,
            ge=1,
            le=1000,
            description="trees without a better validation log loss before the end",
        )
        id_columns: int = Field(
            8, ge=0, le=64, description="columns of 254 categories that a field's ids may fill"
        )
        max_tags: int = Field(
            32,
            ge=0,
            le=1024,
            description="flags of a multi-valued field, for its most frequent tags",
        )

    params: Params
    history: History  # an epoch is a tree

    def fit(self, train: Rows, valid: Rows, context: Context) -> None:
        labels = known_labels(train)
        if len(np.unique(labels)) < 2:
            raise DataError(
                f"base model gbdt: its {len(labels)} training rows hold one class alone; give it more rows or users"
            )
        self._columns = TreeColumns.fit(train, self.params.id_columns, self.params.max_tags)
        self._trees = HistGradientBoostingClassifier(
            max_iter=self.params.trees,
            learning_rate=self.params.learning_rate,
            max_leaf_nodes=self.params.leaves,
            min_samples_leaf=self.params.min_rows_per_leaf,
            l2_regularization=self.params.l2,
            categorical_features=self._columns.categorical,
            early_stopping=True,
            n_iter_no_change=self.params.patience,
            random_state=context.seed % MAX_SEED,
        )
        self._trees.fit(
            self._columns.matrix(train),
            labels,
            X_val=self._columns.matrix(valid),
            y_val=known_labels(valid),
        )
        # the first is without trees
        losses = [-float(score) for score in self._trees.validation_score_[1:]]
        self.history = History(
            len(losses), int(np.argmin(losses)) + 1, tuple(losses), len(losses) * len(labels)
        )

    def predict(self, rows: Rows) -> np.ndarray:
        """With as many trees as had the lowest validation log loss; scikit-learn keeps those that came after, too."""
        if not len(rows):
            return np.empty(0)
        stages = self._trees.staged_decision_function(self._columns.matrix(rows))
        logits: np.ndarray = next(islice(stages, self.history.best_epoch - 1, None))
        return logits
