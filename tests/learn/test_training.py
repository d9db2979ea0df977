"""The training loop: what it starts from, what it adds to the loss, when it stops and what it keeps."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data.views.rows import View
from bench.errors import PluginError
from bench.interfaces import Context, PluginParams
from bench.learn import Encoder, Examples, FittedModel, Gating, Hidden, build_model, outputs, train
from bench.learn.network.draws import draw
from bench.learn.network.losses import binary_cross_entropy, mixture_cross_entropy, mixture_logits
from bench.settings import TrainSettings
from bench_ctr.fm import FM
from bench_ctr.lr import LR
from tests.datasets import make_interactions
from tests.learn.parts import Deep, Gate, Linear, Pairwise, tasks


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=12, rows_per_user=15, seed=2
    )


def examples(interactions, rows):
    view = View(interactions, rows, interactions.labels()[rows])
    encoder = Encoder.fit(View(interactions, np.arange(len(interactions))))
    return Examples(encoder.encode(view), torch.from_numpy(view.labels.astype(np.float32)))


@pytest.fixture(scope="module")
def halves(interactions):
    rows = np.arange(len(interactions))
    return examples(interactions, rows[rows % 2 == 0]), examples(interactions, rows[rows % 2 == 1])


def test_learns_and_keeps_the_best_epoch(interactions, halves):
    network = build_model(Pairwise(PluginParams()), interactions, seed=0)
    settings = TrainSettings(batch_size=32, learning_rate=0.05, epochs=30, patience=2, l2=0)
    history = train(network, *halves, settings, seed=0)
    rate = float(halves[1].labels.mean())
    assert (
        min(history.valid_logloss)
        < -(rate * math.log(rate) + (1 - rate) * math.log(1 - rate)) - 0.02
    )
    assert history.epochs == history.best_epoch + 2
    logits = outputs(network, halves[1].encoded)
    assert float(binary_cross_entropy(logits, halves[1].labels).double().mean()) == pytest.approx(
        history.valid_logloss[history.best_epoch - 1], abs=1e-9
    )


def test_at_a_tie_the_first_epoch_s_weights_are_kept(interactions, halves):
    """Steps far below the last digit of the loss, not of a weight that starts at 0: each epoch ties with the first."""
    settings = TrainSettings(batch_size=1000, learning_rate=1e-12, patience=9)
    kept = []
    for epochs in (1, 4):
        network = build_model(LR(LR.Params()), interactions, seed=0)
        history = train(network, *halves, settings.model_copy(update={"epochs": epochs}), seed=0)
        assert (history.epochs, history.best_epoch) == (epochs, 1)
        kept.append(network.tables["linear"].detach().clone())
    assert kept[0].abs().max() > 0
    torch.testing.assert_close(*kept, rtol=0, atol=0)


@pytest.mark.parametrize("model", [LR(LR.Params()), FM(FM.Params()), Pairwise(PluginParams())])
def test_room_is_made_for_what_there_is_not_for_what_is_allowed(interactions, halves, model):
    """A batch that no data fill, and epochs that early stopping ends."""
    trained = []
    for batch_size, epochs in ((len(halves[0]), 300), (10**15, 10**12)):
        network = build_model(model, interactions, seed=0)
        settings = TrainSettings(
            batch_size=batch_size, epochs=epochs, learning_rate=0.3, patience=1, l2=0
        )
        history = train(network, *halves, settings, seed=0)
        assert history.epochs < 300
        trained.append({name: leaf.detach() for name, leaf in network.named_parameters()})
    torch.testing.assert_close(*trained, rtol=0, atol=0)


def test_bias_starts_at_the_base_rate(interactions, halves):
    network = build_model(Linear(PluginParams()), interactions, seed=0)
    train(network, *halves, TrainSettings(epochs=1, learning_rate=1e-12), seed=0)
    rate = float(halves[0].labels.double().mean())
    assert network.bias.item() == pytest.approx(math.log(rate / (1 - rate)), abs=1e-5)


@pytest.mark.parametrize("seeds", [(0, 0), (0, 1)])
def test_seed_decides_every_number(interactions, halves, seeds):
    found = []
    for seed in seeds:
        network = build_model(Deep(PluginParams()), interactions, seed=seed)
        train(network, *halves, TrainSettings(batch_size=64, epochs=2), seed=seed)
        found.append(outputs(network, halves[1].encoded).numpy().tobytes())
    assert (found[0] == found[1]) == (seeds[0] == seeds[1])


def test_global_random_state_is_left_alone(interactions, halves):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    network = build_model(Deep(PluginParams()), interactions, seed=0)
    train(network, *halves, TrainSettings(batch_size=64, epochs=1), seed=0)
    assert torch.equal(before, torch.random.get_rng_state())


def test_hidden_users_are_the_share_asked_for(interactions, halves):
    hidden, generator = Hidden(column=0, entry=0, chance=0.3), torch.Generator().manual_seed(0)
    drawn = [draw(300, 50, hidden, generator) for _ in range(8)]
    assert np.mean([each.hides for each in drawn]) == pytest.approx(0.3, abs=0.03)
    assert all(sorted(each.order) == list(range(300)) for each in drawn)
    network = build_model(Linear(PluginParams()), interactions, seed=0)
    before = halves[0].packed.memory.copy()
    train(network, *halves, TrainSettings(batch_size=50, epochs=2), seed=0, hidden=hidden)
    assert (halves[0].packed.memory == before).all(), "the data itself stays as it is"


@pytest.mark.fault(18)
def test_unseen_values_become_unknown(interactions):
    rows = np.arange(len(interactions))
    users = np.asarray(interactions.users)
    encoder = Encoder.fit(View(interactions, rows[users < 20]))
    index = encoder.encode(View(interactions, rows)).index.numpy()
    column = encoder.layout.span("user_id").start
    assert (index[users >= 20, column] == interactions.offsets["user_id"]).all()
    np.testing.assert_array_equal(
        index[users < 20, column], np.asarray(interactions.categorical)[users < 20, 0]
    )


def test_numeric_fields_are_standardised_by_training_rows_alone(interactions):
    rows = np.arange(len(interactions))
    train_rows = rows[: len(rows) // 2]
    view = View(interactions, rows)
    encoder = Encoder.fit(View(interactions, train_rows))
    span = encoder.layout.span("price")
    weights = encoder.encode(view).weights.numpy()[:, span.start - encoder.layout.single :][:, :2]
    price = view.values("price").astype(float)
    known = price[train_rows][~np.isnan(price[train_rows])]
    expected = (price - known.mean()) / known.std()
    missing = np.isnan(price)
    np.testing.assert_allclose(weights[~missing, 0], expected[~missing], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(weights[missing], [[0, 1]] * int(missing.sum()))


def test_saved_model_predicts_the_same(interactions, tmp_path):
    rows = np.arange(len(interactions))
    view = View(interactions, rows, interactions.labels())
    context = Context(seed=3, threads=1, device="cpu", scratch=tmp_path)
    fitted = FittedModel(Deep(PluginParams()), TrainSettings(batch_size=64, epochs=2))
    fitted.fit(view, view, context)
    fitted.save(tmp_path / "model.safetensors")
    restored = FittedModel(Deep(PluginParams()), TrainSettings())
    restored.restore(tmp_path / "model.safetensors", view, seed=9)
    assert fitted.predict(view).tobytes() == restored.predict(view).tobytes()


def test_gating_gives_weights_on_the_simplex(interactions):
    train_tasks, valid = tasks(interactions, [(3, 4)] * 8), tasks(interactions, [(2, 5)] * 5)
    gating = Gating(Gate(PluginParams()), TrainSettings(batch_size=16, epochs=3))
    gating.fit(train_tasks, valid, Context(0, 1, "cpu", Path()))
    weights = gating.predict(valid.without_query_labels()).weights
    assert weights.shape == (25, 3)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)


def test_mixture_losses_agree_with_probabilities():
    scores, base = (
        torch.randn(50, 3, dtype=torch.float64),
        3 * torch.randn(50, 3, dtype=torch.float64),
    )
    labels = (torch.rand(50, dtype=torch.float64) < 0.5).double()
    p = (scores.softmax(-1) * base.sigmoid()).sum(-1)
    expected = -(labels * p.log() + (1 - labels) * (1 - p).log())
    torch.testing.assert_close(mixture_cross_entropy(scores, base, labels), expected)
    torch.testing.assert_close(mixture_logits(scores, base), p.logit())


def test_a_selector_with_nothing_to_train_is_refused_in_words(interactions):
    class Fixed(Gate):
        def build(self, fields, models):
            pass

        def tables(self):
            return {}

    with pytest.raises(
        PluginError, match="Fixed has no table and no parameter: there is nothing to train"
    ):
        Gating(Fixed(PluginParams()), TrainSettings()).fit(
            tasks(interactions, [(3, 4)] * 3),
            tasks(interactions, [(2, 5)] * 2),
            Context(0, 1, "cpu", Path()),
        )


@pytest.mark.parametrize("table", ["bias", "scale", "net.0.weight"])
def test_a_table_with_another_leaf_s_name_is_refused(interactions, table):
    class Clash(Deep):
        def build(self, fields):
            super().build(fields)
            self.scale = torch.nn.Parameter(torch.ones(()))

        def tables(self):
            return {table: 2}

    with pytest.raises(PluginError, match=f"Clash: a table can't be named '{table}'"):
        build_model(Clash(PluginParams()), interactions, seed=0)


def test_a_model_tells_how_many_parameters_it_has(interactions):
    """A weight for each value of each field, a vector of three beside it, and the bias."""
    rows = View(interactions, np.arange(len(interactions)), interactions.labels())
    fitted = FittedModel(FM(FM.Params(embedding_dim=3)), TrainSettings(epochs=1))
    fitted.fit(rows, rows, Context(0, 1, "cpu", Path()))
    assert fitted.details == {"parameters": interactions.entries * (1 + 3) + 1}
