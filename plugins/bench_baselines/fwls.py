"""Feature-weighted linear stacking (Sill, Takács, Mackey, Lin, arXiv:0911.0460, 2009), for a label of 0 and 1."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from bench.data.views.by_user import user_of_row
from bench.interfaces import Context, PluginParams, Rows, Selection, Selector, Tasks
from bench_baselines._losses import known_labels, labels_of_both_classes, log_losses
from bench_baselines._support import SupportStatistics


class FeatureWeighted(Selector):
    """Stacking in which each base logit's coefficient is linear in meta-features of the user and the item (Sill et al. 2009).

    logit = b + sum_k sum_j w_kj f_j(row) z_k, by ridge logistic regression on training users' query; the strength is the
    one that does best on validation users' query, and a tie goes to the strongest."""

    name = "fwls"
    citation = r"""
        @misc{sill2009feature,
          author = {Sill, Joseph and Tak{\'a}cs, G{\'a}bor and Mackey, Lester and Lin, David},
          title = {Feature-Weighted Linear Stacking},
          note = {arXiv:0911.0460},
          year = {2009}
        }
    """

    class Params(PluginParams):
        strengths: tuple[Annotated[float, Field(ge=1e-3, le=1e9)], ...] = Field(
            (0.1, 1.0, 10.0, 100.0, 1000.0),
            min_length=1,
            description="ridge strengths to choose from",
        )

    params: Params
    chosen: dict[str, float]
    details: dict[str, int]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        labels = labels_of_both_classes("fwls", train.query)
        self._meta_features = MetaFeatures.fit(train)
        design, valid_design = self._design(train), self._design(valid)
        candidates = sorted(self.params.strengths, reverse=True)
        learners = [
            LogisticRegression(C=1 / strength, solver="newton-cholesky", tol=1e-6)
            for strength in candidates
        ]
        losses = [
            log_losses(
                learner.fit(design, labels).decision_function(valid_design),
                known_labels(valid.query),
            ).mean()
            for learner in learners
        ]
        best = int(np.argmin(losses))
        self._learner = learners[best]
        self.chosen = {"strength": candidates[best]}
        self.details = {"candidates": len(candidates)}

    def predict(self, tasks: Tasks) -> Selection:
        return Selection(logits=self._learner.decision_function(self._design(tasks)))

    def _design(self, tasks: Tasks) -> np.ndarray:
        """(n, K * J) float64: products of each base logit and each meta-feature."""
        base_logits = tasks.query_base_logits.astype(np.float64)
        products = base_logits[:, :, None] * self._meta_features.of(tasks)[:, None, :]
        return np.asarray(products.reshape(len(products), -1))


class MetaFeatures(NamedTuple):
    """1; rate of positives and log(1 + rows) of the user's support; log(1 + rows of the item among training users').

    All but the first are standardised as training users have them, so that one strength suits all. Without support the
    user's two are 0, the mean user's."""

    support: SupportStatistics
    item: _ItemCounts
    centre: float  # of the item's
    scale: float

    @classmethod
    def fit(cls, train: Tasks) -> MetaFeatures:
        item = _ItemCounts.fit(train)
        counts = item.of(train.query)
        return cls(
            SupportStatistics.fit(train), item, float(counts.mean()), float(counts.std()) or 1.0
        )

    def of(self, tasks: Tasks) -> np.ndarray:
        """(n, 4) float64 for query rows."""
        user = self.support.of(tasks)[user_of_row(tasks.query_ptr), -2:]
        item = (self.item.of(tasks.query) - self.centre) / self.scale
        return np.column_stack([np.ones(len(item)), user, item])


class _ItemCounts(NamedTuple):
    """How often an item occurs, by the categorical field of the item's side that tells most items apart."""

    field: str | None  # None: there is no such field, and every count is 0
    counts: np.ndarray  # by code; 0 for codes from its end on, as is the last

    @classmethod
    def fit(cls, train: Tasks) -> _ItemCounts:
        rows = {
            field.name: np.concatenate(
                [train.support.codes(field.name), train.query.codes(field.name)]
            )
            for field in train.query.fields
            if field.kind == "categorical" and field.side == "item"
        }
        if not rows:
            return cls(None, np.zeros(1))
        field = max(rows, key=lambda name: len(np.unique(rows[name])))
        counts = np.bincount(rows[field], minlength=1)
        counts[0] = 0  # unknown
        return cls(field, np.append(counts, 0))

    def of(self, rows: Rows) -> np.ndarray:
        """(n,) float64 log(1 + count)."""
        if self.field is None:
            return np.zeros(len(rows))
        return np.asarray(
            np.log1p(self.counts[np.minimum(rows.codes(self.field), len(self.counts) - 1)])
        )
