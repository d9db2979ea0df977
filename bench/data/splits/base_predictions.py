"""Where base predictions come from: which fits of a base model a protocol asks for, and which predicts each row.

In the words of the documentation: the star fit (theta*) predicts validation and test users' query; the fold fits
(theta^-j) predict the rows that they left out; the front fit (theta_f) predicts training users' query.
T: training users; V, E: validation and test users. H: a user's rows before the query; P, in blocks, H's last part.
T1: half of T, drawn by a seeded hash.

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

from typing import NamedTuple

import numpy as np

from bench.data.encoding.ordering import mix64
from bench.data.splits.split import ROLES, Part, Role, Split
from bench.errors import DataError
from bench.settings import BasePredictions

__all__ = [
    "FRONT",
    "STAR",
    "Fit",
    "fits",
    "fitted_as",
    "fold_of",
    "hash_of",
    "held_for_base_models",
    "sources",
    "star_rows",
    "task_split",
]

STAR, FRONT = "star", "front"


class Fit(NamedTuple):
    """One fit of a base model: the rows it is trained on and those it predicts, ascending row indices."""

    variant: str  # "star", "front" or "fold-J"
    train: np.ndarray
    predict: np.ndarray


def fits(split: Split, base_predictions: BasePredictions, folds: int, seed: int) -> tuple[Fit, ...]:
    """The fits that the protocol asks for. Star predicts every row, so that in-sample predictions need no other fit; a
    fold that holds no row has none. Raises DataError where a fit or a method would have nothing to learn from."""
    if split.in_blocks and base_predictions == "holdout":
        raise DataError(
            "in blocks of each user's rows there is no holdout: out-of-sample is one of P already; take that"
        )
    if base_predictions == "holdout" and not len(task_split(split, base_predictions, seed).users("train")):
        raise DataError(
            "holdout predictions leave methods no training user with a query row; "
            "take more training users, or base_predictions: out-of-sample"
        )
    planned = _planned(split, base_predictions, folds, seed)
    for fit in planned:
        if not len(fit.train):
            where = "in blocks of each user's rows" if split.in_blocks else f"in the {split.setting} setting"
            raise DataError(
                f"{base_predictions} predictions {where} need a fit without a row to learn from "
                f"({fit.variant}); take more users, users with more rows, or base_predictions: in-sample"
            )
    return planned


def _planned(split: Split, base_predictions: BasePredictions, folds: int, seed: int) -> tuple[Fit, ...]:
    star = Fit(STAR, np.flatnonzero(star_rows(split, base_predictions, seed)), np.arange(len(split.in_query)))
    if _all_star(split, base_predictions, folds):
        return (star,)
    fold = fold_of_rows(split, folds, seed)
    if split.setting == "cold":
        return (star, *_folds(split.is_role("train"), fold, folds))
    first = ~split.in_query & ~split.in_train_query  # the support of a training user
    if base_predictions == "holdout":
        return (star, *_folds(first, fold, folds))
    front_predicts = np.flatnonzero(split.in_train_query) if split.in_blocks else split.rows("train", "query")
    return (star, Fit(FRONT, np.flatnonzero(first), front_predicts), *_folds(first, fold, folds))


def sources(
    split: Split, base_predictions: BasePredictions, folds: int, seed: int, role: Role, part: Part
) -> np.ndarray:
    """Text, one for each of the `task_split`'s `rows(role, part)`: the variant that predicts the row in that slot."""
    rows = task_split(split, base_predictions, seed).rows(role, part)
    if _all_star(split, base_predictions, folds) or (
        part == "query" and (role != "train" or base_predictions == "holdout")
    ):
        return np.full(len(rows), STAR, dtype="U8")
    if split.setting == "cold" and role != "train":
        return np.full(len(rows), STAR, dtype="U8")
    if split.setting == "warm" and part == "query":
        return np.full(len(rows), FRONT, dtype="U8")
    fold_names = np.array([_fold(number) for number in range(folds)], dtype="U8")
    of_row = fold_names[fold_of_rows(split, folds, seed)[rows]]
    return np.where(split.in_train_query[rows], FRONT, of_row)


def fitted_as(variant: str, base_predictions: BasePredictions) -> BasePredictions:
    """One name for all `base_predictions` under which a variant is the same fit, so that it is done once."""
    if variant != STAR:
        return "out-of-sample"
    return "holdout" if base_predictions == "holdout" else "in-sample"


def task_split(split: Split, base_predictions: BasePredictions, seed: int) -> Split:
    """The division that gives a method its tasks: in cold, holdout, T1 has none."""
    held = base_predictions == "holdout" and split.setting == "cold"
    return split.without_tasks_of(held_for_base_models(split, seed)) if held else split


def held_for_base_models(split: Split, seed: int) -> np.ndarray:
    """(U,) bool: T1, the half of training users, rounded down, with the lowest seeded hash."""
    of_train = np.flatnonzero(split.role == ROLES.index("train"))
    by_hash = of_train[np.argsort(hash_of(len(split.role), seed)[of_train], kind="stable")]
    held = np.zeros(len(split.role), dtype=bool)
    held[by_hash[: len(of_train) // 2]] = True
    return held


def fold_of_rows(split: Split, folds: int, seed: int) -> np.ndarray:
    """(n,) fold of each row: by user in cold, by row in warm."""
    if split.setting == "cold":
        return np.repeat(fold_of(len(split.role), folds, seed), np.diff(split.user_ptr))
    return fold_of(len(split.in_query), folds, seed)


def fold_of(count: int, folds: int, seed: int) -> np.ndarray:
    """(count,) in [0, folds): a seeded hash of each position (the finaliser of splitmix64)."""
    return (hash_of(count, seed) % np.uint64(folds)).astype(np.int64)


def hash_of(count: int, seed: int) -> np.ndarray:
    """(count,) uint64: a seeded hash of each position."""
    steps = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mix64(steps + np.uint64((seed * 0xD1342543DE82EF95 + 0x2545F4914F6CDD1D) % 2**64))


def star_rows(split: Split, base_predictions: BasePredictions, seed: int) -> np.ndarray:
    """(n,) bool: what the star fit is trained on."""
    if base_predictions == "holdout":
        of_held_users = np.repeat(held_for_base_models(split, seed), np.diff(split.user_ptr))
        return of_held_users if split.setting == "cold" else ~split.in_query
    if split.in_blocks:
        return np.asarray(~split.in_query & ~(split.in_train_query & split.is_role("valid")))
    of_training_users = split.is_role("train")
    return of_training_users if split.setting == "cold" else of_training_users | ~split.in_query


def _all_star(split: Split, base_predictions: BasePredictions, folds: int) -> bool:
    """Whether one fit predicts every slot."""
    return not folds or base_predictions == "in-sample" or (base_predictions == "holdout" and split.setting == "cold")


def _folds(pool: np.ndarray, fold: np.ndarray, folds: int) -> list[Fit]:
    """A fit a fold that holds rows: trained on the pool's rows outside of it, predicting the pool's rows in it."""
    return [
        Fit(_fold(number), np.flatnonzero(pool & (fold != number)), np.flatnonzero(pool & (fold == number)))
        for number in range(folds)
        if (pool & (fold == number)).any()
    ]


def _fold(number: int) -> str:
    return f"fold-{number}"
