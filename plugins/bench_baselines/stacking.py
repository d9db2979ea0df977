"""Stacked generalisation (Wolpert, Neural Networks 1992): a learner on the base logits gives the prediction."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from bench.interfaces import Context, PluginParams, Selection, Selector, Tasks
from bench_baselines._losses import labels_of_both_classes

MAX_SEED = 2**32  # of scikit-learn


class Stacking(Selector):
    """A learner on the base models' logits, fitted on the training users' query rows (Wolpert 1992)."""

    name = "stacking"
    citation = """
        @article{wolpert1992stacked,
          author = {Wolpert, David H.},
          title = {Stacked Generalization},
          journal = {Neural Networks},
          volume = {5},
          number = {2},
          pages = {241--259},
          year = {1992}
        }
    """

    class Params(PluginParams):
        learner: Literal["logistic", "boosted-trees"] = Field(
            "logistic", description="logistic regression, or 100 gradient-boosted trees"
        )
        C: float = Field(
            1.0,
            gt=0,
            le=1e9,
            description="logistic: inverse of the ridge strength; trees have no such setting",
        )

        @model_validator(mode="after")
        def _belongs_to_the_learner(self) -> Stacking.Params:
            if self.learner == "boosted-trees" and self.C != 1.0:
                raise ValueError(
                    "C is a setting of learner 'logistic'; leave it out under 'boosted-trees'"
                )
            return self

    params: Params

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        labels = labels_of_both_classes("stacking", train.query)
        self._learner = self._new_learner(context.seed % MAX_SEED)
        self._learner.fit(_features(train), labels)

    def predict(self, tasks: Tasks) -> Selection:
        return Selection(logits=self._learner.decision_function(_features(tasks)))

    def _new_learner(self, seed: int) -> Any:
        if self.params.learner == "logistic":
            return LogisticRegression(C=self.params.C, max_iter=1000)
        return HistGradientBoostingClassifier(early_stopping=False, random_state=seed)


def _features(tasks: Tasks) -> np.ndarray:
    """(n, K) float64 base logits of the query rows."""
    return np.asarray(tasks.query_base_logits, dtype=np.float64)
