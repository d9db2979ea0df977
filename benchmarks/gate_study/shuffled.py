"""A model for the study of the gate: trained for real, and made worse by as much as is asked for."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from bench import hookimpl
from bench.interfaces import Context, Model, PluginParams, Rows

BATCH, EPOCHS, RATE = 256, 3, 0.01
_LOTS = 1  # a stream of its own: training does not change with what is shuffled


class Shuffled(Model):
    """Logistic regression on ids by stochastic gradients; a share of its scores is shuffled.

    A row whose score is another's is in pairs that it orders by chance or, where its own label happens to be the other's,
    as before: an AUC of A is expected to become 1/2 + (1 - share) (A - 1/2)."""

    name = "shuffled"

    class Params(PluginParams):
        shuffled: float = Field(0.0, ge=0, le=1, description="share of rows that swap scores")
        training: int = Field(0, ge=0, description="another number is another training")

    params: Params

    def fit(self, train: Rows, valid: Rows, context: Context) -> None:  # noqa: ARG002
        self._seed = [context.seed, self.params.training]
        generator = np.random.default_rng(self._seed)
        names = [field.name for field in train.fields if field.kind == "categorical"]
        codes = {name: train.codes(name) for name in names}
        labels = np.asarray(train.labels, dtype=float)
        self._bias = float(np.log(labels.mean() / (1 - labels.mean())))
        self._weights = {name: np.zeros(int(of.max()) + 1) for name, of in codes.items()}
        rows = np.concatenate([generator.permutation(len(labels)) for _ in range(EPOCHS)])
        starts = range(0, len(rows), BATCH)
        for start, rate in zip(starts, np.linspace(RATE, 0, len(starts)), strict=True):
            batch = rows[start : start + BATCH]
            self._step({name: of[batch] for name, of in codes.items()}, labels[batch], rate)

    def _step(self, codes: dict[str, np.ndarray], labels: np.ndarray, rate: float) -> None:
        wrong = labels - 1 / (1 + np.exp(-self._logits(codes)))  # (batch,)
        for name, of in codes.items():
            np.add.at(self._weights[name], of, rate * wrong)

    def _logits(self, codes: dict[str, np.ndarray]) -> np.ndarray:
        known = [np.where(of < len(self._weights[name]), of, 0) for name, of in codes.items()]
        weights = [of_field[at] for of_field, at in zip(self._weights.values(), known, strict=True)]
        return np.asarray(self._bias + np.sum(weights, axis=0))

    def predict(self, rows: Rows) -> np.ndarray:
        logits = self._logits({name: rows.codes(name) for name in self._weights})
        lots = np.random.default_rng([*self._seed, _LOTS])
        drawn = np.flatnonzero(lots.random(len(rows)) < self.params.shuffled)
        logits[drawn] = logits[lots.permutation(drawn)]
        return logits


@hookimpl
def bench_models() -> dict[str, str]:
    return {"shuffled": f"{__name__}:Shuffled"}
