"""Planted groups: what was declared is what is there, the optimum is one, and nothing tells a model the answer."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from bench.data import prepare
from bench_data import experts
from bench_data.synthetic import (
    COLUMNS,
    PlantedParams,
    Synthetic,
    expected_log_loss,
    generate,
    truth,
)

PARAMS = PlantedParams()
FEATURES = ["user_id", "item_id", "timestamp", "context", "price"]


@pytest.fixture(scope="module")
def planted():
    return generate(PARAMS)


def vary(**changes):
    return generate(PARAMS.model_copy(update=changes))


def written(planted) -> list[bytes]:
    frames = [
        frame.to_csv().encode() for frame in (planted.interactions, planted.users, planted.items)
    ]
    return frames + [np.asarray(array).tobytes() for array in planted[3:]]


def test_a_seed_gives_the_same_bytes_and_another_seed_others(planted):
    assert written(generate(PARAMS)) == written(planted)
    assert all(
        mine != other for mine, other in zip(written(vary(seed=1)), written(planted), strict=True)
    )


def test_sizes_are_as_declared(planted):
    rows = np.diff(planted.user_ptr)
    assert (len(planted.users), len(planted.items), rows.min()) == (600, 200, 10)
    deviation = np.sqrt(30 * 31)  # of a geometric number of mean 30
    assert abs(rows.mean() - 40) < 4 * deviation / np.sqrt(600)
    assert (np.diff(vary(rows_per_user=7.0, min_rows=7).user_ptr) == 7).all()
    assert planted.items.kind.value_counts().tolist() == [25] * 8


def test_rows_are_sorted_and_no_two_of_a_user_share_a_time(planted):
    frame = planted.interactions
    assert frame.user_id.is_monotonic_increasing
    assert (np.diff(frame.timestamp)[np.diff(planted.user_of_row) == 0] > 0).all()


@pytest.mark.parametrize("skew", [0.0, 0.5, 5.0])
def test_group_sizes_follow_the_shares_and_no_group_is_empty(skew):
    sizes = np.bincount(vary(skew=skew, groups=5).groups)
    shares = np.arange(1, 6.0) ** -skew
    expected = 1 + 595 * shares / shares.sum()
    assert sizes.sum() == 600
    assert (abs(sizes - expected) < 1).all()


def test_a_users_true_logit_is_the_groups_expert_plus_the_users_bias(planted):
    users = planted.user_of_row
    own = planted.expert_logits[np.arange(len(users)), planted.groups[users]]
    assert planted.true_logits == pytest.approx(own + planted.biases[users], abs=1e-9)
    assert stats.kstest(planted.biases / 0.5, "norm").pvalue > 1e-3


def test_experts_lie_a_gap_apart_and_agree_on_the_quality_of_items(planted):
    level, close, far = vary(quality=0.0), vary(gap=0.0), vary(gap=2.0, quality=0.0)
    assert level.expert_logits.mean(axis=0) == pytest.approx([-0.5] * 4, abs=1e-6)
    assert level.expert_logits.std(axis=0) == pytest.approx([1.0] * 4, abs=1e-6)
    assert far.expert_logits + 0.5 == pytest.approx(2 * (level.expert_logits + 0.5), abs=2e-6)
    assert np.ptp(close.expert_logits, axis=1).max() == 0
    agreed = (
        pd.Series(close.expert_logits[:, 0])
        .groupby(planted.interactions.item_id)
        .agg(["min", "max"])
    )
    assert (agreed["min"] == agreed["max"]).all()


def test_noise_is_of_the_experts_and_not_of_the_truth(planted):
    noisy = vary(noise=0.7)
    assert np.array_equal(noisy.true_logits, planted.true_logits)
    error = noisy.expert_logits - planted.expert_logits
    assert stats.kstest(error.ravel() / 0.7, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(error.T) - np.eye(4)).max() < 4 / np.sqrt(len(error))


@pytest.mark.parametrize("seed", range(3))
def test_each_group_is_best_served_by_its_own_expert(seed):
    params = PARAMS.model_copy(update={"seed": seed})
    matrix = np.array(truth(generate(params), params)["expert_logloss"])
    assert matrix.argmin(axis=1).tolist() == [0, 1, 2, 3]
    assert (np.sort(matrix, axis=1)[:, 1] - matrix.diagonal()).min() > 0.05


def test_the_planted_matrix_is_the_mean_over_each_groups_rows(planted):
    told = truth(planted, PARAMS)
    sums, rows = np.zeros((4, 4)), np.zeros(4, dtype=int)
    for user, group in enumerate(planted.groups):
        for row in range(planted.user_ptr[user], planted.user_ptr[user + 1]):
            p = 1 / (1 + np.exp(-planted.true_logits[row]))
            q = 1 / (1 + np.exp(-planted.expert_logits[row]))
            sums[group] -= p * np.log(q) + (1 - p) * np.log(1 - q)
            rows[group] += 1
    assert np.array(told["expert_logloss"]) == pytest.approx(sums / rows[:, None], abs=1e-8)
    assert told["rows_by_group"] == rows.tolist()
    assert told["planted_logloss"] == pytest.approx(sums.diagonal().sum() / rows.sum(), abs=1e-8)
    assert told["users_by_group"] == np.bincount(planted.groups).tolist()


def test_labels_are_drawn_from_the_true_logits(planted):
    p = 1 / (1 + np.exp(-planted.true_logits))
    labels = planted.interactions.label.to_numpy()
    for by in (np.argsort(p), np.argsort(planted.user_of_row, kind="stable")):
        bins = np.array_split(by, 40)
        surplus = np.array([(labels[rows] - p[rows]).sum() for rows in bins])
        variance = np.array([(p[rows] * (1 - p[rows])).sum() for rows in bins])
        assert 1e-3 < stats.chi2.sf((surplus**2 / variance).sum(), df=40) < 1 - 1e-3


def test_the_optimum_is_what_the_true_logits_score_on_labels_drawn_anew(planted):
    p = 1 / (1 + np.exp(-planted.true_logits))
    rng = np.random.default_rng(0)
    drawn = [
        np.logaddexp(0, np.where(rng.random(len(p)) < p, -1, 1) * planted.true_logits).mean()
        for _ in range(50)
    ]
    error = np.std(drawn, ddof=1) / np.sqrt(len(drawn))
    assert abs(np.mean(drawn) - truth(planted, PARAMS)["optimum"]) < 4 * error < 0.004


def test_no_prediction_has_a_lower_expected_loss_than_the_truth():
    true = np.linspace(-40, 40, 81)
    losses = expected_log_loss(true[:, None], true)
    assert (losses >= losses.diagonal()[:, None]).all()
    assert losses.argmin(axis=1).tolist() == list(range(81))


def test_events_know_nothing_of_tastes_and_labels(planted):
    """What a model is handed stays the same, to the byte, when the logits and with them the labels change."""
    other = vary(gap=3.0, quality=2.0, user_bias=2.0, intercept=1.0, noise=1.0)
    assert (other.interactions.label != planted.interactions.label).mean() > 0.2
    assert not np.isclose(other.true_logits, planted.true_logits).any()
    assert other.interactions[FEATURES].equals(planted.interactions[FEATURES])
    assert other.users.equals(planted.users)
    assert other.items.equals(planted.items)


def test_models_are_handed_neither_label_nor_true_logit():
    tables = Synthetic(PARAMS).read("generated", {})
    assert set(COLUMNS) == {*FEATURES, "segment", "kind"}
    assert (tables.label, tables.true_logit) == ("label", "true_logit")
    assert set(tables.interactions.columns) - set(COLUMNS) == {"label", "true_logit"}


@pytest.mark.parametrize("hint", [0.0, 0.4, 1.0])
def test_a_segment_tells_the_group_as_often_as_the_hint_says(hint):
    planted = vary(hint=hint, users=4000, items=10, rows_per_user=1.0, min_rows=1)
    segments = planted.users.segment.str.slice(1).astype(int).to_numpy() - 1
    agree = (segments == planted.groups).mean()
    expected = hint + (1 - hint) / 4
    assert abs(agree - expected) <= 4 * np.sqrt(expected * (1 - expected) / 4000)
    if hint == 0:
        assert stats.chi2_contingency(pd.crosstab(segments, planted.groups)).pvalue > 1e-3


def test_popular_items_occur_as_often_as_their_rank_says():
    flat, steep = (
        vary(popularity=popularity).interactions.item_id.value_counts() for popularity in (0.0, 1.0)
    )
    assert stats.chisquare(flat).pvalue > 1e-3
    share = steep.iloc[0] / steep.sum()
    expected = 1 / (1 / np.arange(1, 201)).sum()
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / steep.sum())


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"users": 3}, "groups 4 is more than users 3"),
        ({"items": 5}, "kinds 8 is more than items 5"),
        ({"min_rows": 41}, "min_rows 41 is more than rows_per_user 40"),
        ({"gap": -1.0}, "greater than or equal to 0"),
        ({"hint": 1.5}, "less than or equal to 1"),
        ({"user_bias": float("nan")}, "less than or equal to 20"),
        ({"groups": 0}, "greater than or equal to 1"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"gaps": 1.0}, "Extra inputs"),
    ],
)
def test_bad_parameters_are_refused(params, said):
    with pytest.raises(ValidationError, match=said):
        PlantedParams(**params)


def test_it_is_prepared_without_a_file_or_a_folder(tmp_path, monkeypatch, planted):
    monkeypatch.delenv("BENCH_DATA", raising=False)
    prepared = prepare(Synthetic(PARAMS), data_dir=None, cache=tmp_path)
    assert np.array_equal(prepared.user_ptr, planted.user_ptr)
    assert np.array_equal(prepared.order, planted.interactions.timestamp)
    assert np.array_equal(prepared.labels(), planted.interactions.label)
    assert np.array_equal(prepared.true_logits(), planted.true_logits)
    assert prepared.meta["truth"] == truth(planted, PARAMS)
    assert [field.name for field in prepared.fields] == [
        "user_id",
        "item_id",
        "segment",
        "kind",
        "context",
        "price",
    ]
    again = prepare(Synthetic(PARAMS), data_dir=None, cache=tmp_path, report=(said := []).append)
    assert again.digest == prepared.digest
    assert len(said) == 1
    assert "already prepared" in said[0]


def test_the_truth_is_json():
    params = PARAMS.model_copy(update={"users": 20, "groups": 2})
    told = truth(generate(params), params)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert PlantedParams.model_validate_json(json.dumps(told["params"])) == params


def test_experts_predictions_are_written_whole(tmp_path, capsys):
    experts.main([str(tmp_path / "pool"), "--params", '{"users": 9, "groups": 2, "noise": 0.1}'])
    planted = generate(PlantedParams(users=9, groups=2, noise=0.1))
    for number in (1, 2):
        frame = pd.read_csv(tmp_path / f"pool/expert-{number}.csv")
        assert frame.columns.tolist() == ["user_id", "item_id", "timestamp", "logit"]
        assert frame[["user_id", "item_id", "timestamp"]].equals(
            planted.interactions[["user_id", "item_id", "timestamp"]]
        )
        assert np.array_equal(frame.logit, planted.expert_logits[:, number - 1])
        assert not frame.duplicated(["user_id", "item_id", "timestamp"]).any()
    assert "expert-2: {use: predictions" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        experts.main([str(tmp_path / "pool"), "--params", '{"groups": 0}'])
    assert "--params: groups: " in capsys.readouterr().err
