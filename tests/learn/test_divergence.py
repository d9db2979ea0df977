"""Inner steps that diverge: the user, the step and the group that did it are named, as a plain loop finds them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from bench.errors import DivergenceError
from bench.interfaces import Context, PluginParams
from bench.learn import (
    DifferentiableModel,
    FittedModel,
    Learnable,
    MetaLearned,
    adapt_and_predict,
    build_model,
    build_selector,
    descend,
    inner_step,
    meta_train,
)
from bench.learn.adaptation import divergence as divergence_module
from bench.learn.adaptation import windows as windows_module
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.meta_training import outer_parameters
from bench.learn.adaptation.predicting import query_loss
from bench.learn.adaptation.watched import Watch
from bench.learn.adaptation.windows import whole
from bench.settings import MetaTrainSettings, TrainSettings
from bench_metaselector.anil import ANIL
from bench_metaselector.fine_tune import FineTune
from bench_metaselector.maml import MAML
from bench_metaselector.meta_sgd import MetaSGD
from tests.datasets import make_interactions
from tests.learn.parts import Gate, task_data, tasks

SIZES = [(4, 2), (1, 1), (7, 3), (0, 4), (9, 1), (3, 3), (2, 2), (12, 3)]
RATES = {"selector": 0.7, "bias": 0.5, "dense": 0.2, "user": 0.6, "item": 0.4, "context": 0.3}
SEVENTH = 2  # the user of 7 support rows


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=60, items=8, rows_per_user=12, seed=5
    )


class Steep(DifferentiableModel):
    """A cube: where a user's labels differ, steps that are too large grow without end."""

    name = "steep"

    def build(self, fields):
        self.factor = nn.Parameter(torch.ones(()))

    def tables(self):
        return {"linear": 1}

    def forward(self, rows):
        return (self.factor * (1 + rows["linear"].sum((-2, -1)))) ** 3


class OneUser(MAML):
    """Steps far too large for users of so many support rows, and larger still for some."""

    far: tuple[int, ...] = (7,)
    farther: tuple[int, ...] = ()

    def adapt(self, learnable, outer, batch, *, training):
        rows = batch.support.mask.sum(1).long()
        scale = torch.where(torch.isin(rows, torch.tensor(self.far)), 1e8, 1.0).double()
        scale *= torch.where(
            torch.isin(rows, torch.tensor(self.farther, dtype=torch.long)), 1e30, 1.0
        )
        rates = learnable.rates(self.params.rates.model_dump())
        steps = [scale] * self.params.inner_steps
        return descend(learnable, outer, batch, rates, steps, second_order=False, training=training)


def learnable_of(interactions):
    """A pool of one: in a mixture, others would take over from a model that diverges."""
    generator = torch.Generator().manual_seed(0)
    network = build_model(Steep(PluginParams()), interactions, seed=0).double()
    with torch.no_grad():
        network.tables["linear"] += torch.randn(
            network.tables["linear"].shape, generator=generator
        ).double()
    selector = build_selector(Gate(PluginParams()), interactions, ("steep",), seed=1).double()
    return Learnable(interactions, selector, {"steep": network})


def planted(rule=OneUser, steps=8, **rates):
    return rule(rule.Params(inner_steps=steps, rates=dict.fromkeys(RATES, 0.0) | rates))


def user_of(interactions, view, user):
    """The id in the data of a user of the tasks."""
    row = view.query.index[view.query_ptr[user]]
    return interactions.user_name(int(interactions.users[row]))


def error_of(interactions, rule, threads=1):
    learnable, view = learnable_of(interactions), tasks(interactions, SIZES)
    data = task_data(interactions, view, full=True)
    with pytest.raises(DivergenceError) as caught:
        adapt_and_predict(rule, learnable, outer_parameters(rule, learnable), data, threads)
    return str(caught.value)


