"""What a step says beside its logits: costs, and how far the sources of base predictions lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.data.views.rows import TaskView
from bench.evaluate.metrics.metrics import mean_log_loss
from bench.worker.clock import Clock
from bench.worker.notes import Notes

__all__ = ["cost", "logloss", "of_selector", "source_shift", "warnings"]


_BUSY, _SHORT = (
    1.2,
    1.0,
)  # more than this many threads' worth, and this many CPU seconds, is no accident


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


def of_selector(notes: Notes) -> dict[str, Any]:
    """Its own details, its epochs, and what it chose."""
    found: dict[str, Any] = dict(notes.details)
    if notes.history is not None:
        found |= {
            "epochs": notes.history.epochs,
            "best_epoch": notes.history.best_epoch,
            "valid_logloss": list(notes.history.valid_logloss),
        }
    return found | ({"chosen": dict(notes.chosen)} if notes.chosen else {})


def warnings(threads: int, fitting: Clock, changes: Sequence[str]) -> dict[str, Any]:
    """What people should know of how a step came about. `threads`: that the step was given; `changes`: what
    plugins changed of the process's settings."""
    found = list(changes)
    if fitting.cpu_s > _BUSY * threads * fitting.wall_s + _SHORT:
        rate = fitting.cpu_s / fitting.wall_s
        found.append(
            f"fit used {rate:.1f} CPU seconds a second with --threads {threads}: it has threads or processes of its own"
        )
    return {"warnings": found} if found else {}


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
