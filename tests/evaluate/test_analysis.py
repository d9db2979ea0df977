"""What an analysis finds, against pandas and plain loops."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.evaluate import (
    ByUser,
    analyse,
    analysis_from_json,
    analysis_to_json,
    attainable_losses,
    calibration_in_the_large,
    expected_calibration_error,
    user_table,
)
from tests.evaluate.query_rows import KINDS, POOL, as_frame, make_rows, permuted


@pytest.fixture(scope="module")
def rows():
    return [make_rows(trial=0), make_rows(trial=1)]


@pytest.fixture(scope="module")
def found(rows):
    return analyse(rows, KINDS, "b", resamples=200, splits=10)


def method(found, name):
    return next(one for one in found.methods if one.name == name)


def by_user(rows, name):
    """user -> mean loss"""
    return as_frame(rows).groupby("user")[f"loss of {name}"].mean()


def test_sizes_lead_and_optimum(found, rows):
    frames = [as_frame(one) for one in rows]
    losses = {name: np.mean([frame[f"loss of {name}"].mean() for frame in frames]) for name in KINDS}
    assert (found.users, found.rows, found.seeds) == (25, len(frames[0]), (0, 1))
    assert found.lead == min(losses, key=losses.get)
    p = 1 / (1 + np.exp(-rows[0].true_logits))
    assert found.optimum_logloss == pytest.approx((-p * np.log(p) - (1 - p) * np.log(1 - p)).mean(), rel=1e-12)


def test_the_perfect_choice_and_the_gap_to_it(found, rows):
    perfect, single, mix = [], [], []
    for one in rows:
        frame = as_frame(one)
        sums = frame.groupby("user")[[f"loss of {model}" for model in POOL]].sum()
        perfect.append(sums.min(axis=1).sum() / len(frame))
        single.append(frame["loss of b"].mean())
        mix.append(frame["loss of mix"].mean())
    assert found.perfect_user_logloss == pytest.approx(np.mean(perfect), rel=1e-12)
    gap = (np.mean(single) - np.mean(mix)) / (np.mean(single) - np.mean(perfect))
    assert method(found, "mix").closed_gap.perfect == pytest.approx(gap, rel=1e-9)
    assert method(found, "b").closed_gap.perfect == 0.0


@pytest.mark.parametrize("name", ["mix", "a", "b"])
def test_regret_wins_and_accuracy_user_by_user(found, rows, name):
    regrets, worse, wins, right = [], [], [], []
    for one in rows:
        pool = {model: by_user(one, model) for model in POOL}
        mine, single = by_user(one, name), pool["b"]
        for user in mine.index:
            best = min(pool[model][user] for model in POOL)
            regrets.append(mine[user] - best)
            worse.append(mine[user] > single[user] + 1e-12)
            wins.append(0.5 if abs(mine[user] - single[user]) <= 1e-12 else float(mine[user] < single[user]))
            if name == "mix":
                of_user = one.users == user
                chosen = POOL[int(one.weights["mix"][of_user].mean(axis=0).argmax())]
                right.append(pool[chosen][user] <= best + 1e-12)
    told = method(found, name)
    assert told.regret.mean == pytest.approx(np.mean(regrets), rel=1e-9)
    assert told.regret.p90 == pytest.approx(np.quantile(regrets, 0.9), rel=1e-9)
    assert told.regret.worse_share == np.mean(worse)
    assert told.win_rate == (None if name == "b" else pytest.approx(np.mean(wins)))
    assert told.selection_accuracy == (pytest.approx(np.mean(right)) if name == "mix" else None)


def test_entropy_is_relative_to_that_of_equal_weights(found, rows):
    expected = np.mean([(-one.weights["mix"] * np.log(one.weights["mix"])).sum(axis=1).mean() for one in rows])
    assert method(found, "mix").entropy == pytest.approx(expected / np.log(3), rel=1e-12)
    assert method(found, "a").entropy is None


def test_identical_methods_tie_and_nobody_is_compared_with_himself(found):
    same = method(found, "same").against_best_single["logloss"]
    other = method(found, "a").against_best_single["logloss"]
    assert (same.difference, same.low, same.high) == (other.difference, other.low, other.high)
    assert method(found, "b").against_best_single == {}
    again = analyse([make_rows()], KINDS, "a", resamples=50, splits=2)
    twin = method(again, "same").against_best_single["auc"]
    assert (twin.difference, twin.verdict, twin.p) == (0.0, "tie", 1.0)


# -- the attainable bound


def test_a_half_is_scored_by_the_model_that_was_best_on_the_other():
    one = make_rows(seed=4, users=6)
    splits = 400
    losses = attainable_losses(ByUser(one), splits, 0)
    frame = as_frame(one)
    overall = min(POOL, key=lambda model: frame[f"loss of {model}"].sum())
    rng = np.random.default_rng(5)
    for position, (_, own) in enumerate(frame.groupby("user")):
        table = own[[f"loss of {model}" for model in POOL]].to_numpy()
        scored = []
        for _ in range(3000):
            order = rng.permutation(len(table))
            cut = len(table) // 2 + (len(table) % 2) * int(rng.integers(0, 2))
            first, second = table[order[:cut]], table[order[cut:]]
            total = 0.0
            for chosen_on, on in ((first, second), (second, first)):
                best = int(chosen_on.sum(axis=0).argmin()) if len(chosen_on) else POOL.index(overall)
                total += on[:, best].sum()
            scored.append(total)
        error = np.std(scored) * np.sqrt(1 / splits + 1 / 3000)
        assert abs(losses[position] - np.mean(scored)) <= 5 * error + 1e-9


def test_with_one_model_nothing_is_chosen():
    one = make_rows()
    one = one._replace(pool=("a",), weights={})
    frame = as_frame(one)
    assert attainable_losses(ByUser(one), 3, 0).sum() == pytest.approx(frame["loss of a"].sum(), rel=1e-12)


def test_what_can_be_attained_lies_above_the_perfect_choice(found):
    bound = found.attainable
    assert found.perfect_user_logloss <= bound.low <= bound.logloss <= bound.high


# -- calibration


def test_calibration_error_over_bins_of_equally_many_rows():
    rng = np.random.default_rng(0)
    logits, y = rng.normal(size=300), rng.integers(0, 2, 300)
    p = np.sort(1 / (1 + np.exp(-logits)))
    order = np.argsort(logits)
    bins = np.split(np.arange(300), 15)
    expected = sum(abs(p[b].mean() - y[order][b].mean()) * len(b) / 300 for b in bins)
    assert expected_calibration_error(y, logits) == pytest.approx(expected, rel=1e-9)
    assert calibration_in_the_large(y, logits) == pytest.approx(p.mean() - y.mean(), rel=1e-12)


@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_calibration_does_not_hang_on_the_order_of_rows(decimals):
    rng = np.random.default_rng(1)
    logits, y = np.round(rng.normal(size=101), decimals), rng.integers(0, 2, 101)
    order = rng.permutation(101)
    assert expected_calibration_error(y, logits) == pytest.approx(
        expected_calibration_error(y[order], logits[order]), abs=1e-14
    )


def test_constant_predictions_are_as_far_off_as_their_mean():
    y = np.array([1, 0, 0, 0])
    assert expected_calibration_error(y, np.zeros(4)) == pytest.approx(0.25)


# -- segments and tables


def test_segments_hold_the_rows_that_their_names_say(found, rows):
    frames = [as_frame(one) for one in rows]
    by_history = {one.name: one for one in found.segments if one.by == "history"}
    for name, low, high in (("0 rows", 0, 0), ("6 to 20 rows", 6, 20), ("101 rows and more", 101, 10**9)):
        if name not in by_history:
            continue
        told = by_history[name]
        parts = [frame[(frame.history >= low) & (frame.history <= high)] for frame in frames]
        assert (told.rows, told.users) == (len(parts[0]), parts[0].user.nunique())
        expected = np.mean([part["loss of mix"].mean() for part in parts])
        assert told.logloss["mix"] == pytest.approx(expected, rel=1e-12)
        difference = np.mean([(part["loss of mix"] - part["loss of b"]).mean() for part in parts])
        assert told.against_best_single["mix"].difference == pytest.approx(difference, rel=1e-9)
    for by in ("history", "support_rate", "popularity"):
        assert sum(one.rows for one in found.segments if one.by == by) == len(frames[0])


def test_a_table_has_a_row_a_user_and_no_label_of_a_row(rows):
    table = user_table(rows[0], "mix").to_pandas().set_index("user")
    frame = as_frame(rows[0])
    groups = frame.groupby("user")
    assert table.logloss.to_numpy() == pytest.approx(groups["loss of mix"].mean().to_numpy(), rel=1e-12)
    assert table.rows.tolist() == groups.size().tolist()
    assert table.positives.tolist() == groups.y.sum().tolist()
    best = groups[[f"loss of {model}" for model in POOL]].mean().idxmin(axis=1).str.removeprefix("loss of ")
    assert table.best_model.tolist() == best.tolist()
    assert table[[f"weight of {model}" for model in POOL]].sum(axis=1).to_numpy() == pytest.approx(1.0)
    one_class = groups.y.nunique() == 1
    assert table.auc.isna().tolist() == one_class.tolist()
    assert "chosen_model" not in user_table(rows[0], "a").column_names


# -- laws


def test_the_order_of_rows_changes_nothing(found, rows):
    other = analyse([permuted(one, n) for n, one in enumerate(rows)], KINDS, "b", resamples=200, splits=10)
    for mine, theirs in zip(found.methods, other.methods, strict=True):
        for metric in ("logloss", "auc"):
            if metric in mine.against_lead:
                one, two = mine.against_lead[metric], theirs.against_lead[metric]
                assert (one.difference, one.low, one.p) == pytest.approx((two.difference, two.low, two.p), rel=1e-9)
        assert mine.regret.mean == pytest.approx(theirs.regret.mean, rel=1e-9)
        assert mine.calibration.ece == pytest.approx(theirs.calibration.ece, rel=1e-9)


def test_json_holds_all_of_it_without_nan(found):
    text = json.dumps(analysis_to_json(found), allow_nan=False)
    assert analysis_from_json(json.loads(text)) == found


# -- what is degenerate


@pytest.mark.parametrize("users", [1, 2])
def test_few_users_crash_nothing(users):
    found = analyse([make_rows(users=users)], KINDS, "b", resamples=50, splits=3)
    told = method(found, "mix").against_best_single["logloss"]
    assert told.difference is not None
    assert (told.p is None) == (users == 1)
    assert told.p != 0
    json.dumps(analysis_to_json(found), allow_nan=False)


def test_one_class_leaves_auc_out_with_its_reason():
    found = analyse([make_rows(classes=1)], KINDS, "b", resamples=50, splits=3)
    told = method(found, "mix").against_best_single["auc"]
    assert (told.difference, told.verdict) == (None, "withheld")
    assert told.reason
    json.dumps(analysis_to_json(found), allow_nan=False)


def test_a_method_that_lacks_a_seed_is_left_out_and_noted():
    whole, part = make_rows(trial=0), make_rows(trial=1)
    part = part._replace(logits={name: z for name, z in part.logits.items() if name != "mix"}, weights={})
    found = analyse([whole, part], KINDS, "b", resamples=50, splits=3)
    assert "mix" not in {one.name for one in found.methods}
    assert any("mix" in note for note in found.notes)


def test_without_best_single_nothing_is_compared_with_it():
    found = analyse([make_rows()], KINDS, None, resamples=50, splits=3)
    assert method(found, "mix").against_best_single == {}
    assert method(found, "mix").closed_gap.reason == "there is no best-single"
    assert found.notes


def test_a_split_that_varies_with_the_seed():
    """Other rows and other users in each seed: figures are means over seeds, users are drawn wherever they are."""
    rows = [make_rows(seed=0, trial=0), make_rows(seed=9, users=12, trial=1)]
    found = analyse(rows, KINDS, "b", resamples=100, splits=5)
    frames = [as_frame(one) for one in rows]
    expected = np.mean([(frame["loss of mix"] - frame["loss of b"]).mean() for frame in frames])
    assert method(found, "mix").against_best_single["logloss"].difference == pytest.approx(expected, rel=1e-9)
    assert found.users == 25
