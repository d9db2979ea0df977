"""What a plugin implements. Importing this file imports neither torch nor pandas.

A plugin is a class with a `name`, a docstring whose first line is its summary, a pydantic `Params`, and the methods of one of
the interfaces below. Hooks (`bench.hookspecs`) hand the harness names and addresses of such classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from torch import Tensor

__all__ = [
    "Block",
    "Column",
    "Context",
    "Cut",
    "Dataset",
    "Differentiable",
    "DifferentiableModel",
    "DifferentiableSelector",
    "Episodes",
    "Executor",
    "Field",
    "Fields",
    "FitNotes",
    "History",
    "Learnable",
    "Lookup",
    "MetaLearner",
    "Metric",
    "MetricRows",
    "Model",
    "Plugin",
    "PluginParams",
    "Rows",
    "Score",
    "Selection",
    "Selector",
    "Source",
    "SplitProtocol",
    "StepEvent",
    "Tables",
    "Tasks",
    "Timeline",
    "UserParts",
]


class PluginParams(BaseModel):
    """A plugin's settings: strict, frozen; every field has a range and a description, and a default unless it has none by
    nature (a table's path). Lists are tuples, so that settings are hashable; the suite validates in pydantic's JSON mode,
    in which strict models still take a YAML list for a tuple."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Plugin(ABC):
    """Base of every class that a hook names. The harness makes each as `cls(params)`; the author reads `self.params`."""

    name: ClassVar[str]
    Params: ClassVar[type[PluginParams]] = PluginParams

    def __init__(self, params: Any) -> None:  # Any: each class narrows it to its own Params
        self.params = params


# -- data as a plugin sees it


@dataclass(frozen=True)
class Field:
    """A bag of (entry, weight) pairs over one joint index: categorical, 1 entry of weight 1; multi-valued, k entries of
    weight 1/k (an empty bag pools to zero); numeric, one entry weighted by the standardised value and a second one, of
    weight 1, where the value is missing. `side` says whose property it is."""

    name: str
    kind: Literal["categorical", "multi_valued", "numeric"]
    side: Literal["user", "item", "context"]


class Fields(tuple[Field, ...]):
    """The fields of a dataset in the order of the F axis: categorical, then multi-valued, then numeric."""

    def positions(self, side: str) -> list[int]:
        """Positions along the F axis of the fields of one side ("user", "item" or "context")."""
        return [i for i, field in enumerate(self) if field.side == side]

    def named(self, name: str) -> Field:
        """The field of that name; KeyError where there is none."""
        for field in self:
            if field.name == name:
                return field
        raise KeyError(f"no field {name!r}; there are {', '.join(field.name for field in self)}")


class Rows(Protocol):
    """Read-only view of n interactions, sorted by (user, order). What a view must not show is not in its memory."""

    def __len__(self) -> int: ...
    @property
    def fields(self) -> Fields: ...
    @property
    def index(self) -> np.ndarray:
        """(n,) int64, row in the prepared table: identity for joins and tests."""
        ...

    @property
    def users(self) -> np.ndarray:
        """(n,) int32; equal means one user."""
        ...

    @property
    def labels(self) -> np.ndarray | None:
        """(n,) uint8; None where withheld."""
        ...

    def codes(self, field: str) -> np.ndarray:
        """(n,) int32 within a categorical field; 0 is unknown (or hidden)."""
        ...

    def values(self, field: str) -> np.ndarray:
        """(n,) float32 of a numeric field, as in the data; NaN is missing."""
        ...

    def bags(self, field: str) -> tuple[np.ndarray, np.ndarray]:
        """A multi-valued field: CSR pointer (n + 1,) int64 and codes int32, 0 is unknown."""
        ...


class Context(NamedTuple):
    """What a fit may use besides its data: a seed, threads, a device ("cpu"), a folder for scratch files, and the files that
    the model asked for (`Model.files`), name to path."""

    seed: int
    threads: int
    device: str
    scratch: Path
    files: Mapping[str, Path] = {}


class History(NamedTuple):
    """A training by epochs that stops early."""

    epochs: int
    best_epoch: int  # whose parameters are kept, counted from 1
    valid_logloss: tuple[float, ...]  # on validation users' query, after each epoch
    rows: int  # trained on, epochs counted


class FitNotes:
    """What a fitted model or selector tells of itself. `fit` sets what there is to tell; it goes into the record."""

    history: History | None = None
    chosen: Mapping[str, Any] = {}  # settings that were chosen on validation users, as JSON
    details: Mapping[str, Any] = {}  # anything else worth keeping, as JSON
    software: Mapping[str, str] = {}  # what computed, beside torch and numpy: name to version
    trained_users: int | None = None  # of a training by users, epochs counted


# -- base models


class Model(FitNotes, Plugin):
    """Any learner, e.g. trees. Fitted and asked in one process: nothing is pickled, no save or load is needed.

    `learns` False: nothing is learned from rows (somebody else's scores), so that there are no folds: one answer serves every
    slot, and only rows of some task are asked for."""

    learns: ClassVar[bool] = True

    def files(self) -> Sequence[str]:
        """Files that the model reads, paths below the suite's folder or the data folder. Found by the harness, which hands
        them over as `context.files` and fits anew where their content changes."""
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
    ] = ()  # fields wanted entry by entry too: rows.entries(table, field)

    @abstractmethod
    def tables(self) -> Mapping[str, int]:
        """After build: table name to width; each has one row per entry of the joint index."""

    def initialise(self, table: str, values: Tensor) -> None:
        """Fill a new table (entries, width) in place; default: normal(0, 0.01), zeros where the width is 1."""
        if values.shape[-1] == 1:
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
        """A field of `unpooled` entry by entry: rows (..., L, width) and weights (..., L), 0 where padded."""
        ...


