"""FuxiCTR: LR, FM and DeepFM of its layers, as in its model zoo (which its package leaves out), by its `train_epoch`.

Batches are cut from tensors here: its own loaders read a row at a time in Python and take longer than the step."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.metadata import version

import numpy as np
import torch
from common import Job, Measured, logit, main, read_division, read_part, train_by_epochs
from fuxictr.features import FeatureMap
from fuxictr.pytorch.layers import (
    FactorizationMachine,
    FeatureEmbedding,
    LogisticRegression,
    MLP_Block,
)
from fuxictr.pytorch.models import BaseModel
from fuxictr.pytorch.torch_utils import seed_everything
from torch import Tensor

ASKED_AT_ONCE = 1 << 16  # rows


class Model(BaseModel):
    """The parts that the job's model has, added up."""

    def __init__(self, features: FeatureMap, job: Job) -> None:
        super().__init__(features, verbose=0, model_root=tempfile.gettempdir(), metrics=["AUC"])
        self.linear = LogisticRegression(features) if job.model == "lr" else None
        if job.model != "lr":
            self.embedding = FeatureEmbedding(features, job.dim)
            self.pairs = FactorizationMachine(features)
        self.deep = (
            MLP_Block(features.sum_emb_out_dim(), list(job.hidden), output_dim=1)
            if job.model == "deepfm"
            else None
        )
        self.compile(job.optimizer.capitalize(), "binary_crossentropy", job.learning_rate)
        self.reset_parameters()
        self.model_to_device()

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        columns = self.get_inputs(inputs)
        if self.linear is not None:
            logits = self.linear(columns)
        else:
            vectors = self.embedding(columns)  # (batch, F, D)
            logits = self.pairs(columns, vectors)
            if self.deep is not None:
                logits = logits + self.deep(vectors.flatten(1))
        return {"y_pred": self.output_activation(logits)}


class Batches:
    """A part's rows, shuffled anew each time where that is asked for."""

    def __init__(self, job: Job, part: str, batch: int, *, shuffled: bool) -> None:
        codes, labels = read_part(job.folder, part)
        fields = read_division(job.folder)["fields"]
        # 0 stands for what is missing
        columns = [*(codes.T.astype(np.int64) + 1), labels.astype(np.float32)]
        self.columns = dict(zip([*fields, "label"], map(torch.from_numpy, columns), strict=True))
        self.rows, self.batch, self.shuffled = len(labels), batch, shuffled

    def __len__(self) -> int:
        return -(-self.rows // self.batch)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        order = torch.randperm(self.rows) if self.shuffled else torch.arange(self.rows)
        for rows in order.split(self.batch):
            yield {name: column[rows] for name, column in self.columns.items()}


def run(job: Job) -> Measured:
    torch.set_num_threads(1)
    seed_everything(job.seed)
    measured = Measured()
    with measured.reading:
        batches = Batches(job, "train", job.batch, shuffled=True)
    tested = Batches(job, "test", ASKED_AT_ONCE, shuffled=False)
    model = Model(_features(job), job)
    # what its fit sets before the first epoch; it evaluates and saves after each, which is left out here
    model._max_gradient_norm, model._stop_training = 10.0, False
    model._total_steps, model._eval_steps = 0, len(batches) * job.epochs + 1

    train_by_epochs(
        job, measured, lambda _: model.train_epoch(batches), lambda: logit(model.predict(tested))
    )
    return measured


def _features(job: Job) -> FeatureMap:
    division = read_division(job.folder)
    features = FeatureMap("peers", str(job.folder))
    for field, size in zip(division["fields"], division["sizes"], strict=True):
        spec = {"type": "categorical", "source": "", "vocab_size": size + 1, "padding_idx": 0}
        features.features[field] = spec
    features.labels, features.default_emb_dim = ["label"], job.dim
    features.num_fields = features.get_num_fields()
    features.set_column_index()
    return features


if __name__ == "__main__":
    main(run, lambda: {name: version(name) for name in ("fuxictr", "numpy", "torch")})
