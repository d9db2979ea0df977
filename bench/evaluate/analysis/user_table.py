"""One method's figures for each user of one seed, to be kept with its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.evaluate.analysis.adaptation_effect import adaptation_columns
from bench.evaluate.analysis.user_figures import mean_weights, user_entropy
from bench.evaluate.analysis.user_losses import UserLosses, first_highest, is_shared, user_losses
from bench.evaluate.metrics.auc import auc_by_user
from bench.evaluate.query_rows import QueryRows

if TYPE_CHECKING:
    import pyarrow as pa  # functions import it themselves: a report needs none

__all__ = ["user_table", "with_ids"]


def user_table(rows: QueryRows, name: str) -> pa.Table:
    """A row a user, ascending. `name` has logits in this seed.

    user int32, its number (kept tables have its id: `with_ids`); rows, positives, support_rows, support_positives int64;
    logloss, auc (null with one class) float64;
    best_model, the pool's first of lowest log loss on the user's rows, and best_model_logloss (null where a base model has
    no result); chosen_model, the one of highest mean weight (null where several share it), entropy (over log K, 0 to 1) and
    `weight:<model>` (mean) of each base model, where the method gives weights (else the first two are null and the last are
    absent).

    Of a method under a meta-learner, what adaptation did to the user, too: see `adaptation_columns`.

    Labels are in it as sums over a user's rows alone: positives is null where a user has one row, whose label it would be."""
    import pyarrow as pa

    losses = user_losses(rows, [name])
    count, first = losses.rows.astype(np.int64), np.unique(rows.users, return_index=True)[1]
    auc = auc_by_user(rows.y, rows.logits[name], rows.users).auc
    positives = np.bincount(losses.of_row, rows.y, len(count)).astype(np.int64)
    columns = {
        "user": pa.array(losses.ids, pa.int32()),
        "rows": pa.array(count),
        "positives": pa.array(positives, mask=count == 1),
        "support_rows": pa.array(rows.history[first].astype(np.int64)),
        "support_positives": pa.array(
            _support_positives(rows.history[first], rows.support_rate[first])
        ),
        "logloss": pa.array(losses.mean(name)),
        "auc": pa.array(auc, mask=np.isnan(auc)),
    }
    complete = bool(rows.pool) and rows.logits.keys() >= set(rows.pool)
    columns |= (
        _best(rows, losses) if complete else _nulls(len(count), "best_model", "best_model_logloss")
    )
    columns |= (
        _choice(rows, losses, name)
        if name in rows.weights
        else _nulls(len(count), "chosen_model", "entropy")
    )
    columns |= adaptation_columns(rows, name) if name in rows.adaptations else {}
    return pa.table(columns)


def with_ids(table: pa.Table, ids: pa.Array) -> pa.Table:
    """A user table by the data's own ids: numbers look like ids and are none. `ids`: of each user number, text."""
    place = table.schema.get_field_index("user")
    return table.set_column(place, "user", ids.take(table["user"].combine_chunks()))


def _support_positives(history: np.ndarray, rate: np.ndarray) -> np.ndarray:
    return np.rint(np.where(history > 0, np.nan_to_num(rate) * history, 0)).astype(np.int64)


def _best(rows: QueryRows, losses: UserLosses) -> dict[str, pa.Array]:
    import pyarrow as pa

    means = losses.of_pool() / losses.rows[:, None]
    return {
        "best_model": _names(rows, first_highest(-means)),
        "best_model_logloss": pa.array(means.min(axis=1)),
    }


def _choice(rows: QueryRows, losses: UserLosses, name: str) -> dict[str, pa.Array]:
    import pyarrow as pa

    weights = mean_weights(losses, rows.weights[name])
    entropy = user_entropy(losses, rows.weights[name])
    return {
        "chosen_model": _names(rows, first_highest(weights), is_shared(weights)),
        "entropy": pa.nulls(len(weights), pa.float64()) if entropy is None else pa.array(entropy),
        **{f"weight:{model}": pa.array(weights[:, place]) for place, model in enumerate(rows.pool)},
    }


def _names(rows: QueryRows, places: np.ndarray, without: np.ndarray | None = None) -> pa.Array:
    import pyarrow as pa

    return pa.array([rows.pool[place] for place in places.tolist()], pa.string(), mask=without)


def _nulls(users: int, name: str, figure: str) -> dict[str, pa.Array]:
    import pyarrow as pa

    return {name: pa.nulls(users, pa.string()), figure: pa.nulls(users, pa.float64())}