# -- selectors


class Tasks(Protocol):
    """Users with support and query, and base predictions from the source that the protocol names for each slot."""

    @property
    def models(self) -> tuple[str, ...]:
        """The pool, K names."""
        ...

    @property
    def support(self) -> Rows: ...
    @property
    def query(self) -> Rows:
        """Grouped by user, the users in the order of `support`; labels None where a prediction is asked for."""
        ...

    @property
    def support_ptr(self) -> np.ndarray:
        """(users + 1,) int64: user u's support rows are [support_ptr[u], support_ptr[u + 1])."""
        ...

    @property
    def query_ptr(self) -> np.ndarray: ...
    @property
    def support_base_logits(self) -> np.ndarray:
        """(n, K) float32."""
        ...

    @property
    def query_base_logits(self) -> np.ndarray: ...


class Selection(NamedTuple):
    """Weights or logits, exactly one of them, for every query row."""

    weights: np.ndarray | None = None  # (n, K), on the simplex
    logits: np.ndarray | None = None  # (n,), e.g. stacking
    mixed_by: np.ndarray | None = (
        None  # (n, K) beside logits of an adapted pool: the weights that mixed it, for the record
    )


class Selector(FitNotes, Plugin):
    """Chooses, weighs or stacks base models; may read each user's support."""

    @abstractmethod
    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:
        """Learn from the training users' tasks; `valid` (query labels visible) is for choosing settings."""

    @abstractmethod
    def predict(self, tasks: Tasks) -> Selection:
        """For every query row; `tasks.query.labels` is None."""


class DifferentiableSelector(Differentiable):
    """forward(rows) gives scores (..., K); the harness takes the (log-)softmax and adds no bias. Trained row by row it is
    gating; under a meta-learner it is MetaSelector. One class serves both."""

    @abstractmethod
    def build(self, fields: Fields, models: tuple[str, ...]) -> None:
        """Make the nn layers for K = len(models); the RNG is seeded for you."""


# -- meta-learners


@dataclass(frozen=True)
class Block:
    """Support or query of a chunk of users, padded to n rows a user. Keys: "selector", and "pool" where it is adapted."""

    entries: Mapping[
        str, Any
    ]  # bench.learn's RowIndex (U, n, E): where each entry lies among the users' own rows
    weights: Mapping[
        str, Tensor
    ]  # (U, n, E - categorical fields) of the entries that are not categorical
    labels: Tensor  # (U, n)
    mask: Tensor  # (U, n) 1 where there is a row
    base_logits: Tensor | None  # (U, n, K); None where the pool is adapted


@dataclass(frozen=True)
class Episodes:
    """A chunk of users of like length. A rule hands it on and need not look inside."""

    users: int
    rows: Mapping[
        str, Tensor
    ]  # (U, R) int64: joint entries that a user's support and query touch, each once; padded
    support: Block
    query: Block

    def part(self, part: Literal["support", "query"]) -> Block:
        return self.support if part == "support" else self.query