def loop_finds(interactions, rule):
    """By a plain loop, a user at a time: the user, the step, and the group whose step was largest there."""
    learnable, data = (
        learnable_of(interactions),
        task_data(interactions, tasks(interactions, SIZES), full=True),
    )
    start, found = learnable.parameters(), []
    for user in range(len(SIZES)):
        batch = gather(data, whole(data, np.array([user])))
        rates = learnable.spread(learnable.rates(rule.params.rates.model_dump()), batch)
        scale = torch.tensor([1e8 if SIZES[user][0] == 7 else 1.0], dtype=torch.float64)
        leaves = learnable.per_user(start, batch)
        for step in range(1, rule.params.inner_steps + 1):
            before = leaves
            leaves = inner_step(
                learnable, leaves, batch, rates, create_graph=False, training=False, scale=scale
            )
            loss, logits = (
                learnable.loss(leaves, batch, "support"),
                learnable.predict(leaves, batch)[0],
            )
            last = step == rule.params.inner_steps
            if not all(
                torch.isfinite(value).all()
                for value in (loss, *leaves.values(), *([logits] if last else []))
            ):
                found.append(
                    (
                        user,
                        step,
                        {leaf: (leaves[leaf] - before[leaf]).abs().max() for leaf in leaves},
                    )
                )
                break
    return found


@pytest.mark.parametrize("group", ["user", "dense"])
def test_the_user_step_and_group_are_those_of_a_plain_loop(interactions, group):
    rule = planted(**{group: 0.01})
    ((user, step, sizes),) = loop_finds(interactions, rule)
    assert user == SEVENTH
    assert 1 < step < rule.params.inner_steps
    assert max(sizes.values()) > 0
    name = user_of(interactions, tasks(interactions, SIZES), user)
    assert error_of(interactions, rule) == (
        f"maml: user {name!r} diverges at inner step {step} of 8: its largest step is that of group {group!r} (rate 0.01); "
        f"lower rates.{group} or inner_steps"
    )


def test_the_larger_of_two_groups_is_named(interactions):
    told = error_of(interactions, planted(user=1e-9, item=1e-9, dense=0.07))
    assert "'dense' (rate 0.07); lower rates.dense" in told


class OnlyOne(ANIL):
    """Steps of the factor alone, far too large for it."""

    def moving(self, learnable):
        return learnable.only(["steep/factor"])


def test_steps_of_fewer_leaves_are_watched_too(interactions):
    """As MAML's own, with every other rate at zero."""
    found, expected = (
        error_of(interactions, planted(rule, dense=100.0)) for rule in (OnlyOne, MAML)
    )
    assert (
        "of 8: its largest step is that of group 'dense' (rate 100); lower rates.dense or inner_steps"
        in found
    )
    assert found.replace("anil", "maml") == expected


def test_another_user_is_not_named(interactions, monkeypatch):
    """The mutant: whoever comes first in the chunk."""
    name = user_of(interactions, tasks(interactions, SIZES), SEVENTH)
    assert f"user {name!r}" in error_of(interactions, planted(user=0.01))
    blame = Watch._blame
    monkeypatch.setattr(Watch, "_blame", lambda self, user: blame(self, 0))
    assert f"user {name!r}" not in error_of(interactions, planted(user=0.01))


@pytest.mark.parametrize("users", [1, 3, 64])
def test_chunks_change_nothing(interactions, monkeypatch, users):
    expected = error_of(interactions, planted(user=0.01))
    monkeypatch.setattr(windows_module, "CHUNK_USERS", users)
    assert error_of(interactions, planted(user=0.01)) == expected


class Several(OneUser):
    """Users of 7 and of 12 support rows diverge; who has 12 comes last, and first among chunks, which are by length."""

    far = (7, 12)


class SlowAndFast(OneUser):
    """Who has 12 support rows diverges at an earlier step than who comes before."""

    far, farther = (7, 12), (12,)


@pytest.mark.parametrize("rule", [Several, SlowAndFast])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("users", [1, 3, 64])
def test_of_several_the_first_is_named(interactions, monkeypatch, rule, threads, users):
    alone = error_of(interactions, planted(user=0.01))
    monkeypatch.setattr(windows_module, "CHUNK_USERS", users)
    assert error_of(interactions, planted(rule, user=0.01), threads) == alone
    learnable, data = (
        learnable_of(interactions),
        task_data(interactions, tasks(interactions, SIZES), full=True),
    )
    with pytest.raises(DivergenceError) as caught:
        query_loss(planted(rule, user=0.01), learnable, learnable.parameters(), data, threads)
    assert str(caught.value) == alone


@pytest.mark.parametrize("together", [1, 2, 5])
def test_how_many_are_looked_at_together_changes_nothing(interactions, monkeypatch, together):
    expected = error_of(interactions, planted(Several, user=0.01))
    monkeypatch.setattr(divergence_module, "_TOGETHER", together)
    assert error_of(interactions, planted(Several, user=0.01)) == expected


