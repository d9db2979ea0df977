"""What adaptation did to each user: the laws that the figures keep."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.data.views.rows import TaskView
from bench.learn import Learnable, adapt_and_predict, interpret
from bench.learn.adaptation import windows as windows_module
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.meta_training import outer_parameters
from bench.learn.adaptation.windows import whole
from bench.settings import PARAMETER_GROUPS
from bench_metaselector.maml import MAML
from bench_metaselector.meta_sgd import MetaSGD
from tests.datasets import make_interactions
from tests.learn.parts import networks, task_data, tasks

SIZES = [(4, 2), (1, 1), (7, 3), (0, 4), (9, 1), (3, 3), (2, 2), (12, 3)]
EMPTY = 3  # the user without support
RATES = {"selector": 0.7, "bias": 0.5, "dense": 0.2, "user": 0.6, "item": 0.4, "context": 0.3}
STILL = dict.fromkeys(RATES, 0.0)


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=60, items=8, rows_per_user=12, seed=5
    )


def learnable_of(interactions, full=True, frozen=()):
    nets = networks(interactions, full=full)
    return Learnable(
        interactions,
        nets["selector"],
        {k: v for k, v in nets.items() if k != "selector"} or None,
        frozen,
    )


def found_of(interactions, rates=None, view=None, full=True, rule=MAML, frozen=(), steps=3):
    learnable, view = learnable_of(interactions, full, frozen), view or tasks(interactions, SIZES)
    made = rule(rule.Params(inner_steps=steps, rates=RATES if rates is None else rates))
    return interpret(
        made, learnable, outer_parameters(made, learnable), task_data(interactions, view, full=full)
    )


def predicted(interactions, steps, full=True, rule=MAML):
    learnable, made = (
        learnable_of(interactions, full),
        rule(rule.Params(inner_steps=steps, rates=RATES)),
    )
    data = task_data(interactions, tasks(interactions, SIZES), full=full)
    return adapt_and_predict(made, learnable, outer_parameters(made, learnable), data)


def same(one, other):
    return all(mine.tobytes() == theirs.tobytes() for mine, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize("full", [False, True], ids=["simplified", "full"])
def test_with_rates_of_0_before_is_after_and_nothing_moved(interactions, full):
    found = found_of(interactions, STILL, full=full)
    assert same(found.before, found.after)
    np.testing.assert_array_equal(found.support_losses[:, 0], found.support_losses[:, 1])
    assert np.nanmax(found.movements) == 0


@pytest.mark.fault(18)
def test_a_user_without_support_stays(interactions):
    found = found_of(interactions, view=tasks(interactions, [(0, 3), (0, 2)]))
    assert same(found.before, found.after)
    assert np.isnan(found.support_losses).all()
    assert np.nanmax(found.movements) == 0


@pytest.mark.parametrize("rule", [MAML, MetaSGD], ids=lambda rule: rule.name)
@pytest.mark.parametrize("full", [False, True], ids=["simplified", "full"])
def test_after_is_the_prediction_and_before_that_of_no_steps(interactions, full, rule):
    found = found_of(interactions, full=full, rule=rule)
    assert same(found.after, predicted(interactions, 3, full, rule))
    assert same(found.before, predicted(interactions, 0, full))
    assert not same(found.before, found.after)
    assert all(
        values.dtype == np.float32
        for values in (*found.before, found.support_losses, found.movements)
    )


def test_support_losses_are_a_plain_loop_s(interactions):
    found, learnable = found_of(interactions), learnable_of(interactions)
    data = task_data(interactions, tasks(interactions, SIZES), full=True)
    rule = MAML(MAML.Params(inner_steps=3, rates=RATES))
    for user, (rows, _) in enumerate(SIZES):
        batch = gather(data, whole(data, np.array([user])))
        after = rule.adapt(learnable, learnable.parameters(), batch, training=False)
        before = learnable.per_user(learnable.parameters(), batch)
        expected = [
            float(learnable.loss(leaves, batch, "support").detach()) for leaves in (before, after)
        ]
        if rows:
            np.testing.assert_allclose(found.support_losses[user], expected, rtol=1e-6)
        else:
            assert np.isnan(found.support_losses[user]).all()


def test_movements_are_a_plain_loop_s(interactions):
    """Value by value: of tables the rows that a user's tasks touch, each by the side of its field."""
    found, learnable = found_of(interactions), learnable_of(interactions)
    data = task_data(interactions, tasks(interactions, SIZES), full=True)
    rule, ends = (
        MAML(MAML.Params(inner_steps=3, rates=RATES)),
        np.cumsum([*interactions.sizes.values()]),
    )
    for user in range(len(SIZES)):
        batch = gather(data, whole(data, np.array([user])))
        after = rule.adapt(learnable, learnable.parameters(), batch, training=False)
        before = learnable.per_user(learnable.parameters(), batch)
        moved: dict[str, list[float]] = {group: [] for group in PARAMETER_GROUPS}
        size: dict[str, list[float]] = {group: [] for group in PARAMETER_GROUPS}
        for leaf, own in before.items():
            network, name = leaf.split("/")
            table = name in learnable.networks[network].widths
            rows = batch.rows["selector" if network == "selector" else "pool"][0]
            for place, (old, new) in enumerate(
                zip(own[0].reshape(-1), after[leaf][0].reshape(-1), strict=True)
            ):
                group = (
                    "selector" if network == "selector" else "bias" if name == "bias" else "dense"
                )
                if table:
                    row = place // own.shape[-1]
                    if row and rows[row] <= rows[row - 1]:
                        continue  # padding
                    if network != "selector":
                        group = interactions.fields[
                            int(np.searchsorted(ends, int(rows[row]), side="right"))
                        ].side
                moved[group].append(float((new - old).detach() ** 2))
                size[group].append(float(old.detach() ** 2))
        expected = [
            np.sqrt(np.mean(moved[group]) / np.mean(size[group])) for group in PARAMETER_GROUPS
        ]
        np.testing.assert_allclose(found.movements[user], expected, rtol=1e-5)


