"""Laws of selection regret, on data small enough to check: what more support must and must not change."""

from __future__ import annotations

import re

import numpy as np
import pytest

from bench.registry import load_registry
from bench_data.synthetic import PlantedParams
from benchmarks.planted_tasks import make_world
from benchmarks.regret import QUERY_ROWS, SUPPORT_ROWS, Regret
from benchmarks.regret_document import write_document
from benchmarks.regret_figure import write_figure
from benchmarks.selection_regret import METHODS, Method, available, measure_method

REGISTRY = load_registry()
INSTALLED = available(REGISTRY, lambda _: None)
READ_NO_SUPPORT = [
    name for name in ("random", "average", "simplex", "stacking") if name in INSTALLED
]
QUICK = [
    *READ_NO_SUPPORT,
    *(name for name in ("user-best", "user-bayes", "user-cluster") if name in INSTALLED),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    params = PlantedParams(users=160, items=40, groups=3, seed=3)
    return make_world(
        params, tmp_path_factory.mktemp("world"), most_support=100, query_rows=QUERY_ROWS
    )


@pytest.fixture(scope="module")
def regrets(world, tmp_path_factory):
    """Each method's (S, U)."""
    folder = tmp_path_factory.mktemp("scratch")
    return {name: measure_method(METHODS[name], world, REGISTRY, 0, folder) for name in QUICK}


def test_roles_share_no_user_and_leave_none_out(world):
    assert sorted([*world.train, *world.valid, *world.test]) == list(range(160))


def test_support_is_what_comes_right_before_the_query(world):
    users, lengths = world.test[:4], np.array([0, 3, 100, 1])
    tasks = world.tasks(users, lengths, for_prediction=True)
    ends = world.planted.user_ptr[users + 1]
    expected = [
        np.arange(end - 40 - length, end - 40) for end, length in zip(ends, lengths, strict=True)
    ]
    assert tasks.support.index.tolist() == np.concatenate(expected).tolist()
    assert (
        tasks.query.index.tolist()
        == np.concatenate([np.arange(end - 40, end) for end in ends]).tolist()
    )
    assert tasks.support_ptr.tolist() == [0, 0, 3, 103, 104]
    assert tasks.query.labels is None
    assert (
        tasks.support.labels.tolist()
        == world.planted.interactions.label[tasks.support.index].tolist()
    )
    assert not tasks.query.codes("user_id").any()
    assert np.array_equal(
        tasks.query_base_logits, world.planted.expert_logits[tasks.query.index].astype(np.float32)
    )


def test_losses_are_expectations_over_labels(world):
    user = world.test[5]
    rows = np.arange(world.planted.user_ptr[user + 1] - 40, world.planted.user_ptr[user + 1])
    logits = np.random.default_rng(0).normal(size=40)
    expected = 0.0
    for true, logit in zip(world.planted.true_logits[rows], logits, strict=True):
        p, q = 1 / (1 + np.exp(-true)), 1 / (1 + np.exp(-logit))
        expected -= (p * np.log(q) + (1 - p) * np.log(1 - q)) / 40
    assert world.losses(np.array([user]), logits) == pytest.approx([expected], abs=1e-12)


def test_user_best_regrets_less_with_support_and_next_to_nothing_with_much(regrets):
    means = dict(zip(SUPPORT_ROWS, regrets["user-best"].mean(axis=1), strict=True))
    assert means[0] > 2 * means[20] > 0
    assert means[20] > means[50] >= means[100]
    assert means[100] < 0.01
    assert (abs(regrets["user-best"][-1]) < 1e-6).mean() > 0.9  # whose choice is the planted expert


def test_without_support_user_best_is_the_best_single_model(world, regrets):
    tasks = world.tasks(world.train, np.zeros(len(world.train), dtype=int))
    signs = np.where(tasks.query.labels == 1, -1.0, 1.0)[:, None]
    best = np.logaddexp(0, signs * tasks.query_base_logits).mean(axis=0).argmin()
    query = world.tasks(world.test, np.zeros(len(world.test), dtype=int)).query.index
    expected = world.losses(world.test, world.planted.expert_logits[query, best].astype(np.float32))
    assert regrets["user-best"][0] == pytest.approx(
        expected - world.planted_expert(world.test), abs=1e-9
    )


@pytest.mark.parametrize("name", READ_NO_SUPPORT)
def test_what_reads_no_support_regrets_the_same_at_every_length(regrets, name):
    assert np.ptp(regrets[name], axis=0).max() < 1e-9
    assert regrets[name].mean() > 0.02


@pytest.mark.parametrize("name", QUICK)
def test_nothing_beats_the_optimum(world, regrets, name):
    room = world.planted_expert(world.test) - world.optimum(world.test)
    assert (room >= 0).all()
    assert (regrets[name] + room).min() > 0


def test_a_method_without_a_plugin_is_named_and_left_out(monkeypatch):
    monkeypatch.setitem(METHODS, "oracle", Method("oracle"))
    said: list[str] = []
    assert "oracle" not in available(REGISTRY, said.append)
    assert "left out: oracle, of which no plugin is installed" in said


@pytest.fixture
def regret(regrets):
    steady = np.full((1, 80), 0.01)
    return Regret(
        SUPPORT_ROWS, {name: values[None] for name, values in regrets.items()}, steady, 50 * steady
    )


def test_the_figure_is_the_same_to_the_byte_and_names_every_method(regret, tmp_path):
    for name in ("once.svg", "again.svg"):
        write_figure(regret, tmp_path / name)
    content = (tmp_path / "once.svg").read_bytes()
    assert content == (tmp_path / "again.svg").read_bytes()
    assert b"<dc:date>" not in content


def test_the_table_says_what_was_measured(regret, tmp_path):
    table = write_document(
        regret, PlantedParams(users=160, groups=3), tmp_path / "selection-regret.md"
    )
    assert table in (tmp_path / "selection-regret.md").read_text("utf-8")
    rows = {
        cells[1].strip(" `"): cells[2:-2]
        for cells in (line.split("|") for line in table.splitlines()[2:])
    }
    assert sorted(rows) == sorted(regret.methods)
    for name, cells in rows.items():
        shown = [float(re.sub(r"\*", "", cell)) for cell in cells]
        assert shown == pytest.approx(regret.methods[name].mean(axis=(0, 2)), abs=5.1e-5)
