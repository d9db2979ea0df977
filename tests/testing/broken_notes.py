"""Models whose fit tells of itself what the record can't keep."""

from __future__ import annotations

import numpy as np

from tests.testing.broken import Fine


class NotANumber(Fine):
    """Notes a loss of nothing."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.details = {"folds": [{"loss": float("nan")}]}


class NumpyScalar(Fine):
    """Notes what numpy gave."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.chosen = {"rate": np.float32(self.rate)}


class NumberedKeys(Fine):
    """Notes by number."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.details = {"by_fold": {1: 0.5}}


class MethodForNotes(Fine):
    """Writes a method where an attribute is read."""

    def details(self):
        return {"rate": self.rate}


class HistoryAsText(Fine):
    """Notes its epochs in words."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.history = "12 epochs"


class PlainNotes(Fine):
    """Conforms: numpy's float64 is a float."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.details = {"rate": np.float64(self.rate), "folds": ({"loss": None}, 3, True)}
        self.software = {"mine": "1.0"}
        self.trained_users = 7
