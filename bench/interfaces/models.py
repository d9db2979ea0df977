"""Base models: any learner, or tables and a pure function of one example."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from bench.interfaces.plugin import Plugin
from bench.interfaces.rows import Context, Fields, FitNotes, Rows

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

__all__ = ["CompiledForm", "Differentiable", "DifferentiableModel", "Lookup", "Model"]

# What a model may declare as `compiled_form` (bench.learn.DifferentiableModel): functions that the harness knows.
CompiledForm = Literal[
    "logistic-regression",
    "factorization-machine",
    "field-aware-factorization-machine",
    "deep-factorization-machine",
]


class Model(FitNotes, Plugin):
    """Any learner, e.g. trees. Fitted and asked in one process: nothing is pickled, no save or load is needed.

    `learns` False: nothing is learned from rows (somebody else's scores), so that there are no folds: one answer serves every
    slot, and only rows of some task are asked for."""

    learns: ClassVar[bool] = True

    def files(self) -> Sequence[str]:
        """Files that the model reads, paths below the suite's folder or the data folder. Found by the harness, which hands
        them over as `context.files`, fits anew where their content changes, and takes no result where it does meanwhile."""
        return ()

    @abstractmethod
    def fit(self, train: Rows, valid: Rows, context: Context) -> None:
        """Learn from `train`; `valid` (validation users' query rows, labels visible) is for early stopping."""

    @abstractmethod
    def predict(self, rows: Rows) -> np.ndarray:
        """(n,) float32 or float64 logits, finite; `rows.labels` is None."""


class Differentiable(Plugin):
    """Tables and a pure function of one example at a time; in use as bench.learn.DifferentiableModel or
    DifferentiableSelector (nn.Modules).

    The harness owns tables, the bias (starts at the base rate), lookup, optimiser, L2 on looked-up rows, early stopping,
    dtype, device and files. Ordinary training: train mode, rows (batch, F, width). Adaptation: eval mode (no dropout;
    batch-norm's statistics frozen, its affine part adapts), rows (n, F, width) of ONE user under torch.func.vmap: no
    .item(), no data-dependent shape, no state written, second derivatives exist. An author never sees a user axis."""

    unpooled: ClassVar[
        tuple[str, ...]
    ] = ()  # fields wanted entry by entry too: rows.entries(table, field). Or set in `build`, to a name that is a parameter

    @abstractmethod
    def tables(self) -> Mapping[str, int]:
        """After build: table name to width; each has a row for each value of every field (an entry of the joint index)."""

    def initialise(self, table: str, values: Tensor) -> None:
        """Fill a new table (entries, width) in place; default: zeros for the table `linear`, else normal(0, 0.01). Torch's
        generator is seeded for you."""
        if table == "linear":
            values.zero_()
        else:
            values.normal_(0.0, 0.01)

    @abstractmethod
    def forward(self, rows: Lookup) -> Tensor:
        """Model: logits (...), bias not included. Selector: scores (..., K)."""


class DifferentiableModel(Differentiable):
    """A base model that full MetaSelector can adapt."""

    @abstractmethod
    def build(self, fields: Fields) -> None:
        """Make the nn layers; the RNG is seeded for you."""


class Lookup(Protocol):
    """What the harness looked up for the rows at hand; `...` is (batch,) in training and (n,) in adaptation."""

    @property
    def base_logits(self) -> Tensor:
        """(..., K) logits of the pool; selectors only."""
        ...

    def __getitem__(self, table: str) -> Tensor:
        """(..., F, width): per field, the sum over its bag of weight * row."""
        ...

    def entries(self, table: str, field: str) -> tuple[Tensor, Tensor]:
        """A field of `unpooled` entry by entry: rows (..., L, width), not weighted, and their weights (..., L).

        Categorical: L is 1, of weight 1. Multi-valued: L is the longest bag's, 1 at least; weights are 1/k of a bag of k, 0
        where it is padded, with rows of no meaning. Numeric: the value's row and the missing value's, of weights value and 0,
        or 0 and 1."""
        ...
