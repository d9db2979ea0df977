"""The Adam of networks that train themselves."""

from __future__ import annotations

import torch

from bench_baselines._adam import Adam
from bench_baselines._perceptron import Perceptron


def test_it_moves_parameters_as_torch_s_own_does_to_the_bit() -> None:
    ours, theirs = (Perceptron((3, 5, 2), torch.Generator().manual_seed(0)) for _ in range(2))
    adam, reference = Adam(ours.parameters(), 0.01), torch.optim.Adam(theirs.parameters(), lr=0.01)
    inputs = torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
    for batch in inputs.split(4):
        for network, optimiser in ((ours, adam), (theirs, reference)):
            network.zero_grad()
            (network(batch) - 1).square().sum().backward()  # the last layer starts at zero
            optimiser.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)
