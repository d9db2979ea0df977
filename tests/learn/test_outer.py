"""The outer optimiser over touched rows against torch's dense Adam, and the best parameters kept."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from bench.learn import Learnable
from bench.learn.adaptation.outer import BestSoFar, DenseAdam, OuterOptimiser
from bench.settings import MetaTrainSettings
from tests.datasets import make_interactions
from tests.learn.parts import networks

SETTINGS = MetaTrainSettings(learning_rate=0.1, base_learning_rate=0.2, rate_learning_rate=0.3)
TABLE = "pairwise/factors"


@pytest.fixture
def outer(tmp_path):
    interactions = make_interactions(tmp_path, users=10, items=5, rows_per_user=4, seed=0)
    nets = networks(interactions, full=True)
    learnable = Learnable(
        interactions, nets["selector"], {k: v for k, v in nets.items() if k != "selector"}
    )
    return learnable, {
        **learnable.parameters(),
        "learned": torch.ones(2, dtype=torch.float64, requires_grad=True),
    }


def gradients(outer, learnable, rows, seed):
    """Random ones; those of tables on the given rows alone, `rows` None: all."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, value in outer.items():
        gradient = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        if name in learnable.tables():
            chosen = torch.arange(len(value)) if rows is None else torch.tensor(rows)
            gradient = torch.sparse_coo_tensor(
                chosen.unsqueeze(0), gradient[chosen], value.shape, check_invariants=True
            ).coalesce()
        found[name] = gradient
    return found


def dense_adam(outer, history):
    """Where torch's dense Adam takes copies of the parameters."""
    copies = {name: value.detach().clone().requires_grad_() for name, value in outer.items()}
    rate = {
        name: 0.3 if name == "learned" else 0.1 if name.startswith("selector/") else 0.2
        for name in copies
    }
    adam = torch.optim.Adam(
        [{"params": [value], "lr": rate[name]} for name, value in copies.items()]
    )
    for step in history:
        for name, gradient in step.items():
            copies[name].grad = gradient.to_dense()
        adam.step()
    return copies


def test_it_is_dense_adam_where_every_row_is_touched(outer):
    learnable, parameters = outer
    history = [gradients(parameters, learnable, None, seed) for seed in range(4)]
    expected = dense_adam(parameters, history)
    optimiser = OuterOptimiser(parameters, learnable, SETTINGS)
    for step in history:
        optimiser.step(step)
    for name, value in parameters.items():
        torch.testing.assert_close(value.detach(), expected[name].detach(), rtol=1e-9, atol=1e-9)


def test_rows_that_a_step_does_not_touch_stay_and_dense_adam_would_move_them(outer):
    learnable, parameters = outer
    history = [
        gradients(parameters, learnable, [1, 2], 0),
        gradients(parameters, learnable, [2, 3], 1),
    ]
    expected = dense_adam(parameters, history)
    optimiser = OuterOptimiser(parameters, learnable, SETTINGS)
    start = parameters[TABLE].detach().clone()
    optimiser.step(history[0])
    between = parameters[TABLE].detach().clone()
    optimiser.step(history[1])
    table = parameters[TABLE].detach()
    assert torch.equal(table[0], start[0])
    assert torch.equal(table[1], between[1])
    assert not torch.equal(expected[TABLE][1], between[1])
    # touched in both
    torch.testing.assert_close(table[2], expected[TABLE][2].detach(), rtol=1e-9, atol=1e-9)
    assert (table[3] - start[3]).abs().max() > 0


def test_the_best_comes_back_bit_for_bit(outer):
    learnable, parameters = outer
    optimiser, best = (
        OuterOptimiser(parameters, learnable, SETTINGS),
        BestSoFar(parameters, learnable),
    )

    def step(rows, seed):
        found = gradients(parameters, learnable, rows, seed)
        best.before_step(found)
        optimiser.step(found)

    step([1, 2], 0)
    step([2, 3], 1)
    best.mark()
    kept = {name: value.detach().clone() for name, value in parameters.items()}
    for seed, rows in enumerate(([1, 4], [4, 2], None), start=2):
        step(rows, seed)
    assert any(not torch.equal(kept[name], value) for name, value in parameters.items())
    best.restore()
    for name, value in parameters.items():
        assert torch.equal(kept[name], value.detach()), name


