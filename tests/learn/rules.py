"""A rule through the engine, and how far what it gives is from the plain loop; for tests of every rule."""

from __future__ import annotations

import torch

from bench.learn import Learnable
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.meta_training import outer_parameters
from bench.learn.adaptation.windows import chunks, whole

RATES = {"selector": 0.7, "bias": 0.5, "dense": 0.2, "user": 0.6, "item": 0.4, "context": 0.3}
RAGGED = [(4, 2), (1, 1), (7, 3), (0, 2), (2, 5), (9, 1), (3, 3)]


def learnable_of(nets, interactions) -> Learnable:
    return Learnable(
        interactions, nets["selector"], {k: v for k, v in nets.items() if k != "selector"} or None
    )


def start_rates(nets, interactions):
    """By leaf, where the inner rates start."""
    return learnable_of(nets, interactions).rates(RATES)


def engine(nets, data, interactions, rule, values=None):
    """The engine's mean outer loss, and its gradient by every outer parameter; `values`: of what the rule learns."""
    learnable = learnable_of(nets, interactions)
    outer = outer_parameters(rule, learnable)
    unknown = (values or {}).keys() - outer.keys()
    assert not unknown, unknown
    outer |= {
        name: value.detach().clone().requires_grad_() for name, value in (values or {}).items()
    }
    total = torch.zeros((), dtype=torch.float64)
    for chunk in chunks(whole(data)):
        total = total + rule.outer_loss(learnable, outer, gather(data, chunk)).sum() / data.users
    gradients = torch.autograd.grad(total, list(outer.values()), materialize_grads=True)
    return total.detach(), {
        name: gradient.to_dense() for name, gradient in zip(outer, gradients, strict=True)
    }


def worst(found, expected) -> float:
    """The largest relative difference of the loss or of a gradient tensor, over all of them."""
    assert found[1].keys() == expected[1].keys()
    largest = abs(float(found[0] - expected[0])) / abs(float(expected[0]))
    for name, gradient in expected[1].items():
        scale, difference = (
            float(gradient.abs().max()),
            float((found[1][name] - gradient).abs().max()),
        )
        largest = max(largest, difference / scale if scale else difference)
    return largest
