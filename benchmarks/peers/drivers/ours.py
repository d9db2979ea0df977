"""This project's own models, as `bench run` fits a base model: compiled off the clock, rows encoded, trained, asked.

Reading is opening the prepared arrays and encoding rows. Early stopping never stops; it validates on a thousand training
rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torch._dynamo  # as the server that `bench run` forks its workers from
from threadpoolctl import threadpool_limits

from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.interfaces import Context
from bench.learn import (
    DifferentiableModel,
    Encoder,
    Examples,
    FittedModel,
    build_model,
    outputs,
    train,
)
from bench.settings import TrainSettings
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.gbdt import GBDT
from bench_ctr.lr import LR
from benchmarks.peers.drivers.common import Job, Measured, fit_anew, main, read_division
from benchmarks.peers.formats import PREPARED

VALID_ROWS = 1000


def run(job: Job) -> Measured:
    torch.set_num_threads(1)
    threadpool_limits(1)
    return _trees(job) if job.model == "gbdt" else _differentiable(job)


def versions() -> dict[str, str]:
    return {name: version(name) for name in ("numba", "numpy", "scikit-learn", "torch")}


def _differentiable(job: Job) -> Measured:
    measured = Measured()
    FittedModel(_model(job), _settings(job, 1)).prepare(_open(job)[0].fields)
    with measured.reading:
        interactions, training, _ = _open(job)
        encoder = Encoder.fit(training)
        examples = _examples(encoder, training)
    few = _examples(encoder, training.take(np.arange(VALID_ROWS)))

    def fit(epochs: float) -> Callable[[], np.ndarray]:
        network = build_model(_model(job), interactions, job.seed)
        train(network, examples, few, _settings(job, int(epochs)), job.seed)
        return lambda: _in_order(lambda rows: outputs(network, encoder.encode(rows)).numpy(), job)

    fit_anew(job, measured, fit)
    return measured


def _trees(job: Job) -> Measured:
    measured = Measured()
    with measured.reading:
        _, training, _ = _open(job)
    few = training.take(np.arange(VALID_ROWS))

    def fit(trees: float) -> Callable[[], np.ndarray]:
        params = {"trees": int(trees), "learning_rate": job.learning_rate, "patience": 1000}
        model = GBDT(GBDT.Params.model_validate(params))
        model.fit(training, few, Context(job.seed, 1, "cpu", job.folder, {}))
        return lambda: _in_order(model.predict, job)

    fit_anew(job, measured, fit)
    return measured


def _model(job: Job) -> DifferentiableModel:
    match job.model:
        case "lr":
            return LR(LR.Params())
        case "fm":
            return FM(FM.Params(embedding_dim=job.dim))
        case "ffm":
            return FFM(FFM.Params(embedding_dim=job.dim))
        case "deepfm":
            return DeepFM(DeepFM.Params(embedding_dim=job.dim, hidden=job.hidden, dropout=0.0))
    raise ValueError(f"no model {job.model!r} here")


def _settings(job: Job, epochs: int) -> TrainSettings:
    return TrainSettings.model_validate(
        {
            "batch_size": job.batch,
            "optimizer": job.optimizer,
            "learning_rate": job.learning_rate,
            "epochs": epochs,
            "patience": epochs,
            "l2": 0.0,
        }
    )


def _open(job: Job) -> tuple[Interactions, View, View]:
    """The dataset, its training rows with labels, its test rows without. Rows lie sorted by user: `order` has their places."""
    interactions = Interactions.open(Path(json.loads((job.folder / PREPARED).read_text("utf-8"))))
    places, labels = interactions.order, interactions.labels()
    assert places is not None
    trained = np.asarray(places) < read_division(job.folder)["train_rows"]
    ours, theirs = np.flatnonzero(trained), np.flatnonzero(~trained)
    return interactions, View(interactions, ours, labels[ours]), View(interactions, theirs)


def _examples(encoder: Encoder, rows: View) -> Examples:
    assert rows.labels is not None
    return Examples(encoder.encode(rows), torch.from_numpy(rows.labels.astype(np.float32)))


def _in_order(predict: Callable[[View], np.ndarray], job: Job) -> np.ndarray:
    """Logits (n,) of the test rows in the order in which they were written."""
    interactions, training, tested = _open(job)
    assert interactions.order is not None
    logits = np.empty(len(tested))
    logits[interactions.order[tested.index] - len(training)] = predict(tested)
    return logits


if __name__ == "__main__":
    main(run, versions)
