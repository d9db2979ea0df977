"""Resampling of users: the two ways to the AUC of all resamples beside scikit-learn, one resample after another. At full size:
`python -m benchmarks.bootstrap`."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bench.evaluate import Slice, resample
from bench.evaluate.inference.resampling import draw_users
from bench.evaluate.inference.user_pairs import auc_by_user_pairs
from bench.evaluate.metrics.walked_auc import auc_by_walks

RESAMPLES = 200


def by_walks(y, logits, users, weights):
    return auc_by_walks(y, [logits], users, weights)[1:, 0]


def one_by_one(y, logits, users, weights):
    return [roc_auc_score(y, logits, sample_weight=drawn[users]) for drawn in weights.T]


@pytest.fixture(params=[(20_000, 100), (20_000, 2000)], ids=["few-users", "many-users"])
def case(request):
    rows, users = request.param
    rng = np.random.default_rng(0)
    truth = rng.normal(size=rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(-truth))).astype(np.uint8)
    logits = (truth + rng.normal(size=rows)).astype(np.float32)
    return y, logits, rng.integers(0, users, rows), draw_users(users, RESAMPLES, 0)


@pytest.mark.parametrize(
    "way", [auc_by_user_pairs, by_walks, one_by_one], ids=lambda way: way.__name__
)
def test_auc_of_200_resamples(benchmark, request, case, way):
    benchmark.group = "AUC, {} rows, {} users".format(*request.node.callspec.params["case"])
    benchmark.pedantic(way, args=case, rounds=3, warmup_rounds=1)


def test_resample_of_20_methods(benchmark, case):
    y, logits, users, _ = case
    noise = np.random.default_rng(1).normal(0, 0.1, (20, len(y))).astype(np.float32)
    names = [str(method) for method in range(20)]
    benchmark.group = "both metrics, 20 methods"
    benchmark.pedantic(
        resample,
        args=([Slice.of_labels(y, users, logits + noise)], names),
        kwargs={"resamples": RESAMPLES},
        rounds=3,
    )
