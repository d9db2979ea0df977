"""The compiled optimiser of dense parameters against torch's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from bench.learn.network.dense_optimiser import dense_optimiser
from bench.settings import TrainSettings

KINDS = {"adam": torch.optim.Adam, "adagrad": torch.optim.Adagrad}


def parameters(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    shapes = [(7, 3), (5,), ()]
    drawn = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    return [nn.Parameter(each.to(dtype)) for each in drawn]


def descend(optimiser, dense, steps):
    """Gradients of sizes far apart; the last parameter has one every other step alone."""
    generator = torch.Generator().manual_seed(1)
    for step in range(steps):
        for number, each in enumerate(dense):
            gradient = torch.randn(each.shape, generator=generator, dtype=torch.float64)
            each.grad = (gradient * 10.0 ** -(number * step % 9)).to(each.dtype)
        if step % 2:
            dense[-1].grad = None
        optimiser.step()


@pytest.mark.parametrize("optimizer", list(KINDS))
def test_steps_are_torch_s(optimizer):
    settings = TrainSettings(optimizer=optimizer, learning_rate=0.05)
    found, expected = parameters(), parameters(torch.float64)
    descend(dense_optimiser(found, settings), found, 60)
    descend(KINDS[optimizer](expected, lr=0.05), expected, 60)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine.double(), theirs, rtol=1e-5, atol=1e-5)


def test_parameters_of_another_type_are_torch_s_to_move():
    settings = TrainSettings(learning_rate=0.05)
    found, expected = parameters(torch.float64), parameters(torch.float64)
    descend(dense_optimiser(found, settings), found, 5)
    descend(torch.optim.Adam(expected, lr=0.05), expected, 5)
    for mine, theirs in zip(found, expected, strict=True):
        assert torch.equal(mine, theirs)


def test_moments_at_rest_are_never_denormal():
    (parameter,) = dense = [nn.Parameter(torch.ones(4))]
    optimiser = dense_optimiser(dense, TrainSettings())
    for gradient in [1.0] + [0.0] * 900:
        parameter.grad = torch.full((4,), gradient)
        optimiser.step()
    first, _ = optimiser._moments[0]
    assert (np.abs(first) < 1e-36).all()
    assert not ((first != 0) & (np.abs(first) < np.finfo(np.float32).tiny)).any()


def test_what_does_not_lie_in_order_is_refused_not_forgotten():
    parameter = nn.Parameter(torch.ones(3, 2).t())
    parameter.grad = torch.ones(2, 3)
    with pytest.raises(RuntimeError, match="view"):
        dense_optimiser([parameter], TrainSettings()).step()
