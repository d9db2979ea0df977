"""All compiled functions that fits and metrics call, compiled at once and kept on disk, so that no first run waits for them:

    python -m bench.worker.compile_all

What a run still lacks afterwards, a stranger's table of another width say, it compiles itself, off the clock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from typing import Literal, get_args, get_type_hints

import numpy as np
from torch import Tensor, nn

from bench.interfaces import Field, Fields, Lookup, PluginParams
from bench.learn import DifferentiableModel
from bench.settings import TrainSettings

__all__ = ["compile_all"]

WIDTHS = (4, 8, 16)  # of factors; what is compiled for one serves all with vectors as long
FIELDS = Fields((Field("field", "categorical", "context"),))


def compile_all() -> None:
    """In two processes, since nothing is shared between training and the inner loop."""
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        for done in [processes.submit(part) for part in (compile_training, compile_the_rest)]:
            done.result()


def compile_training() -> None:
    """Of every known form, of any other plugin's tables, by either optimiser."""
    from bench.learn.network.precompiling import precompile_model

    optimizers: tuple[Literal["adam", "adagrad"], ...] = get_args(
        get_type_hints(TrainSettings)["optimizer"]
    )
    for optimizer, width, model in product(optimizers, WIDTHS, MODELS):
        precompile_model(model(width), FIELDS, TrainSettings(optimizer=optimizer))


def compile_the_rest() -> None:
    from bench.evaluate.metrics.auc import MANY_ROWS, auc_by_user, pooled_auc
    from bench.evaluate.metrics.walked_auc import auc_by_walks
    from bench.learn.inner_loop import compile_kernel

    compile_kernel()
    labels = (np.arange(MANY_ROWS) % 2).astype(np.uint8)
    for dtype in (np.float32, np.float64):
        logits = np.zeros(MANY_ROWS, dtype)
        pooled_auc(labels, logits)
        auc_by_user(labels, logits, labels)
        auc_by_walks(labels, [logits], labels, np.ones((2, 1), np.uint8))


class _Tables(DifferentiableModel):
    """Any plugin's."""

    def __init__(self, width: int) -> None:
        super().__init__(PluginParams())
        self.width = width

    def build(self, fields: Fields) -> None: ...

    def tables(self) -> dict[str, int]:
        return {"linear": 1, "factors": self.width}

    def forward(self, rows: Lookup) -> Tensor:
        raise NotImplementedError("it is built, and never called")


class _Logistic(_Tables):
    compiled_form = "logistic-regression"

    def tables(self) -> dict[str, int]:
        return {"linear": 1}


class _Factorization(_Tables):
    compiled_form = "factorization-machine"


class _FieldAware(_Tables):
    compiled_form = "field-aware-factorization-machine"


class _Deep(_Tables):
    compiled_form = "deep-factorization-machine"

    def build(self, fields: Fields) -> None:
        hidden = [nn.Linear(len(fields) * self.width, 1), nn.ReLU(), nn.Dropout(0.5)]
        self.deep = nn.Sequential(*hidden, nn.Linear(1, 1, bias=False))


MODELS: tuple[Callable[[int], DifferentiableModel], ...] = (
    _Tables, _Logistic, _Factorization, _FieldAware, _Deep,
)  # fmt: skip

if __name__ == "__main__":
    compile_all()
