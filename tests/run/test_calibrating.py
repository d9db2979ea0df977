"""`calibrate: user`: a method's own predictions, cross-fitted on the support, give each user an intercept and a slope."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.views.rows import TaskView, View
from bench.evaluate.metrics.metrics import row_log_loss
from bench.worker import calibrating, clock
from bench.worker.calibrating import FOLDS, calibrated, cross_fitted, fit_calibration
from tests.datasets import make_interactions
from tests.run.conftest import by_method

LENGTHS = [0, 1, 3, 12, 40]


@pytest.fixture
def tasks(tmp_path):
    """Users with supports of several lengths and three query rows each, in a table of their own."""
    interactions = make_interactions(tmp_path / "data", users=40, rows_per_user=60, seed=3)
    ptr, labels = np.asarray(interactions.user_ptr), np.array(interactions.labels())
    able = [user for user in range(40) if ptr[user + 1] - ptr[user] >= max(LENGTHS) + 3][
        : 2 * len(LENGTHS)
    ]
    lengths = (LENGTHS * 2)[: len(able)]
    support = np.concatenate(
        [np.arange(ptr[u], ptr[u] + n) for u, n in zip(able, lengths, strict=True)]
    )
    query = np.concatenate(
        [np.arange(ptr[u] + n, ptr[u] + n + 3) for u, n in zip(able, lengths, strict=True)]
    )
    rng = np.random.default_rng(0)
    return TaskView(
        models=("a", "b"),
        support=View(interactions, support, labels[support]),
        query=View(interactions, query, labels[query]),
        support_ptr=np.concatenate([[0], np.cumsum(lengths)]),
        query_ptr=np.arange(0, 3 * len(able) + 1, 3),
        support_base_logits=rng.normal(size=(len(support), 2)).astype(np.float32),
        query_base_logits=rng.normal(size=(len(query), 2)).astype(np.float32),
    )


class Watched:
    """A method whose logit of a row is its first base logit plus the mean label of its user's support."""

    def __init__(self):
        self.asked = []

    def __call__(self, tasks):
        assert tasks.query.labels is None
        assert len(tasks.support_ptr) == len(tasks.query_ptr)
        assert (np.diff(tasks.query_ptr) > 0).all(), "a user without a row to predict was asked for"
        self.asked.append(tasks)
        levels = [
            tasks.support.labels[start:stop].mean() if stop > start else 0.0
            for start, stop in zip(tasks.support_ptr[:-1], tasks.support_ptr[1:], strict=True)
        ]
        return tasks.query_base_logits[:, 0] + np.repeat(levels, np.diff(tasks.query_ptr))


def test_each_support_row_is_predicted_once_by_the_user_s_other_parts(tasks):
    ask = Watched()
    logits = cross_fitted(ask, tasks, 0)
    rows = np.concatenate([part.query.index for part in ask.asked])
    assert sorted(rows.tolist()) == tasks.support.index.tolist()
    owner = np.repeat(np.arange(len(tasks.support_ptr) - 1), np.diff(tasks.support_ptr))
    of = dict(zip(tasks.support.index.tolist(), owner.tolist(), strict=True))
    for part in ask.asked:
        predicted, kept = set(part.query.index.tolist()), set(part.support.index.tolist())
        users = {of[row] for row in predicted}
        assert kept == {row for row in of if of[row] in users} - predicted
        place = {row: position for position, row in enumerate(tasks.support.index.tolist())}
        expected = Watched()(part)
        assert (
            logits[[place[row] for row in part.query.index.tolist()]].tolist() == expected.tolist()
        )


def test_parts_are_of_like_size(tasks):
    ask = Watched()
    cross_fitted(ask, tasks, 0)
    owner = dict(
        zip(
            tasks.support.index.tolist(),
            np.repeat(np.arange(10), np.diff(tasks.support_ptr)),
            strict=False,
        )
    )
    for part in ask.asked:
        counts = np.bincount([owner[row] for row in part.query.index.tolist()], minlength=10)
        for user, length in enumerate(np.diff(tasks.support_ptr)):
            assert counts[user] in (length // FOLDS, -(-length // FOLDS))


def test_infinite_strengths_leave_the_method_as_it_is(tasks, monkeypatch):
    monkeypatch.setattr(calibrating, "STRENGTHS", (np.inf,))
    logits = Watched()(tasks.without_query_labels())
    found = fit_calibration(Watched(), tasks, logits, 0)
    test = calibrated(Watched(), tasks.without_query_labels(), logits, found.strengths, 0)
    assert found.valid.tolist() == test.tolist() == logits.tolist()
    assert found.details["calibrated"] == {
        "intercept_strength": None, "slope_strength": None, "candidates": 1, "folds": FOLDS,
    }  # fmt: skip


def test_what_is_chosen_is_best_on_validation_users(tasks):
    logits = Watched()(tasks.without_query_labels())
    found = fit_calibration(Watched(), tasks, logits, 0)
    before = row_log_loss(tasks.query.labels, logits).mean()
    assert row_log_loss(tasks.query.labels, found.valid).mean() <= before + 1e-12
    test = calibrated(Watched(), tasks.without_query_labels(), logits, found.strengths, 0)
    assert found.valid.tolist() == test.tolist()


def test_a_clock_that_is_entered_again_adds(monkeypatch):
    times = iter([1.0, 3.0, 10.0, 10.5])
    monkeypatch.setattr(clock, "_cpu_s", lambda: next(times))
    monkeypatch.setattr(clock, "_children_cpu_s", lambda: 0.0)
    fitting = clock.Clock()
    with fitting:
        pass
    with fitting:
        pass
    assert fitting.cpu_s == 2.5


METHODS = """  average: {selector: {use: average}}
  user-best: {selector: {use: user-best}}
  average-calibrated: {selector: {use: average}, calibrate: user}
  user-best-calibrated: {selector: {use: user-best}, calibrate: user}
  meta: {selector: {use: mlp, embedding_dim: 2, hidden: [4]}, meta_learner: {use: maml, adapt: [selector], train: {epochs: 1}}}
  meta-calibrated:
    selector: {use: mlp, embedding_dim: 2, hidden: [4]}
    meta_learner: {use: maml, adapt: [selector], train: {epochs: 1}}
    calibrate: user
  full-calibrated:
    selector: {use: mlp, embedding_dim: 2, hidden: [4]}
    meta_learner: {use: maml, adapt: [selector, base_models], train: {epochs: 1}}
    calibrate: user"""


def test_a_run_calibrates_any_method(write_suite, go):
    finished, _ = go(write_suite(methods=METHODS))
    assert finished.manifest["status"] == "complete"
    records = by_method(finished)
    for name in ("average", "user-best", "meta"):
        plain, calibrated = records[name], records[f"{name}-calibrated"]
        assert plain["metrics"]["logloss"] != calibrated["metrics"]["logloss"]
        assert calibrated["validation"]["logloss"] <= plain["validation"]["logloss"] + 1e-12
        assert calibrated["identity"]["settings"] == plain["identity"]["settings"] | {
            "calibrate": "user"
        }
        assert "weights" not in calibrated["blobs"], "what was mixed is calibrated since"
    assert records["full-calibrated"]["details"]["calibrated"]["folds"] == FOLDS
