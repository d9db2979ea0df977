"""RecBole: its LR, FM, FFM and DeepFM by its trainer's epochs, on its atomic files. Reading is its dataset and its loader."""

from __future__ import annotations

import logging
import warnings
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from common import Job, Measured, logit, main, read_division, train_by_epochs
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.utils import get_model, get_trainer, init_seed

MODELS = {"lr": "LR", "fm": "FM", "ffm": "FFM", "deepfm": "DeepFM"}
ASKED_AT_ONCE = 1 << 16  # rows


def run(job: Job) -> Measured:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    config = Config(MODELS[job.model], "peers", config_dict=_settings(job))
    torch.set_num_threads(1)
    init_seed(job.seed, reproducibility=True)
    measured = Measured()
    with measured.reading:
        dataset = create_dataset(config)
        training, _, tested = data_preparation(config, dataset)
    model = get_model(config["model"])(config, training.dataset)
    trainer = get_trainer(config["MODEL_TYPE"], config["model"])(config, model)

    @torch.no_grad()
    def predict() -> np.ndarray:
        model.eval()
        answers = [model.predict(interaction) for interaction, *_ in _batches(tested)]
        return logit(torch.cat(answers).numpy())

    train_by_epochs(job, measured, lambda number: trainer._train_epoch(training, number), predict)
    return measured


def _batches(tested: Any) -> Any:
    return ((batch if isinstance(batch, tuple) else (batch,)) for batch in tested)


def _settings(job: Job) -> dict[str, Any]:
    fields = read_division(job.folder)["fields"]
    return {
        "data_path": str(job.folder),
        "benchmark_filename": ["train", "test", "test"],
        "load_col": {"inter": [*fields, "label"]},
        "USER_ID_FIELD": fields[0],
        "ITEM_ID_FIELD": fields[1],
        "LABEL_FIELD": "label",
        "fields": {number: [field] for number, field in enumerate(fields)},  # of FFM
        "train_neg_sample_args": None,
        "eval_args": {"group_by": None, "order": "RO", "mode": "labeled"},
        "metrics": ["AUC"],
        "valid_metric": "AUC",
        "embedding_size": job.dim,
        "mlp_hidden_size": list(job.hidden),
        "dropout_prob": 0.0,
        "train_batch_size": job.batch,
        "eval_batch_size": ASKED_AT_ONCE,
        "learner": job.optimizer,
        "learning_rate": job.learning_rate,
        "epochs": job.epochs,
        "seed": job.seed,
        "device": "cpu",
        "use_gpu": False,
        "show_progress": False,
        "state": "CRITICAL",
        "checkpoint_dir": str(job.logits.parent),
    }


if __name__ == "__main__":
    main(run, lambda: {name: version(name) for name in ("recbole", "numpy", "pandas", "torch")})
