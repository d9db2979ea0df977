"""Equal but for the order of a sum is equal."""

from __future__ import annotations

import numpy as np

from bench.evaluate.analysis.user_figures import regret, selection_accuracy, win_rate
from bench.evaluate.analysis.user_losses import first_highest, is_shared, user_losses
from tests.evaluate.query_rows import make_rows


def test_losses_of_the_same_rows_summed_in_another_order_are_a_tie_and_both_are_best() -> None:
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(40), 12)
    mine = rng.normal(0, 1, (40, 12))
    theirs = rng.permuted(mine, axis=1)
    weights = np.tile([0.0, 1.0], (480, 1))
    rows = make_rows(users=2)._replace(
        y=np.ones(480, dtype=np.uint8),
        users=users,
        pool=("a", "b"),
        logits={"a": mine.ravel(), "b": theirs.ravel()},
    )
    losses = user_losses(rows, ["a", "b"])
    assert (losses.sums["b"] > losses.sums["a"]).any()
    assert (losses.sums["b"] < losses.sums["a"]).any()
    assert win_rate([losses], "b", "a") == 0.5
    assert regret([losses], "b", "a").worse_share == 0.0
    assert selection_accuracy([losses], [weights]) == 1.0


def test_the_first_of_the_highest_is_chosen() -> None:
    rounded = 0.1 + 0.2  # above 0.3 by rounding alone
    values = np.array(
        [[0.3, rounded, 0.2], [0.2, 0.3, 0.3], [-rounded, -0.4, -0.3], [0.3, 0.31, 0.1]]
    )
    assert first_highest(values).tolist() == [0, 1, 0, 1]


def test_a_highest_weight_that_several_share_is_no_choice() -> None:
    third = np.float32(1) / np.float32(3)
    weights = np.array(
        [
            [third, third, third],
            [0.5, 0.3, 0.2],
            [0.4, 0.2, 0.4],
            [0.2, 0.4 + 1e-9, 0.4],
            [0.334, 0.333, 0.333],
        ]
    )
    assert is_shared(weights).tolist() == [True, False, True, True, False]
    assert is_shared(np.ones((2, 1))).tolist() == [False, False]


def test_users_without_a_choice_are_left_out_of_selection_accuracy_and_all_of_them_leave_none() -> (
    None
):
    rows = make_rows(users=2)._replace(
        y=np.ones(4, dtype=np.uint8),
        users=np.array([0, 0, 1, 2]),
        pool=("a", "b"),
        logits={"a": np.array([2.0, 2.0, 0.0, 2.0]), "b": np.array([1.0, 1.0, 1.0, 1.0])},
    )
    losses = user_losses(rows, [])
    equal, chosen = [0.5, 0.5], [1.0, 0.0]
    assert selection_accuracy([losses], [np.array([equal, equal, chosen, chosen])]) == 0.5
    assert selection_accuracy([losses], [np.array([chosen, equal, chosen, equal])]) == 0.5
    assert selection_accuracy([losses], [np.array([chosen, chosen[::-1], equal, chosen])]) == 1.0
    assert selection_accuracy([losses], [np.array([equal] * 4)]) is None