@pytest.mark.parametrize("group", PARAMETER_GROUPS)
def test_only_what_has_a_rate_moves(interactions, group):
    moved = found_of(interactions, STILL | {group: 0.5}).movements
    others = [place for place, name in enumerate(PARAMETER_GROUPS) if name != group]
    assert np.all(np.delete(moved[:, PARAMETER_GROUPS.index(group)], EMPTY) > 0)
    assert np.nanmax(moved[:, others]) == 0


def test_one_step_on_a_bias_is_the_rate_times_the_gradient_over_the_bias(interactions):
    """By hand: three biases b, one step of 0.5 on g; the figure is 0.5 |g| / |b|."""
    learnable, data = (
        learnable_of(interactions),
        task_data(interactions, tasks(interactions, SIZES), full=True),
    )
    batch = gather(data, whole(data, np.array([0])))
    leaves = learnable.per_user(learnable.parameters(), batch)
    gradients = learnable.gradients(
        learnable.loss(leaves, batch, "support"), leaves, create_graph=False
    )
    names = [f"{model}/bias" for model in ("linear", "pairwise", "deep")]
    g, b = (
        torch.stack([values[name][0] for name in names]).detach() for values in (gradients, leaves)
    )
    moved = found_of(interactions, STILL | {"bias": 0.5}, steps=1).movements[0]
    assert moved[PARAMETER_GROUPS.index("bias")] == pytest.approx(
        float(0.5 * g.norm() / b.norm()), rel=1e-6
    )


def test_values_that_start_at_0_are_held_against_where_they_end(interactions):
    learnable = learnable_of(interactions)
    with torch.no_grad():
        for name in ("linear", "pairwise", "deep"):
            learnable.networks[name].bias.zero_()
    rule = MAML(MAML.Params(inner_steps=2, rates=RATES))
    data = task_data(interactions, tasks(interactions, SIZES), full=True)
    moved = interpret(rule, learnable, learnable.parameters(), data).movements[
        :, PARAMETER_GROUPS.index("bias")
    ]
    np.testing.assert_array_equal(
        moved, [0.0 if user == EMPTY else 1.0 for user in range(len(SIZES))]
    )


def test_of_a_selector_alone_the_other_groups_are_none(interactions):
    moved = found_of(interactions, full=False).movements
    assert np.isnan(moved[:, 1:]).all()
    assert np.all(np.delete(moved[:, 0], EMPTY) > 0)


def test_frozen_fields_are_left_out(interactions):
    sides = {field.side for field in interactions.fields}
    frozen = tuple(field.name for field in interactions.fields if field.side == "user")
    moved = found_of(interactions, frozen=frozen).movements
    assert sides >= {"user", "item"}
    assert np.isnan(moved[:, PARAMETER_GROUPS.index("user")]).all()
    assert not np.isnan(moved[:, PARAMETER_GROUPS.index("item")]).any()


@pytest.mark.parametrize("users", [1, 3])
def test_chunks_and_threads_change_nothing(interactions, monkeypatch, users):
    expected = found_of(interactions)
    monkeypatch.setattr(windows_module, "CHUNK_USERS", users)
    learnable, rule = learnable_of(interactions), MAML(MAML.Params(inner_steps=3, rates=RATES))
    data = task_data(interactions, tasks(interactions, SIZES), full=True)
    found = interpret(rule, learnable, learnable.parameters(), data, threads=2)
    for mine, theirs in zip((*found.before, *found.after, *found[2:]), (*expected.before, *expected.after, *expected[2:]),
                            strict=True):  # fmt: skip
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)


def test_other_users_change_nothing(interactions):
    """A user's figures are the same alone and among others, so that a permutation of users permutes them."""
    view, found = tasks(interactions, SIZES), found_of(interactions)
    for user in range(len(SIZES)):
        alone = found_of(interactions, view=_only(view, user))
        np.testing.assert_allclose(alone.support_losses, found.support_losses[[user]], rtol=1e-5)
        np.testing.assert_allclose(alone.movements, found.movements[[user]], rtol=1e-5)
        rows = slice(*view.query_ptr[user : user + 2])
        np.testing.assert_allclose(alone.before.weights, found.before.weights[rows], rtol=1e-5)
        np.testing.assert_allclose(alone.after.weights, found.after.weights[rows], rtol=1e-5)


def _only(view: TaskView, user: int) -> TaskView:
    s, q = slice(*view.support_ptr[user : user + 2]), slice(*view.query_ptr[user : user + 2])
    return TaskView(
        view.models, view.support.take(np.arange(s.start, s.stop)), view.query.take(np.arange(q.start, q.stop)),
        np.array([0, s.stop - s.start]), np.array([0, q.stop - q.start]),
        view.support_base_logits[s], view.query_base_logits[q],
    )  # fmt: skip
