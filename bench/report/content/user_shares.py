"""Whom a method helps and whom it harms: one definition for tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bench.evaluate import MethodAnalysis, UserSpread

__all__ = ["UserShares", "of_spread", "user_shares"]


class UserShares(NamedTuple):
    """Of users whose log loss is lower than, equal to (but for rounding) and higher than with the best single model: parts of
    1. A user in several seeds counts in each."""

    helped: float
    equal: float
    harmed: float

    def percents(self, places: int) -> list[float]:
        """With so many decimals, and 100 together: what rounding down leaves goes to those that it took most of."""
        return _percents(self, places)


def of_spread(spread: UserSpread) -> UserShares:
    return UserShares(spread.helped, spread.equal, spread.harmed)


def user_shares(one: MethodAnalysis) -> UserShares | None:
    """None where it has no win rate. An analysis of an earlier version has no spread over users: there they follow from its
    win rate, in which equal users count half, and the share of users whom it harms."""
    if one.users is not None:
        return of_spread(one.users.every)
    if one.win_rate is None or one.regret is None:
        return None
    harmed = one.regret.worse_share
    helped = max(0.0, 2 * one.win_rate - 1 + harmed)
    return UserShares(helped, max(0.0, 1 - helped - harmed), harmed)


def _percents(parts: Sequence[float], places: int) -> list[float]:
    unit = 10**places
    exact = [100 * unit * part for part in parts]
    whole = [int(one + 1e-9) for one in exact]
    by_rest = sorted(range(len(parts)), key=lambda place: whole[place] - exact[place])
    for place in by_rest[: max(0, 100 * unit - sum(whole))]:
        whole[place] += 1
    return [one / unit for one in whole]
