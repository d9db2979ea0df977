"""What a step says beside its logits: costs, and how far the sources of base predictions lie apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.data.views.rows import TaskView
from bench.evaluate.metrics.metrics import mean_log_loss
from bench.interfaces import FitNotes
from bench.worker.clock import Clock

__all__ = ["cost", "logloss", "of_selector", "source_shift"]


def cost(
    fitting: Clock, train_rows: int | None, predicting: Clock, predict_rows: int
) -> dict[str, Any]:
    return {
        "train_cpu_s": fitting.cpu_s,
        "train_wall_s": fitting.wall_s,
        "train_rows": train_rows,
        "predict_cpu_s": predicting.cpu_s,
        "predict_wall_s": predicting.wall_s,
        "predict_rows": predict_rows,
    }


def of_selector(notes: FitNotes) -> dict[str, Any]:
    """Its own details, its epochs, and what it chose."""
    found: dict[str, Any] = dict(notes.details)
    if notes.history is not None:
        found |= {"epochs": notes.history.epochs, "best_epoch": notes.history.best_epoch}
    return found | ({"chosen": dict(notes.chosen)} if notes.chosen else {})


def source_shift(train: TaskView, valid: TaskView) -> dict[str, dict[str, float | None]]:
    """Per model, the log loss on training users' query as the selector saw it beside that on validation users'."""
    return {
        model: {
            "train_query": logloss(train, train.query_base_logits[:, column]),
            "valid_query": logloss(valid, valid.query_base_logits[:, column]),
        }
        for column, model in enumerate(train.models)
    }


def logloss(tasks: TaskView, logits: np.ndarray) -> float | None:
    """Mean over the tasks' query rows; None without rows, or where it is infinite."""
    assert tasks.query.labels is not None
    return mean_log_loss(tasks.query.labels, logits)
