"""Ways to get the rows of a step wrong. Each test that looks at rows has to fail on those that concern it."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.splits import base_predictions
from bench.data.splits.base_predictions import fits, fold_of, sources
from bench.data.splits.split import Split
from bench.run import plan
from bench.worker import fit_step, select_step

__all__ = [
    "front_fitted_with_training_query",
    "held_users_kept_among_tasks",
    "ids_left_unmasked",
    "row_folds_in_cold",
    "star_fitted_with_training_query",
    "star_fitted_with_validation_rows",
    "star_for_warm_support",
]


def front_fitted_with_training_query(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(split, *rest):
        found = fits(split, *rest)
        return tuple(fit._replace(train=found[0].train) if fit.variant == "front" else fit for fit in found)

    _wherever_imported(monkeypatch, "fits", leaky)


def star_fitted_with_validation_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks: P of validation users, on which everything is chosen."""
    monkeypatch.setattr(base_predictions, "star_rows", lambda split, *_: ~split.in_query)


def star_fitted_with_training_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a warm holdout: training users' query, which is then no longer as unseen as the test's."""
    monkeypatch.setattr(base_predictions, "star_rows", lambda split, *_: split.is_role("train") | ~split.in_query)


def held_users_kept_among_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cold holdout: users whom the base models were fitted on."""
    _wherever_imported(monkeypatch, "task_split", lambda split, *_: split)


def row_folds_in_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_row(split, folds, seed):
        return fold_of(len(split.in_query), folds, seed)

    monkeypatch.setattr(base_predictions, "fold_of_rows", by_row)


def star_for_warm_support(monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(split, *rest):
        found = sources(split, *rest)
        return np.full_like(found, "star") if rest[-1] == "support" else found

    _wherever_imported(monkeypatch, "sources", lazy)


def ids_left_unmasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Split, "hides_users", property(lambda split: False))


def _wherever_imported(monkeypatch: pytest.MonkeyPatch, name: str, mutant) -> None:
    for module in (base_predictions, plan, fit_step, select_step):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, mutant)