def test_without_a_mark_the_start_comes_back(outer):
    learnable, parameters = outer
    optimiser, best = (
        OuterOptimiser(parameters, learnable, SETTINGS),
        BestSoFar(parameters, learnable),
    )
    start = {name: value.detach().clone() for name, value in parameters.items()}
    for seed in range(3):
        found = gradients(parameters, learnable, [seed, seed + 1], seed)
        best.before_step(found)
        optimiser.step(found)
    best.restore()
    assert all(torch.equal(start[name], value.detach()) for name, value in parameters.items())


@pytest.mark.parametrize("layout", ["dense", "transposed", "expanded", "no dimension"])
def test_a_gradient_counts_by_its_elements_whatever_its_layout(layout):
    """As autograd returns them: the gradient of a sum is one number, expanded."""
    generator = torch.Generator().manual_seed(0)
    shape = () if layout == "no dimension" else (3, 2)

    def gradient():
        if layout == "transposed":
            return torch.randn(2, 3, generator=generator, dtype=torch.float64).T
        if layout == "expanded":
            return torch.randn((), generator=generator, dtype=torch.float64).expand(shape)
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    value = torch.randn(shape, generator=generator, dtype=torch.float64)
    plain = value.clone().requires_grad_()
    reference, adam = torch.optim.Adam([plain], lr=0.1, foreach=False), DenseAdam(value, 0.1)
    for _ in range(3):
        found = gradient()
        plain.grad = found.clone(memory_format=torch.contiguous_format)
        reference.step()
        adam.step(found)
    torch.testing.assert_close(value, plain.detach(), rtol=1e-12, atol=1e-12)


def test_a_parameter_of_another_layout_is_stepped_by_its_elements():
    value = torch.arange(6.0, dtype=torch.float64).reshape(2, 3).T
    plain = value.clone(memory_format=torch.contiguous_format).requires_grad_()
    plain.grad = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(3, 2)
    torch.optim.Adam([plain], lr=0.1, foreach=False).step()
    DenseAdam(value, 0.1).step(plain.grad)
    torch.testing.assert_close(value, plain.detach(), rtol=1e-12, atol=1e-12)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"a gradient of shape \(2,\) of a parameter of \(3, 2\)"):
        DenseAdam(torch.zeros(3, 2), 0.1).step(torch.ones(2))


def test_a_step_without_a_parameters_gradient_leaves_it_and_does_not_count(outer):
    learnable, parameters = outer
    name = next(name for name in learnable.parameters() if name not in learnable.tables())
    optimiser, start = (
        OuterOptimiser(parameters, learnable, SETTINGS),
        parameters[name].detach().clone(),
    )
    history = [gradients(parameters, learnable, None, seed) for seed in range(3)]
    optimiser.step({other: value for other, value in history[0].items() if other != name})
    assert torch.equal(parameters[name], start)
    plain = start.clone().requires_grad_()
    rate = SETTINGS.learning_rate if name.startswith("selector/") else SETTINGS.base_learning_rate
    reference = torch.optim.Adam([plain], lr=rate)
    for step in history[1:]:
        optimiser.step(step)
        plain.grad = step[name]
        reference.step()
    torch.testing.assert_close(parameters[name].detach(), plain.detach(), rtol=1e-9, atol=1e-9)


def test_meta_training_imports_nothing_heavy_that_it_can_do_without():
    """Each takes longer to import, or more memory, than a small meta-training."""
    code = "import sys, torch; from bench.learn.adaptation.outer import DenseAdam; from bench.data.prepared import download\n"
    code += "DenseAdam(torch.zeros(2), 0.1).step(torch.ones(2))\n"
    code += (
        "print([name for name in ('torch._dynamo', 'pandas', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
