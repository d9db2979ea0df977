"""Paired differences: what is said, what is withheld, and that degenerate input gives a reason, never a NaN or a p of 0."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy import stats

from bench.evaluate import ONE_SEED, Paired, Slice, adjust, paired, resample
from bench.evaluate.inference.holm import holm
from bench.evaluate.inference.paired import _NOT_OVER_SEEDS
from tests.evaluate.slices import make_slice

LABELS = np.array([0, 1, 1, 0], np.uint8)


def compare(
    slices: list[Slice], metric: str = "logloss", resamples: int = 500, names: str = "ab"
) -> Paired:
    found = resample(slices, list(names), resamples=resamples)
    return paired(found, "b", "a", metric)


def of_probabilities(users: int, a: np.ndarray, b: np.ndarray) -> Slice:
    """Four rows a user; a, b (4 users,)."""
    p = np.stack([a, b])
    return Slice.of_labels(
        np.tile(LABELS, users), np.repeat(np.arange(users), 4), np.log(p) - np.log1p(-p)
    )


def steady(users: int, gain: float, seed: int = 0, spread: float = 0.02) -> Slice:
    """b has the logits of a, further out by `gain` on the right side: a small gain beside large differences between rows."""
    rng = np.random.default_rng(seed)
    one = make_slice(seed, users, noise=(2.0,))
    by_user = dict(zip(np.unique(one.users).tolist(), rng.normal(gain, spread, users), strict=True))
    shift = np.array([by_user[user] for user in one.users.tolist()]) * np.where(one.y == 1, 1, -1)
    return one._replace(logits=np.stack([one.logits[0], one.logits[0] + shift]).astype(np.float64))


def assert_plain(found: Paired) -> None:
    numbers = [value for value in asdict(found).values() if isinstance(value, float)]
    assert all(math.isfinite(value) for value in numbers)
    assert found.p is None or 0 < found.p <= 1
    assert found.reason or None not in (
        found.difference,
        found.low,
        found.seeds_low,
        found.detectable,
    )


def test_interval_lies_near_the_percentiles_of_20_000_resamples() -> None:
    rng, users, rows = np.random.default_rng(11), 60, 8
    truth = rng.normal(0, 1.6, (users, 1)) + rng.normal(0, 1.2, (users, rows))
    y = (rng.random((users, rows)) < 1 / (1 + np.exp(-truth))).astype(np.uint8)
    logits = np.stack(
        [(truth * share + rng.normal(0, 0.05, truth.shape)).ravel() for share in (0.7, 0.88)]
    )
    found = compare(
        [Slice.of_labels(y.ravel(), np.repeat(np.arange(users), rows), logits)], resamples=2000
    )
    losses = np.logaddexp(0, np.where(y.ravel() == 1, -logits, logits)).reshape(2, users, rows)
    differences = (losses[1] - losses[0]).mean(axis=1)
    slow = differences[np.random.default_rng(0).integers(0, users, (20_000, users))].mean(axis=1)
    assert found.difference == pytest.approx(differences.mean(), abs=1e-12)
    assert [found.low, found.high] == pytest.approx(
        np.quantile(slow, [0.025, 0.975]).tolist(), abs=1.5e-3
    )


def test_a_steady_gain_is_found_paired_though_unpaired_it_is_lost() -> None:
    one = steady(80, 0.05)
    losses = np.logaddexp(0, np.where(one.y == 1, -one.logits, one.logits))
    assert stats.ttest_ind(losses[0], losses[1]).pvalue > 0.3
    found = compare([one])
    assert found.verdict == "better"
    assert found.high is not None
    assert found.high < 0


def test_the_interval_is_a_t_interval_of_the_bootstrap_error_and_p_agrees_with_it() -> None:
    found = resample([make_slice(0)], "abc", resamples=800)
    one = paired(found, "b", "c", "auc")
    draws = found.draws["auc"]
    error = (draws[:, 1] - draws[:, 2]).std(ddof=1) * math.sqrt(found.users / (found.users - 1))
    reach = stats.t.ppf(0.975, found.effective_users - 1) * error
    assert one.difference is not None
    assert (one.low, one.high) == (
        pytest.approx(one.difference - reach),
        pytest.approx(one.difference + reach),
    )
    exact = 2 * stats.t.sf(abs(one.difference) / error, found.effective_users - 1)
    assert one.p == pytest.approx(max(exact, 1 / 801))


def test_p_is_never_below_what_the_resamples_can_show() -> None:
    assert compare([steady(80, 2.0)], resamples=99).p == 1 / 100


def test_turned_around_everything_is_mirrored() -> None:
    found = resample([make_slice(0), make_slice(1)], "abc", resamples=300)
    forth, back = (paired(found, *pair, "auc") for pair in (("a", "c"), ("c", "a")))
    assert forth.difference == -back.difference  # type: ignore[operator]
    assert (forth.low, forth.seeds_low) == (-back.high, -back.seeds_high)  # type: ignore[operator]
    assert (forth.p, forth.seeds_p, forth.detectable) == (back.p, back.seeds_p, back.detectable)
    assert {forth.verdict, back.verdict} in ({"better", "worse"}, {"tie"})


@pytest.mark.parametrize(("gain", "verdict"), [(0.3, "better"), (-0.3, "worse")])
def test_direction_belongs_to_the_metric(gain: float, verdict: str) -> None:
    slices = [steady(60, gain)]
    loss, auc = compare(slices, "logloss"), compare(slices, "auc")
    assert loss.verdict == auc.verdict == verdict
    assert loss.difference is not None
    assert auc.difference is not None
    assert (loss.difference < 0) == (auc.difference > 0) == (gain > 0)


def test_with_one_seed_the_verdict_is_of_one_training_and_says_so() -> None:
    found = compare([steady(60, 0.3)])
    assert (found.verdict, found.reason) == ("better", ONE_SEED)
    assert (found.seeds_low, found.seeds_high, found.seeds_p) == (None, None, None)
    assert found.p_both == found.p


def test_over_seeds_it_is_the_t_test_of_the_differences() -> None:
    slices = [steady(60, gain, seed) for seed, gain in enumerate((0.2, 0.3, 0.35))]
    found = resample(slices, "ab", resamples=300)
    one = paired(found, "b", "a", "logloss")
    by_seed = found.values["logloss"][:, 1] - found.values["logloss"][:, 0]
    test = stats.ttest_1samp(by_seed, 0)
    assert one.seeds_p == pytest.approx(test.pvalue)
    assert (one.seeds_low, one.seeds_high) == pytest.approx(tuple(test.confidence_interval()))


def test_seeds_that_disagree_make_a_tie_of_what_users_find() -> None:
    """Same users, differences of the trainings 0.6, 0.2 and -0.1: sure on these users, not over trainings."""
    base = steady(200, 0.0, spread=0)
    sign = np.where(base.y == 1, 1, -1)
    slices = [
        base._replace(logits=np.stack([base.logits[0], base.logits[0] + g * sign]))
        for g in (0.6, 0.2, -0.1)
    ]
    found = compare(slices)
    assert found.p is not None
    assert found.p < 0.01
    assert (found.verdict, found.reason) == ("tie", _NOT_OVER_SEEDS)


def test_both_causes_of_error_add_up() -> None:
    found = resample(
        [steady(60, gain, seed) for seed, gain in enumerate((0.1, 0.2, 0.35))], "ab", resamples=300
    )
    one = paired(found, "b", "a", "logloss")
    assert one.p is not None
    assert one.p_both is not None
    assert one.p_both > one.p


def test_equal_methods_tie_with_exactly_nothing_between_them() -> None:
    one = make_slice(0)
    for metric in ("logloss", "auc"):
        for seeds in (1, 3):
            found = compare([one._replace(logits=one.logits[[0, 0]])] * seeds, metric)
            assert (found.difference, found.low, found.high, found.p, found.verdict) == (
                0.0,
                0.0,
                0.0,
                1.0,
                "tie",
            )
            assert adjust({1: found})[1].p_holm == 1.0
            assert_plain(found)


@pytest.mark.parametrize(("size", "verdict"), [(1e-9, "tie"), (1e-7, "tie"), (1e-4, "better")])
@pytest.mark.parametrize("seeds", [1, 3])
def test_what_float32_makes_of_one_figure_is_no_verdict(
    size: float, verdict: str, seeds: int
) -> None:
    """Every user is better by so little, as after an adaptation at a rate of next to nothing."""
    found = compare([steady(60, size, spread=size / 100)] * seeds)
    assert found.difference is not None
    assert 0 < -found.difference <= size
    assert found.verdict == verdict
    assert ("within rounding" in found.reason) == (verdict == "tie")
    assert adjust({1: found})[1].verdict == verdict
    assert_plain(found)


def test_small_figures_have_a_rounding_of_their_own() -> None:
    """Rare clicks: a loss of .0002, and a gain of a thousandth of it."""
    rng = np.random.default_rng(0)
    a = np.log(2e-4) + rng.normal(0, 0.1, 240)  # logits
    b = a - rng.normal(1e-3, 1e-4, 240)
    rows = Slice.of_labels(np.zeros(240), np.repeat(np.arange(60), 4), np.stack([a, b]))
    found = compare([rows])
    assert found.difference == pytest.approx(-2e-7, rel=0.1)
    assert found.verdict == "better"


@pytest.mark.parametrize("size", [1e-12, 1e-8])
def test_a_shift_of_all_by_rounding_is_equal(size: float) -> None:
    a = np.tile([0.25, 0.75, 0.5, 0.5], 8)
    found = compare([of_probabilities(8, a, a + size * np.tile([-1, 1, 1, -1], 8))])
    assert found.verdict == "tie"


def test_one_user_has_a_difference_and_no_interval() -> None:
    a = np.array([0.4, 0.6, 0.7, 0.2])
    found = compare([of_probabilities(1, a, a + 0.05)])
    assert found.difference == pytest.approx(float(np.mean([
        math.log(0.6 / 0.55), math.log(0.6 / 0.65), math.log(0.7 / 0.75), math.log(0.8 / 0.75)
    ])))  # fmt: skip
    assert (found.low, found.high, found.p, found.detectable, found.verdict) == (
        None,
        None,
        None,
        None,
        "withheld",
    )
    assert found.reason == "one user: no spread over users"


def test_users_who_all_differ_by_the_same_show_no_spread() -> None:
    a = np.tile([0.25, 0.75, 0.5, 0.5], 8)
    found = compare([of_probabilities(8, a, a + np.tile([-0.05, 0.05, 0.05, -0.05], 8))])
    expected = np.mean(
        [math.log(0.75 / 0.8), math.log(0.75 / 0.8), math.log(0.5 / 0.55), math.log(0.5 / 0.55)]
    )
    assert found.difference == pytest.approx(expected, abs=1e-12)
    assert (found.p, found.verdict) == (None, "withheld")
    assert "no spread" in found.reason
    assert_plain(found)


def test_seeds_without_spread_leave_the_verdict_to_users() -> None:
    found = compare([steady(60, 0.3)] * 3)
    assert (found.verdict, found.seeds_p) == ("better", None)
    assert found.reason == "no spread over seeds: every seed gives the same difference"
    assert_plain(found)


def test_one_class_leaves_auc_undefined_in_any_seed() -> None:
    one = make_slice(0, noise=(0.5, 1.0))
    bad = one._replace(rows=one.rows._replace(y=np.ones_like(one.y)))
    for slices in ([bad], [one, bad]):
        found = compare(slices, "auc")
        assert (found.difference, found.verdict) == (None, "withheld")
        assert found.reason == f"b: one class: all {len(one.y)} labels are 1"
        assert compare(slices, "logloss").difference is not None


def test_auc_that_most_resamples_leave_undefined_is_withheld() -> None:
    y = np.array([1, 0, 0, 0, 0, 0], np.uint8)
    found = compare(
        [Slice.of_labels(y, np.arange(6), np.random.default_rng(0).normal(size=(2, 6)))], "auc"
    )
    assert found.difference is not None
    assert (found.p, found.verdict) == (None, "withheld")
    assert "of the resamples of users" in found.reason
    assert_plain(found)


@pytest.mark.parametrize("wrong", [np.inf, 1e200, 1.7e308])
def test_losses_without_bound_withhold_and_do_not_warn(wrong: float) -> None:
    one = make_slice(0, noise=(0.5, 1.0))
    logits = one.logits.astype(np.float64)
    logits[1, np.flatnonzero(one.y == 0)[:3]] = wrong
    found = compare([one._replace(logits=logits)])
    assert found.verdict == "withheld"
    assert_plain(found)


@pytest.mark.parametrize("users", [2, 3])
@pytest.mark.parametrize("metric", ["logloss", "auc"])
@pytest.mark.parametrize("seeds", [1, 2])
def test_a_handful_of_users_does_not_break_it(users: int, metric: str, seeds: int) -> None:
    for seed in range(5):
        slices = [make_slice(seed + k, users, noise=(0.5, 1.0)) for k in range(seeds)]
        assert_plain(compare(slices, metric, resamples=50))


def by_hand(p: list[float]) -> list[float]:
    """Holm's table as in a textbook: sort, multiply by m, m - 1, ..., carry the largest on."""
    m, rows = len(p), sorted((value, place) for place, value in enumerate(p))
    found = {
        place: min(1.0, max(rows[j][0] * (m - j) for j in range(k + 1)))
        for k, (_, place) in enumerate(rows)
    }
    return [found[place] for place in range(m)]


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
    for seed in range(20):
        p = (np.random.default_rng(seed).random(12) ** 4).round(2).tolist()
        assert holm(p) == pytest.approx(by_hand(p))


