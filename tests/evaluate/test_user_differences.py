"""Users helped and harmed, and by how much: each user's figure counted by hand, row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from pydantic import ValidationError

from bench.evaluate import (
    USER_LEVELS,
    MethodAnalysis,
    QueryRows,
    analyse,
    analysis_from_json,
    analysis_to_json,
)
from bench.evaluate.analysis.user_differences import user_differences
from bench.evaluate.analysis.user_losses import user_losses
from tests.evaluate.query_rows import KINDS, make_rows, taken

SEEDS = (make_rows(0), make_rows(1), make_rows(2, users=17, split=1))


def analysed(rows: Sequence[QueryRows], name: str, single: str | None = "fm") -> MethodAnalysis:
    analysis = analyse(rows, KINDS, single, resamples=50, splits=2).analysis
    return next(one for one in analysis.methods if one.name == name)


def loss(y: int, logit: float) -> float:
    return math.log1p(math.exp(-abs(logit))) + max(0.0, -logit if y else logit)


def differences(rows: QueryRows, name: str, single: str) -> dict[int, float]:
    """Of each user, by a plain loop."""
    of_user: dict[int, list[float]] = {}
    for row, user in enumerate(rows.users.tolist()):
        here, there = (loss(rows.y[row], float(rows.logits[one][row])) for one in (name, single))
        of_user.setdefault(user, []).append(here - there)
    return {user: math.fsum(found) / len(found) for user, found in of_user.items()}


def quantile(values: Sequence[float], level: float) -> float:
    """Linear between the order statistics around (n - 1) level (Hyndman & Fan 1996, type 7)."""
    ascending = sorted(values)
    place = (len(ascending) - 1) * Fraction(level).limit_denominator(100)
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + float(place - below) * (ascending[above] - ascending[below])


def test_quantiles_and_shares_are_over_the_users_of_all_seeds() -> None:
    found = analysed(SEEDS, "gating").users
    assert found is not None
    every = [one for rows in SEEDS for one in differences(rows, "gating", "fm").values()]
    assert found.every.users == len(every) == 77
    assert found.every.quantiles == pytest.approx([quantile(every, one) for one in USER_LEVELS])
    assert found.every.helped == pytest.approx(sum(one < -1e-12 for one in every) / len(every))
    assert found.every.harmed == pytest.approx(sum(one > 1e-12 for one in every) / len(every))


@pytest.mark.parametrize(
    ("by", "name", "least", "most"),
    [
        ("history", "0 rows", 0, 0),
        ("history", "6 to 20 rows", 6, 20),
        ("history", "101 rows or more", 101, 10**6),
    ],
)
def test_a_band_holds_the_users_of_its_history(by: str, name: str, least: int, most: int) -> None:
    found = analysed(SEEDS, "gating").users
    assert found is not None
    (band,) = (one for one in found.bands if (one.by, one.name) == (by, name))
    inside: list[float] = []
    for rows in SEEDS:
        history = dict(zip(rows.users.tolist(), rows.history.tolist(), strict=True))
        of_user = differences(rows, "gating", "fm")
        inside += [one for user, one in of_user.items() if least <= history[user] <= most]
    assert band.spread.users == len(inside) > 0
    assert band.spread.quantiles == pytest.approx([quantile(inside, one) for one in USER_LEVELS])


def test_bands_by_positive_rate_part_all_users_and_those_without_support_are_apart() -> None:
    found = analysed(SEEDS, "gating").users
    assert found is not None
    bands = {one.name: one.spread.users for one in found.bands if one.by == "support_rate"}
    assert sum(bands.values()) == found.every.users
    without = sum(len(set(rows.users[rows.history == 0].tolist())) for rows in SEEDS)
    assert bands["no support"] == without > 0
    high = sum(
        len(set(rows.users[(rows.history > 0) & (rows.support_rate >= 0.8)].tolist()))
        for rows in SEEDS
    )
    assert bands["80 to 100 %"] == high


def test_users_are_helped_and_harmed_as_regret_and_win_rate_say() -> None:
    one = analysed(SEEDS, "plain")
    assert one.users is not None
    assert one.regret is not None
    every = one.users.every
    assert every.harmed == one.regret.worse_share
    assert one.win_rate == pytest.approx(every.helped + (1 - every.helped - every.harmed) / 2)


def test_an_equal_loss_neither_helps_nor_harms() -> None:
    rows = [
        replaced._replace(logits={**replaced.logits, "plain": replaced.logits["fm"]})
        for replaced in SEEDS
    ]
    found = analysed(rows, "plain").users
    assert found is not None
    assert (found.every.helped, found.every.harmed) == (0.0, 0.0)
    assert found.every.quantiles == (0.0,) * len(USER_LEVELS)


def test_the_best_single_has_none_nor_has_anybody_without_one_or_without_a_finite_loss() -> None:
    assert analysed(SEEDS, "fm").users is None
    assert analysed(SEEDS, "gating", single=None).users is None
    endless = SEEDS[0]._replace(
        logits={**SEEDS[0].logits, "plain": np.full(len(SEEDS[0].y), -np.inf, np.float32)}
    )
    assert analysed([endless, *SEEDS[1:]], "plain").users is None


def test_one_user_is_every_quantile() -> None:
    several = make_rows(users=4)
    rows = taken(several, np.flatnonzero(several.users == several.users[0]))
    found = analysed([rows], "gating").users
    assert found is not None
    (only,) = differences(rows, "gating", "fm").values()
    assert found.every.quantiles == pytest.approx([only] * len(USER_LEVELS))


def test_chosen_shares_count_users_by_their_highest_mean_weight() -> None:
    found = analysed(SEEDS, "gating").chosen_shares
    assert found is not None
    chosen: list[str] = []
    for rows in SEEDS:
        for user in set(rows.users.tolist()):
            of_user = rows.weights["gating"][rows.users == user].astype(float).mean(axis=0)
            chosen.append(rows.pool[int(of_user.argmax())])
    assert found.shares == pytest.approx(
        {name: chosen.count(name) / len(chosen) for name in ("lr", "fm", "dnn")}
    )
    assert (found.users, found.shared) == (77, 0)


def test_users_whose_highest_weights_tie_are_left_out_and_counted() -> None:
    rows = make_rows(users=3)
    ids = sorted(set(rows.users.tolist()))
    of_user = {ids[0]: (1.0, 0.0, 0.0), ids[1]: (0.4, 0.4, 0.2), ids[2]: (0.2, 0.2, 0.6)}
    weights = np.array([of_user[user] for user in rows.users.tolist()], dtype=np.float32)
    found = analysed([rows._replace(weights={"gating": weights})], "gating").chosen_shares
    assert found is not None
    assert found.shares == {"lr": 0.5, "fm": 0.0, "dnn": 0.5}
    assert (found.users, found.shared) == (2, 1)


def test_who_weighs_all_alike_or_gives_no_weights_chooses_nobody() -> None:
    assert analysed(SEEDS, "plain").chosen_shares is None
    alike = [
        rows._replace(weights={"gating": np.full((len(rows.y), 3), 1 / 3, np.float32)})
        for rows in SEEDS
    ]
    assert analysed(alike, "gating").chosen_shares is None


def test_an_analysis_comes_back_from_json_and_an_older_one_without_them_too() -> None:
    analysis = analyse(SEEDS, KINDS, "fm", resamples=50, splits=2).analysis
    told = analysis_to_json(analysis)
    assert analysis_from_json(told) == analysis
    for one in told["methods"]:
        del one["users"], one["chosen_shares"]
    older = tuple(replace(one, users=None, chosen_shares=None) for one in analysis.methods)
    assert analysis_from_json(told).methods == older


def test_quantiles_at_other_levels_are_no_analysis() -> None:
    told = analysis_to_json(analyse(SEEDS, KINDS, "fm", resamples=50, splits=2).analysis)
    found = next(one["users"]["every"] for one in told["methods"] if one["users"])
    found["quantiles"] = found["quantiles"][:3]
    with pytest.raises(ValidationError, match="3 quantiles; there are 5"):
        analysis_from_json(told)


def test_losses_that_differ_by_the_order_of_a_sum_neither_help_nor_harm() -> None:
    rng = np.random.default_rng(0)
    mine = rng.normal(0, 1, (40, 12))
    rows = make_rows(users=2)._replace(
        y=np.ones(480, dtype=np.uint8),
        users=np.repeat(np.arange(40), 12),
        pool=("a", "b"),
        logits={"a": mine.ravel(), "b": rng.permuted(mine, axis=1).ravel()},
    )
    losses = user_losses(rows, ["a", "b"])
    assert (losses.sums["b"] != losses.sums["a"]).any()
    every = user_differences([losses], "b", "a", ()).every
    assert (every.helped, every.harmed) == (0.0, 0.0)