def test_without_rows_of_the_data_the_users_number_is_named(interactions):
    rule, learnable = planted(user=0.01), learnable_of(interactions)
    data = task_data(interactions, tasks(interactions, SIZES), full=True)
    with pytest.raises(DivergenceError, match=f"user '{SEVENTH}' diverges"):
        query_loss(rule, learnable, outer_parameters(rule, learnable), replace(data, view=None))


@pytest.mark.parametrize("rule", [MAML, MetaSGD], ids=lambda rule: rule.name)
def test_training_says_which_epoch_and_batch(interactions, rule):
    learnable, data = (
        learnable_of(interactions),
        task_data(interactions, tasks(interactions, SIZES), full=True),
    )
    still = task_data(interactions, tasks(interactions, [(0, 2), (0, 3)]), full=True)
    settings = MetaTrainSettings(users=64, epochs=2)
    with pytest.raises(DivergenceError) as caught:
        meta_train(planted(rule, user=100.0), learnable, data, still, settings, seed=0)
    told = str(caught.value)
    assert told.startswith(f"meta-training, epoch 1, batch 1 of 1: {rule.name}: user '")
    assert told.endswith("lower rates.user or inner_steps")


def test_validation_users_come_first(interactions):
    learnable, data = (
        learnable_of(interactions),
        task_data(interactions, tasks(interactions, SIZES), full=True),
    )
    with pytest.raises(
        DivergenceError, match=r"^validation users, before meta-training: maml: user '"
    ):
        meta_train(planted(user=0.01), learnable, data, data, MetaTrainSettings(epochs=1), seed=0)


def test_parameters_that_are_not_finite_to_begin_with(interactions):
    rule, learnable = planted(user=0.01), learnable_of(interactions)
    with torch.no_grad():
        learnable.networks["steep"].bias.fill_(math.nan)
    data = task_data(interactions, tasks(interactions, SIZES), full=True)
    with pytest.raises(DivergenceError, match="not finite before any inner step"):
        adapt_and_predict(rule, learnable, outer_parameters(rule, learnable), data)


def test_a_loss_of_the_rule_s_own_that_is_not_finite(interactions):
    class Odd(MAML):
        def outer_loss(self, learnable, outer, batch):
            return super().outer_loss(learnable, outer, batch) * math.inf

    learnable, data = (
        learnable_of(interactions),
        task_data(interactions, tasks(interactions, SIZES), full=True),
    )
    rule = Odd(Odd.Params(inner_steps=1, rates=RATES))
    with pytest.raises(
        DivergenceError,
        match=r"batch 1 of 1: maml: a loss of one of 8 users .* though every inner step is",
    ):
        meta_train(rule, learnable, data, data, MetaTrainSettings(epochs=1), seed=0)


def fine_tuned(interactions, tmp_path, rates, factors):
    view, context = tasks(interactions, SIZES * 2), Context(1, 1, "cpu", tmp_path)
    logits = {
        "support_base_logits": view.support_base_logits[:, :1],
        "query_base_logits": view.query_base_logits[:, :1],
    }
    view = replace(view, models=("steep",), **logits)
    pool = FittedModel(Steep(PluginParams()), TrainSettings(epochs=1))
    pool.fit(view.support, view.query, context)
    rates = dict.fromkeys(RATES, 0.0) | rates
    params = FineTune.Params(
        inner_steps=(12,), rate_factors=factors, support_scales=(0.0,), rates=rates
    )
    method = MetaLearned(
        FineTune, params, Gate(PluginParams()), TrainSettings(epochs=1), MetaTrainSettings(),
        pool={"steep": pool},
    )  # fmt: skip
    method.fit(view, view, context)
    return method


def test_a_candidate_that_diverges_is_not_chosen(interactions, tmp_path):
    method = fine_tuned(interactions, tmp_path, {"user": 100.0}, (1e3, 1e-5))
    assert method.details["chosen"]["rate_factors"] == [1e-5]


def test_all_candidates_diverging_is_an_error(interactions, tmp_path):
    with pytest.raises(
        DivergenceError,
        match=r"^all 2 settings diverge on validation users; the first: fine-tune: user '",
    ):
        fine_tuned(interactions, tmp_path, {"user": 100.0, "item": 100.0}, (1e3, 3e2))