def test_adjusted_over_a_table_a_difference_may_become_a_tie_and_says_why() -> None:
    found = compare([steady(60, 0.3)])
    table = adjust({k: replace(found, p_both=p) for k, p in enumerate((0.001, 0.02, 0.03))})
    assert [one.p_holm for one in table.values()] == pytest.approx([0.003, 0.04, 0.04])
    table = adjust({k: replace(found, p_both=p) for k, p in enumerate((0.001, 0.03, 0.03))})
    assert [one.verdict for one in table.values()] == ["better", "tie", "tie"]
    assert table[1].reason == f"{ONE_SEED}; not beyond chance among so many comparisons (Holm)"
    assert table[1].p == found.p


def step_down(p_values: list[float | None]) -> list[bool]:
    """Holm's own words: of m hypotheses reject the smallest p while p <= .05 / (m - k), k rejected before; no p, no end."""
    order = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    rejected = [False] * len(p_values)
    for k, (p, place) in enumerate(order):
        if p > 0.05 / (len(p_values) - k):
            break
        rejected[place] = True
    return rejected


@pytest.mark.parametrize("seed", range(30))
def test_comparisons_without_p_keep_their_place_in_the_family(seed: int) -> None:
    found = compare([steady(60, 0.3)])
    withheld = compare([of_probabilities(1, LABELS * 0.2 + 0.3, LABELS * 0.2 + 0.35)])
    rng = np.random.default_rng(seed)
    p_values = [None if rng.random() < 0.4 else float(rng.random() ** 6) for _ in range(9)]
    table = adjust(
        {
            place: withheld if p is None else replace(found, p_both=p)
            for place, p in enumerate(p_values)
        }
    )
    assert [one.verdict == "better" for one in table.values()] == step_down(p_values)
    assert all(table[place] == withheld for place, p in enumerate(p_values) if p is None)


def test_a_comparison_without_p_makes_the_others_more_cautious() -> None:
    found = compare([steady(60, 0.3)])
    withheld = compare([of_probabilities(1, LABELS * 0.2 + 0.3, LABELS * 0.2 + 0.35)])
    table = adjust({"a": replace(found, p_both=0.03), "b": withheld})
    assert (table["a"].p_holm, table["a"].verdict) == (0.06, "tie")
    assert table["b"] == withheld
