"""DeepCTR-Torch: its DeepFM, of which LR and FM are the parts that are left where the others are switched off."""

from __future__ import annotations

import contextlib
import io
from importlib.metadata import version

import numpy as np
import torch
from common import Job, Measured, logit, main, read_division, read_part, train_by_epochs
from deepctr_torch.inputs import SparseFeat
from deepctr_torch.models import DeepFM

ASKED_AT_ONCE = 1 << 16  # rows


def run(job: Job) -> Measured:
    torch.set_num_threads(1)
    measured = Measured()
    fields = read_division(job.folder)["fields"]
    with measured.reading:
        codes, labels = read_part(job.folder, "train")
        columns = dict(zip(fields, codes.T, strict=True))
        answers = labels.astype(np.float32)
    tested = dict(zip(fields, read_part(job.folder, "test")[0].T, strict=True))
    model = _model(job)

    def epoch(number: int) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            model.fit(
                columns,
                answers,
                batch_size=job.batch,
                initial_epoch=number,
                epochs=number + 1,
                verbose=0,
            )

    train_by_epochs(job, measured, epoch, lambda: logit(model.predict(tested, ASKED_AT_ONCE)))
    return measured


def _model(job: Job) -> DeepFM:
    division = read_division(job.folder)
    dim = 1 if job.model == "lr" else job.dim
    columns = [
        SparseFeat(field, size, embedding_dim=dim)
        for field, size in zip(division["fields"], division["sizes"], strict=True)
    ]
    pairs = [] if job.model == "lr" else columns
    model = DeepFM(
        columns,
        pairs,
        use_fm=job.model != "lr",
        dnn_hidden_units=job.hidden,
        l2_reg_linear=0,
        l2_reg_embedding=0,
        seed=job.seed,
    )
    # its loss is summed over a batch: Adam and AdaGrad take the same steps all the same
    model.compile(_optimiser(job, model), "binary_crossentropy")
    return model


def _optimiser(job: Job, model: torch.nn.Module) -> torch.optim.Optimizer:
    kinds = {"adam": torch.optim.Adam, "adagrad": torch.optim.Adagrad}
    return kinds[job.optimizer](model.parameters(), lr=job.learning_rate)


if __name__ == "__main__":
    main(run, lambda: {name: version(name) for name in ("deepctr-torch", "numpy", "torch")})
