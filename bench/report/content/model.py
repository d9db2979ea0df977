"""A report: plain frozen data, complete before anything is laid out. Figures are unrounded, names are as in the suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.evaluate import (
    Analysis,
    Estimate,
    Mark,
    MethodAnalysis,
    Paired,
    RankTest,
    decimals,
)

__all__ = [
    "AtEdge",
    "BaseModelFacts",
    "Cited",
    "Composition",
    "Cost",
    "Extreme",
    "Failure",
    "Figure",
    "Made",
    "NeverBetter",
    "NotAsked",
    "PredictionsFile",
    "RankedDataset",
    "Ranks",
    "Report",
    "Row",
    "Section",
    "Shift",
    "SingleUser",
    "SingleUsers",
    "TrainedPart",
    "TrainingCurve",
    "Unfinished",
    "Unranked",
]


@dataclass(frozen=True)
class Figure:
    """One metric of one row; `mark` is None where it is neither best nor tied with the best."""

    estimate: Estimate
    mark: Mark | None = None


@dataclass(frozen=True)
class Cost:
    """Of one method: means over seeds, memory the most of any seed. None where it was not measured or nothing was done.

    `own` leaves out what was fitted for several methods (the base models); `total` is as if nothing had been shared."""

    train_rows_per_s: float | None  # rows per CPU second, own
    predict_rows_per_s: float | None
    own_cpu_s: float | None  # training and prediction
    own_wall_s: float | None
    total_cpu_s: float | None
    total_wall_s: float | None
    peak_rss_bytes: float | None
    total_train_cpu_s: float | None = None
    own_predict_cpu_s: float | None = None  # None too where no rows were predicted


@dataclass(frozen=True)
class Row:
    """`kind`: "method", "base_model", "best_single" (then `model` is the base model that it names) or "bound"."""

    name: str
    kind: str
    figures: Mapping[str, Figure]
    model: str | None = None
    cost: Cost | None = None  # None where nothing was run for it: best-single, bounds, failures
    # log loss on validation users' query, by which models are chosen; not of bounds
    validation: Estimate | None = None
    # kinds of machine that measured the cost, by their places in Made.machines, from 1; empty where no record names them
    machines: tuple[int, ...] = ()

    @property
    def subject(self) -> str:
        """The name by which an analysis knows it: best-single is the base model that it names."""
        return self.name if self.model is None else self.model


@dataclass(frozen=True)
class Shift:
    """Log loss of a base model's predictions on training users' query, as selectors saw it, and on validation users'."""

    train_query: float | None
    valid_query: float | None


@dataclass(frozen=True)
class BaseModelFacts:
    """`best_share`: share of users for whom the model has the lowest query log loss; `shifts`: by source of predictions."""

    name: str
    best_share: float | None
    shifts: Mapping[str, Shift]


@dataclass(frozen=True)
class PredictionsFile:
    """A base model that was not fitted: its predictions were read from a file."""

    model: str
    file: str
    sha256: str
    rows: int | None
    unused: int  # of them, those that no support or query row is
    without_key: int  # of those, the ones whose user, item or time is empty


@dataclass(frozen=True)
class Unfinished:
    """Training that the cap on its epochs ended: the best of `epochs` was the last one. `setting`: where the cap stands,
    `train.epochs` or `meta_learner.train.epochs` or a parameter of the plugin's own; `seeds`: those in which it was so, of so
    many `with_result`; `optimizer`: of the training loop, "" where that did not train it."""

    method: str
    epochs: int
    setting: str
    seeds: tuple[int, ...]
    with_result: int
    optimizer: str = ""


TrainedPart = Literal["own", "selector", "selector and pool"]  # "own": by no meta-learner


@dataclass(frozen=True)
class NeverBetter:
    """Training of which no epoch was better than its start, so that the start was kept. `trained`: by a meta-learner the
    selector, or its pool too; `seeds`: those in which it was so, of so many `with_result`."""

    method: str
    trained: TrainedPart
    seeds: tuple[int, ...]
    with_result: int


@dataclass(frozen=True)
class TrainingCurve:
    """Log loss on validation users' query, an epoch each from `first_epoch` on: 0 is before training, 1 after an epoch of it.
    `best_epoch`: whose parameters were kept; None where that is none of these."""

    method: str
    seed: int
    first_epoch: int
    losses: tuple[float, ...]
    best_epoch: int | None


