"""What an analysis of one dataset under one protocol reads and finds: plain frozen data, JSON once written.

It is made at the end of a run, where labels are at hand, and kept with the records; a report reads what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, TypeAdapter

from bench.evaluate.analysis.agreement import check_agreement
from bench.evaluate.inference.paired import Paired
from bench.evaluate.ranges import Count, Figure, Loss, PositiveCount, Share

__all__ = [
    "USER_LEVELS",
    "AdaptationEffect",
    "Analysis",
    "AttainableBound",
    "Calibration",
    "ChosenShares",
    "ClosedGap",
    "MethodAnalysis",
    "PlainAverage",
    "Regret",
    "Reliability",
    "Segment",
    "UserBand",
    "UserDifferences",
    "UserSpread",
    "analysis_from_json",
    "analysis_to_json",
]

USER_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # of quantiles over users
_ROUNDING = 1e-9


@dataclass(frozen=True)
class ClosedGap:
    """Share of the way from best-single to a bound, in log loss; negative: worse than best-single. None where the bound is
    no better than best-single, or by less than .001."""

    perfect: Figure | None
    attainable: Figure | None
    reason: str = ""


@dataclass(frozen=True)
class Regret:
    """Per user, the method's mean query log loss less that of the user's best base model; over users and seeds."""

    mean: Figure
    p90: Figure
    worse_share: Share  # share of users whom the method makes worse off than best-single does


@dataclass(frozen=True)
class Reliability:
    """Bins of a reliability diagram, ascending by `predicted`: those of the calibration error, the rows of all seeds
    together. A bin without rows is left out."""

    predicted: tuple[Share, ...]  # mean probability
    observed: tuple[Share, ...]  # share of positives
    rows: tuple[PositiveCount, ...]

    def __post_init__(self) -> None:
        if not len(self.predicted) == len(self.observed) == len(self.rows):
            raise ValueError("predicted, observed and rows are not of one length")
        _check_ascending("predicted", self.predicted)


@dataclass(frozen=True)
class UserSpread:
    """Per user, the method's mean query log loss less best-single's: its quantiles over users, at USER_LEVELS. `helped`,
    `harmed`: shares of users whose log loss is lower, higher; of the others it is `equal`, but for rounding."""

    users: PositiveCount  # of all seeds; a user in several seeds counts in each
    quantiles: tuple[Figure, ...]
    helped: Share
    harmed: Share

    def __post_init__(self) -> None:
        if len(self.quantiles) != len(USER_LEVELS):
            raise ValueError(f"{len(self.quantiles)} quantiles; there are {len(USER_LEVELS)}")
        _check_ascending("quantiles", self.quantiles)
        if self.helped + self.harmed > 1 + _ROUNDING:
            raise ValueError(
                f"helped {self.helped} and harmed {self.harmed} are more than all users"
            )

    @property
    def equal(self) -> float:
        return max(0.0, 1.0 - self.helped - self.harmed)


@dataclass(frozen=True)
class UserBand:
    """Some of the users, by history or by the positive rate of their support: the bands of segments."""

    by: Literal["history", "support_rate"]
    name: str
    spread: UserSpread


@dataclass(frozen=True)
class UserDifferences:
    """Of all users, and band by band; a band without users is left out."""

    every: UserSpread
    bands: tuple[UserBand, ...]


@dataclass(frozen=True)
class ChosenShares:
    """Base model -> share of users to whom the method gives it the highest mean weight; over users and seeds. Users for whom
    several share the highest are left out: so many are `shared`, and `users` are those that are left."""

    shares: Mapping[str, Share]
    users: PositiveCount
    shared: Count

    def __post_init__(self) -> None:
        if abs(sum(self.shares.values()) - 1) > _ROUNDING:
            raise ValueError(f"the shares sum to {sum(self.shares.values())}, not to 1")


@dataclass(frozen=True)
class Calibration:
    ece: Share | None  # expected calibration error, 15 bins of equally many rows
    in_the_large: Figure | None  # mean prediction less mean label
    reliability: Reliability | None = None  # None too of an analysis of an earlier version


@dataclass(frozen=True)
class AdaptationEffect:
    """What adaptation did to users of all seeds; a user in several seeds counts in each. None where it has no meaning."""

    users: Count
    entropy_before: Share | None  # mean over users of the mean over their query rows, over log K
    entropy_after: Share | None
    # share of users with one model of highest mean weight before and after for whom it differs
    model_changed: Share | None
    support_logloss_before: Loss | None  # mean over users with support
    support_logloss_after: Loss | None
    logloss_before: Loss  # over query rows, mean over seeds
    logloss_after: Loss
    # group of parameters -> share of users of whom it moved most; largest first
    moved_most: Mapping[str, Share]


@dataclass(frozen=True)
class MethodAnalysis:
    """Of one method or base model. Means over seeds; None where a seed lacks it or it has no meaning."""

    name: str
    kind: Literal["method", "base_model"]
    # by metric: the primary, logloss, auc and some of the suite's
    against_best_single: Mapping[str, Paired]
    against_lead: Mapping[str, Paired]
    closed_gap: ClosedGap
    calibration: Calibration
    regret: Regret | None
    # share of users with a lower log loss than best-single's; ties count half
    win_rate: Share | None
    # share of users, of those with one model of highest mean weight, for whom it is the best
    selection_accuracy: Share | None
    entropy: Share | None  # mean entropy of a row's weights over log K: 0 one model, 1 uniform
    selection_reason: str = ""  # why a method that gives weights has no selection_accuracy
    adaptation: AdaptationEffect | None = None  # of methods under a meta-learner
    # the same by metric, less the method that the suite or a report names (`against`); empty without one
    against_chosen: Mapping[str, Paired] = field(default_factory=dict)
    # less the plain average of the pool
    against_average: Mapping[str, Paired] = field(default_factory=dict)
    users: UserDifferences | None = None  # not of best-single itself
    chosen_shares: ChosenShares | None = (
        None  # of methods that give weights; None where no user has one model
    )


@dataclass(frozen=True)
class PlainAverage:
    """The mixture in which every base model of the pool weighs the same for everybody: what is gained without choosing."""

    values: Mapping[str, Figure]  # by metric, mean over seeds
    against_best_single: Mapping[str, Paired]  # by metric


@dataclass(frozen=True)
class AttainableBound:
    """Log loss where each user's model is chosen on one random half of the query and scored on the other; mean and 95 %
    interval over users (bootstrap), `splits` random halves."""

    logloss: Loss | None
    low: Figure | None
    high: Figure | None
    splits: Count
    reason: str = ""
    # they have no halves: theirs is the model that is best on all other users' rows
    single_row_users: Count = 0


@dataclass(frozen=True)
class Segment:
    """Some of the rows: users by history or by the positive rate of their support, or items by popularity."""

    by: Literal["history", "support_rate", "popularity"]
    name: str  # "6 to 20 rows"
    users: Count  # of all seeds
    rows: Count  # of one seed where all seeds have the same rows, else of all seeds together
    logloss: Mapping[str, Loss | None]  # method -> mean over seeds
    auc: Mapping[str, Share | None]
    against_best_single: Mapping[str, Paired]  # method -> difference in log loss


@dataclass(frozen=True)
class Analysis:
    best_single: str | None
    lead: str | None  # the method or base model with the best mean of the primary
    users: Count  # of all seeds
    rows: Count  # of one seed where all seeds have the same rows, else of all seeds together
    seeds: tuple[Count, ...]
    resamples: Count
    methods: tuple[MethodAnalysis, ...]
    attainable: AttainableBound | None
    perfect_user_logloss: Loss | None
    optimum_logloss: Loss | None  # expected log loss of the truth, of generated data alone
    segments: tuple[Segment, ...]
    notes: tuple[str, ...] = ()  # what could not be analysed, and why
    primary: str = "logloss"  # the metric that verdicts are about
    chosen: str | None = None  # the method that differences are from in place of best-single
    plain_average: PlainAverage | None = None  # None: no whole pool, or a pool of one
    best_single_logloss: Loss | None = None
    positives: Count | None = None  # of `rows`

    def __post_init__(self) -> None:
        names = [method.name for method in self.methods]
        if len(set(names)) < len(names):
            raise ValueError("methods: one stands there twice")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: one stands there twice")
        if self.positives is not None and self.positives > self.rows:
            raise ValueError(f"positives: {self.positives} of {self.rows} rows")
        for what in ("best_single", "lead", "chosen"):
            if (name := getattr(self, what)) is not None and name not in names:
                raise ValueError(f"{what} {name!r} is none of its methods")


def _check_ascending(what: str, values: tuple[float, ...]) -> None:
    if any(left - right > _ROUNDING for left, right in pairwise(values)):
        raise ValueError(f"{what} do not ascend: {values}")


_ADAPTER: TypeAdapter[Analysis] = TypeAdapter(Annotated[Analysis, AfterValidator(check_agreement)])


def analysis_to_json(analysis: Analysis) -> dict[str, Any]:
    """Plain JSON: no NaN, None where there is no figure."""
    return asdict(analysis)


def analysis_from_json(value: Mapping[str, Any]) -> Analysis:
    """Raises pydantic's ValidationError for what is no analysis, and for one that contradicts itself."""
    return _ADAPTER.validate_python(dict(value))
