"""Where base predictions come from: which fits of a base model a protocol asks for, and which predicts each row.

In the words of the documentation: the star fit (theta*) predicts validation and test users' query; the fold fits
(theta^-j) predict the rows that they left out; the front fit (theta_f) predicts training users' query.
T, V, E: users of the roles train, valid and test. H: a user's rows before the query (`~split.in_query`). P: in blocks, H's
last part (`split.in_train_query`). T1: half of T, drawn by a seeded hash (`FitPlan.held_for_base_models`).

| setting | `base_predictions` | star is fitted on        | T support      | T query        | V, E support  | V, E query |
|---------|--------------------|--------------------------|----------------|----------------|---------------|------------|
| warm    | out-of-sample      | all support, and T query | folds of rows  | front          | folds of rows | star       |
| warm    | holdout            | all support              | folds of rows  | star           | folds of rows | star       |
| cold    | out-of-sample      | rows of T                | folds of users | folds of users | star          | star       |
| cold    | holdout            | rows of T1               | T less T1: star | T less T1: star | star        | star       |
| blocks  | out-of-sample      | all H less V's P         | folds of rows  | front          | folds; P: front | star     |
| any     | in-sample          | as out-of-sample         | star           | star           | star          | star       |

Warm: front and folds are fitted on support alone, never on any query: else training users' query labels leak into their
support predictions. Blocks: front and folds are fitted on H less P for the same reason, and star leaves V's P out, on
which everything is chosen. In blocks a row of P is query of a training user and support of the same user's test: the source
is of a slot (role and part), not of the row. There is no holdout in blocks: front, fitted on H less P, is one of P already.

A method that adapts its base models has no folds (`folds` of 0): they move, so that every slot comes from star itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from bench.data.encoding.hashing import mix64
from bench.data.paged import blocks
from bench.data.splits.split import ROLES, Part, Role, Split
from bench.errors import DataError
from bench.settings import BasePredictions, PredictionSource

__all__ = ["FRONT", "STAR", "Fit", "FitPlan", "fitted_as", "fold_of", "hash_of"]

STAR, FRONT = "star", "front"


class Fit(NamedTuple):
    """One fit of a base model: the rows it is trained on and those it predicts, found anew each time that they are asked for,
    as they are many."""

    variant: str  # "star", "front" or "fold-J"
    trains: Callable[[], np.ndarray]  # (n,) bool
    predicts: Callable[[], np.ndarray]

    @property
    def train(self) -> np.ndarray:
        """Ascending row indices, int64."""
        return np.flatnonzero(self.trains())

    @property
    def predict(self) -> np.ndarray:
        return np.flatnonzero(self.predicts())


@dataclass(frozen=True, eq=False)
class FitPlan:
    """A split and a source of base predictions: every fit, and the fit that predicts each slot of rows (role and part)."""

    split: Split
    source: PredictionSource

    @cached_property
    def fits(self) -> tuple[Fit, ...]:
        """Star predicts every row, so that in-sample predictions need no other fit; a fold that holds no row has none.

        Raises DataError where a fit or a method would have nothing to learn from."""
        _refuse_holdout_without_tasks(self)
        found = self._fits()
        _refuse_empty_fits(self, found)
        return found

    def fit(self, variant: str) -> Fit:
        """The fit of that name; KeyError where there is none."""
        return {fit.variant: fit for fit in self.fits}[variant]

    def predicted_by(self, role: Role, part: Part, rows: np.ndarray) -> np.ndarray:
        """Text, one for each of some of `tasks.rows(role, part)`: the variant that predicts the row in that slot."""
        slot = self._line.slot(role, part)
        if slot == "folds":
            of_fold = np.array([_fold(number) for number in range(self.source.folds)], dtype="U8")
            # In blocks a test user's support ends with P, which no fold was fitted without and the front fit was.
            return np.where(
                self.split.in_train_query[rows], FRONT, of_fold[self.fold_of_rows[rows]]
            )
        return np.full(len(rows), slot, dtype="U8")

    @cached_property
    def tasks(self) -> Split:
        """The division that gives a method its tasks: in cold, holdout, T1 has none."""
        parted = self.source.base_predictions == "holdout" and self.split.setting == "cold"
        return self.split.without_tasks_of(self.held_for_base_models) if parted else self.split

    @cached_property
    def held_for_base_models(self) -> np.ndarray:
        """(U,) bool: T1, the half of training users, rounded down, with the lowest seeded hash."""
        users = len(self.split.role)
        of_train = np.flatnonzero(self.split.role == ROLES.index("train"))
        by_hash = of_train[np.argsort(hash_of(users, self.source.seed)[of_train], kind="stable")]
        held = np.zeros(users, dtype=bool)
        held[by_hash[: len(of_train) // 2]] = True
        return held

    @cached_property
    def star_rows(self) -> np.ndarray:
        """(n,) bool: what the star fit is trained on."""
        return self._line.star(self)

    @cached_property
    def fold_of_rows(self) -> np.ndarray:
        """(n,) fold of each row: by user in cold, by row else."""
        split, folds, seed = self.split, self.source.folds, self.source.seed
        if split.setting == "cold":
            return np.repeat(fold_of(len(split.role), folds, seed), np.diff(split.user_ptr))
        return fold_of(len(split.in_query), folds, seed)

    @property
    def _line(self) -> _Line:
        """The table's line. Without folds every slot is star's."""
        setting = "blocks" if self.split.in_blocks else self.split.setting
        line = _TABLE[setting, self.source.base_predictions]
        return line if self.source.folds else _Line(line.star, "star", "star", "star", "star")

    def _fits(self) -> tuple[Fit, ...]:
        split, slots = self.split, {getattr(self._line, slot) for slot in _SLOTS}
        every_row = np.ones(len(split.in_query), dtype=bool)
        found = [Fit(STAR, lambda: self.star_rows, lambda: every_row)]
        if FRONT in slots:
            found.append(Fit(FRONT, self._before_all_queries, self._query_of_training_users))
        if "folds" in slots:
            folds = (self._fold(number) for number in range(self.source.folds))
            found += [fold for fold in folds if fold.predicts().any()]
        return tuple(found)

    def _fold(self, number: int) -> Fit:
        """Trained on the pool's rows outside of it, predicting the pool's rows in it."""
        return Fit(
            _fold(number),
            lambda: self._pool_of_folds() & (self.fold_of_rows != number),
            lambda: self._pool_of_folds() & (self.fold_of_rows == number),
        )

    def _pool_of_folds(self) -> np.ndarray:
        cold = self.split.setting == "cold"
        return self.split.is_role("train") if cold else self._before_all_queries()

    def _before_all_queries(self) -> np.ndarray:
        return np.asarray(~self.split.in_query & ~self.split.in_train_query)

    def _query_of_training_users(self) -> np.ndarray:
        split = self.split
        return split.in_train_query if split.in_blocks else split.in_query & split.is_role("train")


# -- the table above


_Slot = Literal["star", "front", "folds"]
_SLOTS = ("train_support", "train_query", "other_support", "other_query")


class _Line(NamedTuple):
    """What star is fitted on ((n,) bool of a plan's rows), and what predicts each slot."""

    star: Callable[[FitPlan], np.ndarray]
    train_support: _Slot
    train_query: _Slot
    other_support: _Slot  # of validation and test users
    other_query: _Slot

    def slot(self, role: Role, part: Part) -> _Slot:
        slot: _Slot = getattr(self, f"{'train' if role == 'train' else 'other'}_{part}")
        return slot


def _support(plan: FitPlan) -> np.ndarray:
    return np.asarray(~plan.split.in_query)


def _support_and_training_query(plan: FitPlan) -> np.ndarray:
    return np.asarray(~plan.split.in_query | plan.split.is_role("train"))


def _rows_of_training_users(plan: FitPlan) -> np.ndarray:
    return plan.split.is_role("train")


def _rows_of_held_users(plan: FitPlan) -> np.ndarray:
    return np.repeat(plan.held_for_base_models, np.diff(plan.split.user_ptr))


def _support_less_validation_block(plan: FitPlan) -> np.ndarray:
    """H less V's P."""
    split = plan.split
    return np.asarray(~split.in_query & ~(split.in_train_query & split.is_role("valid")))


# fmt: off
_TABLE: Mapping[tuple[str, BasePredictions], _Line] = {
    # setting, base_predictions       star is fitted on                 T support  T query   V, E support  V, E query
    ("warm", "out-of-sample"):  _Line(_support_and_training_query,      "folds",   "front",  "folds",      "star"),
    ("warm", "holdout"):        _Line(_support,                         "folds",   "star",   "folds",      "star"),
    ("warm", "in-sample"):      _Line(_support_and_training_query,      "star",    "star",   "star",       "star"),
    ("cold", "out-of-sample"):  _Line(_rows_of_training_users,          "folds",   "folds",  "star",       "star"),
    ("cold", "holdout"):        _Line(_rows_of_held_users,              "star",    "star",   "star",       "star"),
    ("cold", "in-sample"):      _Line(_rows_of_training_users,          "star",    "star",   "star",       "star"),
    ("blocks", "out-of-sample"):_Line(_support_less_validation_block,   "folds",   "front",  "folds",      "star"),
    ("blocks", "in-sample"):    _Line(_support_less_validation_block,   "star",    "star",   "star",       "star"),
}
# fmt: on


def _refuse_holdout_without_tasks(plan: FitPlan) -> None:
    if plan.source.base_predictions != "holdout":
        return
    if plan.split.in_blocks:
        raise DataError(
            "in blocks of each user's rows there is no holdout: out-of-sample is one of P already; take that"
        )
    if not len(plan.tasks.users("train")):
        raise DataError(
            "holdout predictions leave methods no training user with a query row; "
            "take more training users, or base_predictions: out-of-sample"
        )


def _refuse_empty_fits(plan: FitPlan, fits: tuple[Fit, ...]) -> None:
    for fit in fits:
        if not fit.trains().any():
            where = (
                "in blocks of each user's rows"
                if plan.split.in_blocks
                else f"in the {plan.split.setting} setting"
            )
            raise DataError(
                f"{plan.source.base_predictions} predictions {where} need a fit without a row to learn from "
                f"({fit.variant}); take more users, users with more rows, or base_predictions: in-sample"
            )


# -- folds, hashes, names


def fitted_as(variant: str, base_predictions: BasePredictions) -> BasePredictions:
    """One name for all `base_predictions` under which a variant is the same fit, so that it is done once."""
    if variant != STAR:
        return "out-of-sample"
    return "holdout" if base_predictions == "holdout" else "in-sample"


def fold_of(count: int, folds: int, seed: int) -> np.ndarray:
    """(count,) in [0, folds), of the least width: a seeded hash of each position (the finaliser of splitmix64)."""
    found = np.empty(count, np.min_scalar_type(max(folds - 1, 0)))
    for rows in blocks(count):
        found[rows] = _hashes(rows, seed) % np.uint64(folds)
    return found


def hash_of(count: int, seed: int) -> np.ndarray:
    """(count,) uint64: a seeded hash of each position."""
    found = np.empty(count, np.uint64)
    for rows in blocks(count):
        found[rows] = _hashes(rows, seed)
    return found


def _hashes(positions: slice, seed: int) -> np.ndarray:
    steps = np.arange(positions.start, positions.stop, dtype=np.uint64)
    steps *= np.uint64(0x9E3779B97F4A7C15)
    return mix64(steps + np.uint64((seed * 0xD1342543DE82EF95 + 0x2545F4914F6CDD1D) % 2**64))


def _fold(number: int) -> str:
    return f"fold-{number}"