@dataclass(frozen=True)
class AtEdge:
    """A setting chosen on validation users that is the least or the most of those tried; `seeds`: those in which it was."""

    method: str
    setting: str
    value: float
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Extreme:
    """Logits so large that a few rows decide a method's log loss: in the worst seed so many `rows` `of` its test query, all
    beyond ±`beyond`; `cause`: what in the data may be behind it, "" where nothing was found."""

    method: str
    rows: int
    of: int
    beyond: float
    largest: float
    cause: str


@dataclass(frozen=True)
class Failure:
    """A trial without a result; `status` is "missing" where there is no record."""

    dataset: str
    protocol: str
    method: str
    seed: int
    status: str
    reason: str
    needed: str | None = None  # the base model without whose result it could not begin
    needed_ended: str = ""  # what became of that: status and reason
    log: str = ""  # the end of what its process printed, or of what that of the base model printed


@dataclass(frozen=True)
class NotAsked:
    """A base model, method or bound and the seeds in which no command asked for it."""

    dataset: str
    protocol: str
    method: str
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Cited:
    """What a plugin that the suite uses asks to be cited as: BibTeX entries as its author wrote them. `kind`: "models", ..."""

    kind: str
    name: str
    citation: str


@dataclass(frozen=True)
class Composition:
    """What a base model or a method is made of, as its suite said. `plugin`: a base model's own, a method's selector;
    summaries: a line of each plugin, "" where the run kept none. `adapt`: what a meta-learner moves, as in the suite."""

    name: str
    kind: str  # "base_model" or "method"
    plugin: str
    summary: str
    meta_learner: str | None = None
    meta_learner_summary: str = ""
    adapt: tuple[str, ...] = ()
    frozen_fields: tuple[str, ...] = ()
    select: str = "soft"
    calibrate: str | None = None


@dataclass(frozen=True)
class SingleUser:
    """`difference`: of the method's log loss from best-single's; `before`: its log loss before adaptation (None: it does not
    adapt, or not under a meta-learner). Weights are means over the user's query rows; `base_models`: log loss of each."""

    id: str  # as in the data
    rows: int
    support_rows: int
    support_positives: int
    difference: float
    logloss: float
    before: float | None
    weights: Mapping[str, float]
    weights_before: Mapping[str, float]
    base_models: Mapping[str, float]


