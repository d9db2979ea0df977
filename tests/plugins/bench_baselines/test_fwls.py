from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from bench.errors import DataError
from bench_baselines._losses import log_losses
from bench_baselines.fwls import FeatureWeighted, MetaFeatures
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks, of_user


def fitted(train: TaskView, valid: TaskView, **params: object) -> FeatureWeighted:
    selector = FeatureWeighted(FeatureWeighted.Params.model_validate(params))
    selector.fit(train, valid, CONTEXT)
    return selector


def logits_of(selector: FeatureWeighted, tasks: TaskView) -> np.ndarray:
    logits = selector.predict(tasks).logits
    assert logits is not None
    return logits


def support_of(tasks: TaskView, user: int) -> np.ndarray:
    assert tasks.support.labels is not None
    return tasks.support.labels[tasks.support_ptr[user] : tasks.support_ptr[user + 1]]


def user_features(tasks: TaskView, train: TaskView) -> list[list[float]]:
    """Rate of positives with five rows of the base rate, log(1 + rows)."""
    assert train.query.labels is not None
    base_rate = train.query.labels.mean()
    supports = [support_of(tasks, user) for user in range(len(tasks.support_ptr) - 1)]
    return [
        [(own.sum() + 5 * base_rate) / (len(own) + 5), np.log(1 + len(own))] for own in supports
    ]


def design_by_hand(tasks: TaskView, train: TaskView) -> np.ndarray:
    """A row, a model and a meta-feature at a time."""
    counts = Counter(
        int(code) for rows in (train.support, train.query) for code in rows.codes("item_id")
    )
    seen = np.log1p([counts[int(code)] for code in train.query.codes("item_id")])
    of_train = np.array(user_features(train, train))
    design = []
    for user, raw in enumerate(user_features(tasks, train)):
        standard = (np.array(raw) - of_train.mean(axis=0)) / of_train.std(axis=0)
        own = standard if len(support_of(tasks, user)) else np.zeros(2)
        codes, base_logits = (
            of_user(tasks, each, user)
            for each in (tasks.query.codes("item_id"), tasks.query_base_logits)
        )
        for code, logits in zip(codes, base_logits, strict=True):
            item = (np.log1p(counts[int(code)]) - seen.mean()) / seen.std()
            design.append([float(z) * f for z in logits for f in (1.0, own[0], own[1], item)])
    return np.array(design)


@pytest.mark.parametrize("strength", [0.1, 100.0])
def test_it_is_the_ridge_regression_on_the_explicit_design(
    train: TaskView, valid: TaskView, unseen: TaskView, strength: float
) -> None:
    learner = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=10000)
    learner.fit(design_by_hand(train, train), train.query.labels)
    expected = learner.decision_function(design_by_hand(unseen, train))
    np.testing.assert_allclose(
        logits_of(fitted(train, valid, strengths=(strength,)), unseen), expected, atol=1e-4
    )


def test_the_strength_is_the_one_that_does_best_on_validation_users_query(
    train: TaskView, valid: TaskView
) -> None:
    grid = (1.0, 1000.0, 0.01)
    assert valid.query.labels is not None
    losses = {
        strength: log_losses(
            logits_of(fitted(train, valid, strengths=(strength,)), valid.without_query_labels()),
            valid.query.labels,
        ).mean()
        for strength in grid
    }
    selector = fitted(train, valid, strengths=grid)
    assert selector.chosen == {"strength": min(losses, key=lambda strength: losses[strength])}
    assert selector.details == {"candidates": 3}


def test_it_learns_that_a_model_is_to_be_trusted_for_users_who_like_much(
    interactions: Interactions,
) -> None:
    """A model that is right for users with many positives and wrong for the others: stacking can't tell them apart."""
    rng = np.random.default_rng(0)
    users = len(interactions.user_ptr) - 1
    likes = rng.permutation(np.arange(users) % 2 == 0)[interactions.users]
    labels = (rng.random(len(interactions)) < np.where(likes, 0.7, 0.3)).astype(np.uint8)
    right = 2.0 * labels - 1 + rng.normal(size=len(labels))
    base_logits = np.where(likes, right, -right)[:, None]
    train, valid, test = (
        make_tasks(interactions, np.arange(*ends), base_logits, labels=labels)
        for ends in ((1, 35), (35, 45), (45, 60))
    )
    assert test.query.labels is not None
    stacked = LogisticRegression().fit(train.query_base_logits, train.query.labels)
    without = log_losses(
        stacked.decision_function(test.query_base_logits), test.query.labels
    ).mean()
    found = log_losses(
        logits_of(fitted(train, valid), test.without_query_labels()), test.query.labels
    ).mean()
    assert found < 0.85 * without


def test_without_an_item_field_the_others_are_left(
    interactions: Interactions, base_logits: np.ndarray, train: TaskView
) -> None:
    fields = [
        {**field, "side": "context"}
        for field in interactions.meta["fields"]
        if field["side"] == "item"
    ]
    others = {field["name"]: field for field in fields}
    meta = {
        **interactions.meta,
        "fields": [others.get(field["name"], field) for field in interactions.meta["fields"]],
    }
    bare = make_tasks(replace(interactions, meta=meta), np.arange(1, 40), base_logits)
    assert bare.query.fields.positions("item") == []
    found, expected = MetaFeatures.fit(bare).of(bare), MetaFeatures.fit(train).of(train)
    np.testing.assert_array_equal(found[:, :3], expected[:, :3])
    assert (found[:, 3] == 0).all()
    assert expected[:, 3].std() > 0.9


def test_an_item_that_training_users_have_not_seen_counts_0(
    interactions: Interactions, base_logits: np.ndarray, unseen: TaskView
) -> None:
    """Fitted on one user, whose items are few: codes beyond the largest of them are unseen too."""
    one = make_tasks(interactions, np.array([5]), base_logits)
    counts = MetaFeatures.fit(one).item.of(unseen.query)
    seen = np.isin(
        unseen.query.codes("item_id"), [*one.support.codes("item_id"), *one.query.codes("item_id")]
    )
    assert 0 < seen.sum() < len(seen)
    assert (counts[~seen] == 0).all()
    assert (counts[seen] > 0).all()


def test_a_query_of_one_class_is_refused(
    interactions: Interactions, base_logits: np.ndarray, valid: TaskView
) -> None:
    ones = make_tasks(
        interactions,
        np.arange(1, 40),
        base_logits,
        labels=np.ones(len(interactions), dtype=np.uint8),
    )
    with pytest.raises(
        DataError, match=r"fwls: the training users' \d+ query rows hold one class alone"
    ):
        fitted(ones, valid)
