"""The step that is profiled is meta-training's, and nothing of it is left out of the shares."""

from __future__ import annotations

import pytest
import torch

from bench.learn import Learnable
from benchmarks.meta_engine import engine_step, make_case
from benchmarks.meta_profile import GATHER, GROUPS, PHASES, Step, group_of, main, shares


@pytest.fixture
def case():
    return make_case(300, 4, full=True, steps=2)


def test_its_gradients_are_those_of_meta_training(case):
    selector, *pool = case.networks.items()
    by_torch = Learnable(case.interactions, selector[1], dict(pool), kernel="autograd")
    expected = engine_step(case._replace(learnable=by_torch))()
    found = Step(case).gradients()
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        assert torch.equal(gradient.to_dense(), expected[name].to_dense())


def test_shares_are_of_the_whole(case):
    found = shares(Step(case), rounds=1)
    assert tuple(found) == PHASES
    assert sum(counter.total() for counter in found.values()) == pytest.approx(1)
    assert all(counter.total() > 0 for counter in found.values())
    assert found[GATHER]["matrix products"] == 0
    assert set().union(*found.values()) == set(GROUPS)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("aten::baddbmm", "matrix products"),
        ("aten::_embedding_bag_forward_only", "lookups"),
        ("_ApplyBackward", "lookups"),
        ("aten::_log_softmax", "reductions"),
        ("aten::clamp_min", "elementwise, copies, views"),
        ("autograd::engine::evaluate_function: MulBackward0", "autograd engine"),
        ("SumBackward1", "autograd engine"),
        ("outer backward", "Python between operations"),
    ],
)
def test_operations_are_grouped_by_what_they_do(name, group):
    assert group_of(name) == group


def test_it_prints_shares_of_100_percent(monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv", ["meta_profile", "--users", "4", "--table-rows", "300", "--rounds", "1"]
    )
    main()
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [line[0] for line in lines] == [*PHASES, "all"]
    assert lines[-1][-1] == "100.0 %"
