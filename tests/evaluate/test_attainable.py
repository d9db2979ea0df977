from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from bench.evaluate.analysis import attainable
from bench.evaluate.analysis.attainable import attainable_bound, attainable_losses, halves
from bench.evaluate.inference.resampling import draw_users
from tests.evaluate.query_rows import POOL, make_rows, taken


def loss_rows(rows):
    """Losses (n, K) by the textbook formula."""
    p = np.stack([1 / (1 + np.exp(-rows.logits[name].astype(float))) for name in rows.pool], axis=1)
    return -np.where(rows.y[:, None] == 1, np.log(p), np.log1p(-p))


def cross_scored(losses, half):
    """One user's summed loss; losses (rows, K), half (rows,) bool."""
    one, other = losses[half].sum(axis=0), losses[~half].sum(axis=0)
    return other[one.argmin()] + one[other.argmin()]


def exhaustive(rows):
    """(U,) over every halving of a user's rows, one with loops."""
    losses, found = loss_rows(rows), []
    for user in sorted(set(rows.users.tolist())):
        mine = losses[rows.users == user]
        if len(mine) == 1:
            found.append(mine[0][losses[rows.users != user].sum(axis=0).argmin()])
            continue
        halvings = [
            np.isin(np.arange(len(mine)), some)
            for some in combinations(range(len(mine)), len(mine) // 2)
        ]
        found.append(np.mean([cross_scored(mine, half) for half in halvings]))
    return np.array(found)


@pytest.mark.parametrize("together", [1 << 20, 50])
def test_it_is_what_every_halving_gives_on_average(together, monkeypatch) -> None:
    monkeypatch.setattr(attainable, "_TOGETHER", together)
    rows, splits = make_rows(users=25, most=6), 1500
    error = np.abs(attainable_losses(rows, splits, 0) - exhaustive(rows))
    assert error.max() < 5 * 3 / splits**0.5  # no user's loss varies by more than 3 over halvings
    assert error.mean() < 0.02


def test_the_same_halves_in_a_loop_give_the_same_losses() -> None:
    rows = make_rows(users=12, most=8)
    order = np.lexsort((rows.items, rows.users))
    some = [user for user in np.unique(rows.users) if (rows.users == user).sum() >= 4]
    rows = taken(rows, np.concatenate([order[rows.users[order] == user][:4] for user in some]))
    rows = rows._replace(items=np.arange(len(rows.y), dtype=np.int32))  # rows in order already
    drawn, losses = (
        halves(len(some), 4, 30, np.random.default_rng(3)),
        loss_rows(rows).reshape(len(some), 4, -1),
    )
    slow = [
        np.mean([cross_scored(losses[user], half) for half in drawn[user]])
        for user in range(len(some))
    ]
    np.testing.assert_allclose(attainable_losses(rows, 30, 3), slow, rtol=1e-12)


def test_order_of_rows_changes_nothing() -> None:
    rows = make_rows()
    again = taken(rows, np.random.default_rng(5).permutation(len(rows.y)))
    np.testing.assert_array_equal(attainable_losses(rows, 7, 0), attainable_losses(again, 7, 0))


def test_halves_are_half_and_every_half_is_as_likely() -> None:
    for rows in (2, 3, 4, 5):
        drawn = halves(50, rows, 200, np.random.default_rng(rows))
        assert (drawn.sum(axis=-1) == rows // 2).all()
        _, counts = np.unique(drawn.reshape(-1, rows), axis=0, return_counts=True)
        expected = 50 * 200 / len(counts)
        assert len(counts) == len(list(combinations(range(rows), rows // 2)))
        assert (
            (counts - expected) ** 2 / expected
        ).sum() < 30  # chi-squared, at most 9 degrees of freedom


def test_ties_go_to_the_pools_first_and_one_model_is_itself() -> None:
    rows = make_rows()
    tied = rows._replace(logits=dict.fromkeys(POOL, rows.logits["fm"]))
    alone = rows._replace(pool=("fm",))
    np.testing.assert_allclose(
        attainable_losses(tied, 5, 0), attainable_losses(alone, 5, 0), rtol=1e-12
    )
    by_user = [loss_rows(alone)[rows.users == user].sum() for user in np.unique(rows.users)]
    np.testing.assert_allclose(attainable_losses(alone, 5, 0), by_user, rtol=1e-12)
    two = taken(rows, np.flatnonzero(rows.users == rows.users[0])[:1])._replace(users=np.array([4]))
    apart = two._replace(
        logits={"lr": np.array([-1.0]), "fm": np.array([2.0]), "dnn": np.array([2.0])}
    )
    assert attainable_losses(apart, 5, 0) == pytest.approx(
        loss_rows(apart)[0, 0]
    )  # no other user: the pool's first


def test_bound_is_the_mean_over_rows_then_seeds_with_the_bootstraps_interval() -> None:
    rows = [make_rows(0), make_rows(1, users=20, split=1)]
    got = attainable_bound(rows, 5, 300, 9)
    losses = [attainable_losses(one, 5, 9) for one in rows]
    assert got.logloss == pytest.approx(
        np.mean([of.sum() / len(one.y) for of, one in zip(losses, rows, strict=True)])
    )
    ids = sorted({*rows[0].users.tolist(), *rows[1].users.tolist()})
    draws = []
    for drawn in draw_users(len(ids), 300, 9).T:
        times, by_seed = dict(zip(ids, drawn.tolist(), strict=True)), []
        for one, of in zip(rows, losses, strict=True):
            users = np.unique(one.users).tolist()
            count = sum(times[user] for user in one.users.tolist())
            by_seed.append(
                sum(times[user] * loss for user, loss in zip(users, of, strict=True)) / count
            )
        draws.append(np.mean(by_seed))
    assert got.low is not None
    assert got.high is not None
    assert (got.low + got.high) / 2 == pytest.approx(got.logloss)
    half = (got.high - got.low) / 2 / np.std(draws, ddof=1)
    assert 1.96 < half < 2.1  # a t-quantile, and U / (U - 1)


def test_users_of_one_row_are_counted_and_one_user_has_no_interval() -> None:
    rows = make_rows()
    single = int((np.unique(rows.users, return_counts=True)[1] == 1).sum())
    assert single > 0
    got = attainable_bound([rows], 5, 50, 0)
    assert got.single_row_users == single
    assert got.reason.startswith(f"{single} users have one query row")
    one = attainable_bound([taken(rows, np.flatnonzero(rows.users == rows.users[0]))], 5, 50, 0)
    assert (one.low, one.high) == (None, None)
    assert "one user" in one.reason