class Learnable(Protocol):
    """A selector, or a selector and its pool, as one pure function; `adapt:` in the suite decides which leaves move."""

    def parameters(self) -> dict[str, Tensor]:
        """Master leaves: 'selector/net.0.weight', 'fm/factors', 'fm/bias'."""
        ...

    def per_user(self, parameters: Mapping[str, Tensor], batch: Episodes) -> dict[str, Tensor]:
        """Dense leaves (U, *shape); tables (U, R, width): only the R rows that a user's support and query touch."""
        ...

    def adapted(self) -> tuple[str, ...]:
        """The leaves that `adapt` and `frozen_fields` let move."""
        ...

    def head(self) -> tuple[str, ...]:
        """The leaves of the selector's last layer; PluginError where it has none."""
        ...

    def only(self, leaves: Iterable[str]) -> Learnable:
        """The same with no other leaves adapted (the outer loop trains as before)."""
        ...

    def loss(
        self, per_user: Mapping[str, Tensor], batch: Episodes, part: Literal["support", "query"]
    ) -> Tensor:
        """(U,) mean cross-entropy of the mixture; 0 where a user has no such rows."""
        ...

    def gradients(
        self, loss: Tensor, per_user: Mapping[str, Tensor], *, create_graph: bool
    ) -> dict[str, Tensor]:
        """Of each user's own loss, for the adapted leaves; zero where the loss does not depend on one."""
        ...

    def rates(self, start: Mapping[str, float]) -> dict[str, Tensor]:
        """A rate for each adapted leaf. `start`: group ('selector', 'bias', 'dense', 'user', 'item', 'context') to its
        first value. Dense: the leaf's own shape; table: (F, width), a field's rows share a rate."""
        ...

    def spread(self, rates: Mapping[str, Tensor], batch: Episodes) -> dict[str, Tensor]:
        """What a rule multiplies gradients by: dense (1, *shape); table (U, R, width), row r has its own field's rate."""
        ...


class MetaLearner(Plugin):
    """The rule only; the harness draws episodes, steps the outer optimiser, stops early and saves."""

    meta_trained: ClassVar[bool] = True  # False: no outer steps (fine-tune)

    def candidates(self) -> Sequence[PluginParams]:
        """Settings of which the harness keeps the best on validation users' query (fine-tune: steps by rates)."""
        return (self.params,)

    def learned(self, learnable: Learnable) -> dict[str, Tensor]:
        """Extra outer parameters and their first values, e.g. the rates."""
        return {}

    @abstractmethod
    def adapt(
        self,
        learnable: Learnable,
        outer: Mapping[str, Tensor],
        batch: Episodes,
        *,
        training: bool,
    ) -> dict[str, Tensor]:
        """Every leaf per user after adaptation. `outer` holds the master leaves and the learned ones."""

    def outer_loss(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes
    ) -> Tensor:
        """(U,) what the outer step brings down; default: the query loss after adaptation."""
        return learnable.loss(self.adapt(learnable, outer, batch, training=True), batch, "query")


# -- datasets, protocols, metrics, executors


class Source(NamedTuple):
    """One place that can serve a dataset; the harness tries them in order. An empty `url` means below --data-dir, where
    `name` is the sub-folder ("" = the data folder itself) and `members` are the files; `sha256` is of the download."""

    name: str
    url: str
    sha256: str
    members: tuple[str, ...]


class Column(NamedTuple):
    """A column's role. `field` is given where it is a feature (the user's and the item's id may be features too)."""

    role: Literal["user", "item", "label", "order", "feature"]
    field: Field | None = None
    separator: str = ""  # of a multi-valued field


class Tables(NamedTuple):
    """Raw tables, cells as text or as Parquet typed them. Item and user features stay one row an item or user, joined by
    the columns of role item and user. `columns` covers those of all three; the label is raw (see `label`)."""

    interactions: pd.DataFrame
    columns: Mapping[str, Column]
    users: pd.DataFrame | None = None
    items: pd.DataFrame | None = None
    label: str = ""  # `COLUMN` (0 and 1) or `COLUMN OP NUMBER`
    drop: str = ""  # `COLUMN OP NUMBER`; rows for which it holds are left out and counted
    min_rows_per_user: int = 1  # users with fewer are left out and counted
    split_users: str = (
        ""  # column of the interactions that holds each row's user's role: train, valid or test
    )
    split_part: str = ""  # column that holds each row's part: support or query
    true_logit: str = (
        ""  # of generated data: column of each row's true logit; no model is handed it
    )
    truth: Mapping[str, Any] = {}  # of generated data: how it was made, as JSON; kept in the record


class Dataset(Plugin):
    """Where a dataset's files come from and how they are read."""

    @abstractmethod
    def sources(self) -> Sequence[Source]:
        """Places in the order to try."""

    @abstractmethod
    def read(self, source: str, files: Mapping[str, Path]) -> Tables:
        """`files`: member to path, all there and checked."""


