"""How far a method moves single users from the best single model: whom it helps, whom it harms, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from bench.evaluate.analysis.bands import SEGMENTED_BY
from bench.evaluate.analysis.findings import USER_LEVELS, UserBand, UserDifferences, UserSpread
from bench.evaluate.analysis.scored import Scored
from bench.evaluate.analysis.user_figures import who_is_worse
from bench.evaluate.analysis.user_losses import UserLosses

__all__ = ["BandedUsers", "banded_users", "user_differences"]

_By = Literal["history", "support_rate"]


class BandedUsers(NamedTuple):
    """`inside` (U of all seeds,) bool; some user is."""

    by: _By
    name: str
    inside: np.ndarray


def banded_users(scored: Scored) -> tuple[BandedUsers, ...]:
    """Users in the order of the seeds' losses. All rows of a user are in one band: it is of their support."""
    firsts = [np.unique(one.of_row, return_index=True)[1] for one in scored.losses]
    return tuple(
        BandedUsers(
            by,
            band.name,
            np.concatenate(
                [inside[first] for inside, first in zip(band.inside, firsts, strict=True)]
            ),
        )
        for by in get_args(_By)
        for band in SEGMENTED_BY[by](scored.rows)
    )


def user_differences(
    losses: Sequence[UserLosses], name: str, best_single: str, bands: Sequence[BandedUsers]
) -> UserDifferences:
    """Over the users of all seeds. Both have a finite log loss in every one."""
    of_user = np.concatenate([one.mean(name) - one.mean(best_single) for one in losses])
    signs = np.concatenate([who_is_worse(one, name, best_single) for one in losses])
    return UserDifferences(
        _spread(of_user, signs),
        tuple(
            UserBand(band.by, band.name, _spread(of_user[band.inside], signs[band.inside]))
            for band in bands
        ),
    )


def _spread(differences: np.ndarray, signs: np.ndarray) -> UserSpread:
    return UserSpread(
        len(differences),
        tuple(np.quantile(differences, USER_LEVELS).tolist()),
        float((signs < 0).mean()),
        float((signs > 0).mean()),
    )
