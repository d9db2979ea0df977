"""Ways to get the rows of a step wrong. Each test that looks at rows has to fail on those that concern it."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.splits.base_predictions import FitPlan, fold_of
from bench.data.splits.split import Split

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
    right = FitPlan.fits.func

    def leaky(plan):
        found = right(plan)
        return tuple(
            fit._replace(trains=found[0].trains) if fit.variant == "front" else fit for fit in found
        )

    monkeypatch.setattr(FitPlan, "fits", property(leaky))


def star_fitted_with_validation_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks: P of validation users, on which everything is chosen."""
    monkeypatch.setattr(FitPlan, "star_rows", property(lambda plan: ~plan.split.in_query))


def star_fitted_with_training_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a warm holdout: training users' query, which is then no longer as unseen as the test's."""
    leaky = property(lambda plan: plan.split.is_role("train") | ~plan.split.in_query)
    monkeypatch.setattr(FitPlan, "star_rows", leaky)


def held_users_kept_among_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cold holdout: users whom the base models were fitted on."""
    monkeypatch.setattr(FitPlan, "tasks", property(lambda plan: plan.split))


def row_folds_in_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_row(plan):
        return fold_of(len(plan.split.in_query), plan.source.folds, plan.source.seed)

    monkeypatch.setattr(FitPlan, "fold_of_rows", property(by_row))


def star_for_warm_support(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FitPlan.predicted_by

    def lazy(plan, role, part, rows):
        found = right(plan, role, part, rows)
        return np.full_like(found, "star") if part == "support" else found

    monkeypatch.setattr(FitPlan, "predicted_by", lazy)


def ids_left_unmasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Split, "hides_users", property(lambda split: False))