@dataclass(frozen=True)
class SingleUsers:
    """A few users of the best method that gives weights, in one seed: the first, the median and the last by `difference`.
    `of`: from how many; `reason`: why there are none, "" where there are some."""

    method: str = ""
    seed: int = 0
    of: int = 0
    users: tuple[SingleUser, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Section:
    """One dataset under one protocol. `rows` are in the order of the table: methods, base models, best-single, bounds.
    `tested`: the metrics whose marks are verdicts of the analysis; the others' follow bench.evaluate.marks."""

    dataset: str
    protocol: str
    dataset_facts: Mapping[str, Any]  # as in the manifest
    split_facts: Mapping[str, Any]
    rows: tuple[Row, ...]
    base_models: tuple[BaseModelFacts, ...]
    # source -> the methods that took their base predictions from it
    base_predictions: Mapping[str, tuple[str, ...]]
    # distinct counts over the trials that give any, ascending
    users_without_support: tuple[int, ...]
    gauc_users: tuple[int, int] | None  # (scored, all) test users
    warnings: Mapping[str, tuple[str, ...]]  # what was warned of -> the trials' methods
    trials: int
    ok: int
    analysis: Analysis | None = None  # None: the run has none of these records
    tested: tuple[str, ...] = ()
    # by what -> the methods
    calibrated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # method -> so many last ones, where it sees no more
    support_rows: Mapping[str, int] = field(default_factory=dict)
    from_files: tuple[PredictionsFile, ...] = ()
    # source -> distinct counts, ascending
    training_users: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    unfinished: tuple[Unfinished, ...] = ()
    never_better: tuple[NeverBetter, ...] = ()
    at_edge: tuple[AtEdge, ...] = ()
    training: tuple[TrainingCurve, ...] = ()  # in the order of the records
    seeds: tuple[int, ...] = ()  # of the run, in the order of an estimate's values
    primary: str = "logloss"  # the metric that verdicts are about and rows are ordered by
    higher_is_better: bool = False  # of the primary
    # why the primary has no value anywhere, where what the metric gives is no score; "" where it has one or is undefined
    invalid_primary: str = ""
    decimals: Mapping[str, int] = field(default_factory=dict)  # by metric
    extreme: tuple[Extreme, ...] = ()
    # of other metrics than GAUC: (scored, all) test users
    users_scored: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    single_users: SingleUsers | None = None  # None: not asked for

    @property
    def reference(self) -> str | None:
        """Whom differences and verdicts are against: the method that was asked for, else best-single's base model."""
        return None if self.analysis is None else self.analysis.chosen or self.analysis.best_single

    @property
    def is_chosen(self) -> bool:
        """Whether the reference was asked for."""
        return self.analysis is not None and self.analysis.chosen is not None

    def places(self, metric: str) -> int:
        """With how many decimals its figures are printed."""
        return self.decimals.get(metric, decimals(metric, ()))

    def pair(self, row: Row) -> Paired | None:
        """A row's difference from the reference, by the primary."""
        found = self.analysed(row)
        return None if found is None else self.pair_of(found)

    def pair_of(self, found: MethodAnalysis) -> Paired | None:
        """The same of what the analysis found of a method."""
        table = found.against_chosen if self.is_chosen else found.against_best_single
        return table.get(self.primary)

    @property
    def one_machine(self) -> bool:
        """Whether one kind of machine measured all costs, as far as it is known: else they can't be set side by side."""
        return len({place for row in self.rows for place in row.machines}) < 2

    def analysed(self, row: Row) -> MethodAnalysis | None:
        """What the analysis found of a row; None of bounds."""
        methods = self.analysis.methods if self.analysis is not None and row.kind != "bound" else ()
        return next((method for method in methods if method.name == row.subject), None)


@dataclass(frozen=True)
class Made:
    """With what a run was made. `versions`: of software, each that some record names; `machines`: pairs of what and which;
    `workers`: hosts that an executor had steps done by; `plugins`: names of the files and folders that `--plugins` gave it;
    `suite_plugins`: paths that its suite names, below the suite's folder."""

    started: str  # ISO times, "" where unknown
    ended: str
    versions: Mapping[str, tuple[str, ...]]
    machines: tuple[tuple[tuple[str, str], ...], ...]
    plugins: tuple[str, ...] = ()
    suite_plugins: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()


@dataclass(frozen=True)
class RankedDataset:
    """One set of data, under each of its protocols. `names`: several where the suite has the same data more than once."""

    names: tuple[str, ...]
    protocols: tuple[str, ...]
    ranks: tuple[float, ...]  # one a method, 1 for the best


@dataclass(frozen=True)
class Unranked:
    """A method or base model without the primary's value, of every seed, at so many places (dataset, protocol)."""

    method: str
    lacks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ranks:
    """Methods and base models over all data sets, by the primary; best mean rank first. Without two methods and two data sets
    to rank there is no test, and those are empty."""

    metric: str
    methods: tuple[str, ...] = ()
    mean_ranks: tuple[float, ...] = ()
    datasets: tuple[RankedDataset, ...] = ()
    test: RankTest | None = None
    left_out: tuple[Unranked, ...] = ()
    # places (dataset, protocol) where nothing has a value; they are left out
    without: tuple[tuple[str, str], ...] = ()
    # names of data sets that are read from the same file
    one_file: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Report:
    """What there is to say of a run."""

    suite: str
    status: str
    seeds: tuple[int, ...]
    metrics: tuple[str, ...]  # in the order of the columns
    relaimpr_base: str
    sections: tuple[Section, ...]
    failures: tuple[Failure, ...]
    # files that hold different results of one trial; the first is shown
    conflicts: tuple[tuple[str, ...], ...]
    quarantined: tuple[tuple[str, str], ...]  # (origin, reason)
    # trials of the suite that no command asked for: the run is a part of it
    not_asked: tuple[NotAsked, ...] = ()
    analysis_fault: str = ""  # why the analysis that is there can't be used
    citations: tuple[Cited, ...] | None = None  # None: of a version that recorded none
    made: Made | None = None
    ranks: Ranks | None = None  # None of a run with one data set
    # methods, then base models, in the order of the suite; those with a record that says so
    compositions: tuple[Composition, ...] = ()

    @property
    def exit_code(self) -> int:
        """0, or 4 where trials that were asked for failed or are missing, or there are none, or the primary metric is no score
        anywhere."""
        invalid = any(section.invalid_primary for section in self.sections)
        return 4 if self.failures or invalid or not self.sections else 0
