"""The floor: logit = b + b_user + b_item, from shrunken means of the labels (the baseline of Koren, KDD 2008, section 2.1).

A code with n rows, s of them positive, has the rate (s + k p) / (n + k), its mean with weight n / (n + k) and the base rate p
with the rest; its effect is that rate's logit less the base rate's. Each side's k is chosen on the validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Annotated

import numpy as np
from pydantic import Field

from bench.errors import DataError
from bench.interfaces import Context, Model, PluginParams, Rows
from bench_ctr._labels import known_labels


class Mean(Model):
    """Base rate plus a user's and an item's shrunken deviation from it: the floor for every other model."""

    name = "mean"
    citation = """
        @inproceedings{koren2008factorization,
          author = {Koren, Yehuda},
          title = {Factorization Meets the Neighborhood: A Multifaceted Collaborative Filtering Model},
          booktitle = {Proceedings of the 14th ACM SIGKDD International Conference on Knowledge Discovery and Data Mining},
          pages = {426--434},
          year = {2008}
        }
    """

    class Params(PluginParams):
        user_field: str = Field(
            "", description="categorical field of users; empty: their side's one with most values"
        )
        item_field: str = Field(
            "", description="categorical field of items; empty: their side's one with most values"
        )
        strengths: tuple[Annotated[float, Field(gt=0, le=1e9)], ...] = Field(
            (1.0, 3.0, 10.0, 30.0, 100.0, 300.0),
            min_length=1,
            description="rows' worth of the base rate that a mean is shrunk by: tried for users and for items",
        )

    params: Params

    def fit(self, train: Rows, valid: Rows, context: Context) -> None:  # noqa: ARG002
        labels = known_labels(train)
        # Laplace's rule: finite where one class is missing
        rate = (labels.sum() + 1) / (len(labels) + 2)
        self._bias = float(np.log(rate / (1 - rate)))
        named = {"user": self.params.user_field, "item": self.params.item_field}
        fields = [field for side, name in named.items() if (field := name or _largest(train, side))]
        candidates = [
            [
                Effects.fit(field, _codes(train, field), labels, rate, strength)
                for strength in self.params.strengths
            ]
            for field in fields
        ]
        self._effects = min(product(*candidates), key=lambda effects: self._logloss(effects, valid))

    def predict(self, rows: Rows) -> np.ndarray:
        return self._logits(self._effects, rows)

    def _logits(self, effects: tuple[Effects, ...], rows: Rows) -> np.ndarray:
        logits = np.full(len(rows), self._bias)
        for one in effects:
            logits += one.of(rows.codes(one.field))
        return logits

    def _logloss(self, effects: tuple[Effects, ...], rows: Rows) -> float:
        signs = 1 - 2 * known_labels(rows).astype(np.float64)
        return float(np.logaddexp(0, signs * self._logits(effects, rows)).sum())


@dataclass(frozen=True)
class Effects:
    """Of each code of a field on the logit."""

    field: str
    values: np.ndarray  # (codes,) float64; 0 for the unknown code

    @classmethod
    def fit(
        cls, field: str, codes: np.ndarray, labels: np.ndarray, rate: float, strength: float
    ) -> Effects:
        positives = np.bincount(codes, weights=labels) + strength * rate
        negatives = np.bincount(codes, weights=1 - labels) + strength * (1 - rate)
        values = np.log(positives / negatives) - np.log(rate / (1 - rate))
        values[:1] = 0  # unknown, or hidden
        return cls(field, values)

    def of(self, codes: np.ndarray) -> np.ndarray:
        """(n,) float64; 0 for codes of no training row."""
        known = codes < len(self.values)
        return np.where(known, self.values[np.where(known, codes, 0)], 0.0)


def _largest(rows: Rows, side: str) -> str:
    """The categorical field of a side with the most codes in some rows; "" where it has none."""
    fields = [
        field.name for field in rows.fields if field.side == side and field.kind == "categorical"
    ]
    return max(fields, key=lambda field: len(np.unique(rows.codes(field))), default="")


def _codes(rows: Rows, field: str) -> np.ndarray:
    categorical = [one.name for one in rows.fields if one.kind == "categorical"]
    if field not in categorical:
        raise DataError(
            f"base model mean: {field!r} is not a categorical field of the dataset; these are: {', '.join(categorical)}"
        )
    return rows.codes(field)
