"""What adaptation did, user by user and in all: methods under a meta-learner, before and after their inner steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.evaluate.analysis.findings import AdaptationEffect
from bench.evaluate.analysis.user_figures import mean_weights, user_entropy
from bench.evaluate.analysis.user_losses import UserLosses, first_highest, is_shared, user_losses
from bench.evaluate.query_rows import QueryRows
from bench.settings import PARAMETER_GROUPS

if TYPE_CHECKING:
    import pyarrow as pa  # functions import it themselves: a report needs none

__all__ = ["adaptation_columns", "adaptation_effect"]

_WHEN = ("before", "after")


class _Side(NamedTuple):
    """One side of adaptation; (U,) each."""

    losses: np.ndarray  # mean log loss of the query
    support: np.ndarray  # mean log loss of the support; NaN without
    weights: np.ndarray  # (U, K) mean over query rows
    entropy: np.ndarray | None
    model: np.ndarray  # of highest mean weight, as a place in the pool; -1 where several share it


def adaptation_columns(rows: QueryRows, name: str) -> dict[str, pa.Array]:
    """Columns for a table by user, ascending. `name` is of rows.adaptations.

    Before and after the inner steps: logloss_* (query), support_logloss_* (null without support), entropy_* (mean over
    query rows, over log K), chosen_model_* (of highest mean weight; null where several share it), `weight_*:<model>` (mean
    over query rows); after excludes a calibration that follows. `moved:<group>` is the root-mean-square change of the user's
    parameters of a group, relative to their root mean square before (see `movements` of bench.learn.adaptation.interpretation;
    null: no such parameters), and moved_most the group where that is largest (null: none moved)."""
    import pyarrow as pa

    losses = user_losses(rows, [name])
    columns: dict[str, pa.Array] = {}
    for when, side in zip(_WHEN, _sides(rows, losses, name), strict=True):
        columns |= {
            f"logloss_{when}": pa.array(side.losses),
            f"support_logloss_{when}": _nullable(side.support),
            f"entropy_{when}": _nullable(
                np.full(len(side.losses), np.nan) if side.entropy is None else side.entropy
            ),
            f"chosen_model_{when}": _names(rows.pool, side.model),
            **{
                f"weight_{when}:{model}": pa.array(side.weights[:, k])
                for k, model in enumerate(rows.pool)
            },
        }
    moved = rows.adaptations[name].movements
    names = [None if place is None else PARAMETER_GROUPS[place] for place in _moved_most(moved)]
    return {
        **columns,
        "moved_most": pa.array(names, pa.string()),
        **{
            f"moved:{group}": _nullable(moved[:, place])
            for place, group in enumerate(PARAMETER_GROUPS)
        },
    }


def adaptation_effect(rows: Sequence[QueryRows], name: str) -> AdaptationEffect:
    """Of all seeds, each of which has `name` in its adaptations."""
    losses = [user_losses(one, [name]) for one in rows]
    sides = [_sides(one, of_seed, name) for one, of_seed in zip(rows, losses, strict=True)]
    most = [place for one in rows for place in _moved_most(one.adaptations[name].movements)]
    shares = {group: most.count(place) / len(most) for place, group in enumerate(PARAMETER_GROUPS)}
    return AdaptationEffect(
        users=len(most),
        entropy_before=_mean([before.entropy for before, _ in sides]),
        entropy_after=_mean([after.entropy for _, after in sides]),
        model_changed=_mean([_changed(before.model, after.model) for before, after in sides]),
        support_logloss_before=_mean([before.support for before, _ in sides]),
        support_logloss_after=_mean([after.support for _, after in sides]),
        logloss_before=float(
            np.mean([_total(b.losses, one) for (b, _), one in zip(sides, losses, strict=True)])
        ),
        logloss_after=float(
            np.mean([_total(a.losses, one) for (_, a), one in zip(sides, losses, strict=True)])
        ),
        moved_most={
            group: shares[group]
            for group in sorted(shares, key=lambda g: -shares[g])
            if shares[group]
        },
    )


def _sides(rows: QueryRows, losses: UserLosses, name: str) -> tuple[_Side, _Side]:
    one = rows.adaptations[name]
    before, after = (
        user_losses(rows._replace(logits={name: logits}, pool=()), [name]).mean(name)
        for logits in (one.logits_before, one.logits_after)
    )
    support = one.support_losses.T.astype(np.float64)
    return (
        _side(losses, before, support[0], one.weights_before),
        _side(losses, after, support[1], one.weights_after),
    )


def _side(
    losses: UserLosses, of_query: np.ndarray, of_support: np.ndarray, weights: np.ndarray
) -> _Side:
    means = mean_weights(losses, weights)
    chosen = np.where(is_shared(means), -1, first_highest(means))
    return _Side(of_query, of_support, means, user_entropy(losses, weights), chosen)


def _names(pool: Sequence[str], places: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array([None if place < 0 else pool[place] for place in places.tolist()], pa.string())


def _changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(U,) 1 where another model is chosen after, else 0; NaN where nobody is chosen before or after."""
    return np.where((before < 0) | (after < 0), np.nan, before != after)


def _moved_most(movements: np.ndarray) -> list[int | None]:
    """(U,) the group with the largest figure, the first of equals; None where nothing moved. movements (U, G)."""
    known = np.nan_to_num(movements, nan=0.0)
    return [
        int(place) if known[user, place] > 0 else None
        for user, place in enumerate(known.argmax(axis=1))
    ]


def _total(means: np.ndarray, losses: UserLosses) -> float:
    return float((means * losses.rows).sum() / losses.rows.sum())


def _mean(values: Sequence[np.ndarray | None]) -> float | None:
    """Over all users who have a figure; None where nobody has."""
    known = np.concatenate(
        [one[~np.isnan(one)] for one in values if one is not None] or [np.empty(0)]
    )
    return float(known.mean()) if len(known) else None


def _nullable(values: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, mask=np.isnan(values))