class Timeline(NamedTuple):
    """What a protocol divides by: rows sorted by (user, order). User u's rows are [user_ptr[u], user_ptr[u + 1])."""

    user_ptr: np.ndarray  # (users + 1,) int64
    order: (
        np.ndarray | None
    )  # (n,) int64 or float64, ascending within a user; None: the dataset has none
    given_role: np.ndarray | None = (
        None  # (users,) uint8: 0 train, 1 valid, 2 test, as the data say
    )
    given_part: np.ndarray | None = (
        None  # (n,) uint8: 0 support, 1 query, as the data say; support lies before query
    )


class Cut(NamedTuple):
    """A division of sorted rows: support before cut[u], query from it.

    With `train_cut` the support's last block P = [train_cut[u], cut[u]) is what selectors learn and choose from: users of
    role train learn on P, users of role valid choose on P, and every user with a query row is tested."""

    role: np.ndarray  # (users,) uint8: 0 train, 1 valid, 2 test; with train_cut 0 or 1
    cut: np.ndarray  # (users,) int64, absolute row
    train_cut: np.ndarray | None = None  # (users,) int64, absolute row (leave-last, temporal)


class SplitProtocol(Plugin):
    """Divides users and rows (hook bench_protocols)."""

    kind: ClassVar[
        Literal["user-holdout", "blocks"]
    ]  # which rows of the table of base predictions hold

    @property
    @abstractmethod
    def setting(self) -> Literal["warm", "cold"]:
        """cold: base models never see validation and test users; their ids are hidden."""

    @property
    def id_dropout(self) -> float:
        """Chance that a base model's training row hides its user's id; 0 in warm."""
        return 0.0

    @abstractmethod
    def split(self, timeline: Timeline, seed: int) -> Cut:
        """DataError where the data lack what the protocol divides by."""


class Score(NamedTuple):
    """A metric's value, or None with the reason why it is undefined."""

    value: float | None
    reason: str = ""
    counts: Mapping[str, int] = {}  # e.g. users_scored, users


class MetricRows(NamedTuple):
    """What a metric scores: n query rows, grouped by user, users ascending; and what is known of each row."""

    y: np.ndarray  # (n,) uint8: the label
    users: np.ndarray  # (n,) int32; equal means one user
    items: np.ndarray  # (n,) int32; equal means one item
    history: np.ndarray  # (n,) int64: support rows of the row's user
    support_rate: (
        np.ndarray
    )  # (n,) float64: share of positives in that support; NaN where it is empty
    popularity: (
        np.ndarray
    )  # (n,) int64: rows of the row's item among those that base models were fitted on


class UserParts(NamedTuple):
    """A metric as a ratio of two sums over users: sum of `numerators` over sum of `denominators`."""

    numerators: np.ndarray  # (users,) float64, users ascending
    denominators: np.ndarray  # (users,) float64, 0 for a user who does not count


class Metric(Plugin):
    """Of one method alone. RelaImpr needs another method's score: the report derives it (bench/evaluate).

    `version`: raise it where values change for a reason that is not in the code itself, a file it reads, say: trials are
    then scored anew. A change of the code does so by itself."""

    higher_is_better: ClassVar[bool]
    version: ClassVar[int]

    @abstractmethod
    def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
        """Of all rows. logits (n,) float32 or float64."""

    def by_user(self, rows: MetricRows, logits: np.ndarray) -> UserParts | None:
        """The same as a ratio of sums over users, for a metric that is one: intervals then cost one pass over the rows.

        None: it is none, and `compute` is called on the rows of every resample of users (a user drawn twice is two users
        there). Called only where `compute` has a value."""
        return None


class StepEvent(NamedTuple):
    """What becomes of a step, by its id. `detail` of progress is a line for people; of ended it is the outcome as JSON, as
    the worker gave it (bench.worker.perform) or, where the worker gave none, made by bench.job.outcome."""

    step: str
    kind: Literal["started", "progress", "ended"]
    detail: str


class Executor(Plugin):
    """Runs steps somewhere. JSON crosses, never an object; a worker calls bench.worker.perform with what was submitted."""

    def __init__(self, params: Any, workers: int = 1) -> None:
        """`workers`: how many steps may run at a time."""
        super().__init__(params)
        self.workers = workers

    @abstractmethod
    def submit(self, step: str) -> None:
        """Take a step (bench.job.steps, as JSON) whose needs are met; it may start at once or later."""

    @abstractmethod
    def events(self) -> Iterator[StepEvent]:
        """As they happen, until nothing is running or waiting. Every step submitted ends exactly once. Steps may be submitted
        while this is iterated over."""

    @abstractmethod
    def close(self, *, kill: bool = False) -> None:
        """Nothing more will be asked; what still runs is waited for, or with `kill` ended at once."""
