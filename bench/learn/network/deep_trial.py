"""Whether a model that declares to be DeepFM is: gradients by torch's graph of its own forward against those by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from bench.errors import PluginError
from bench.learn.network.declared import FACTORS, LINEAR
from bench.learn.network.deep_factorization import FORM, DeepFactorization
from bench.learn.network.lookup import Rows
from bench.learn.network.losses import binary_cross_entropy
from bench.learn.network.network import Network
from bench.learn.network.plugins import DifferentiableModel
from bench.settings import TrainSettings

__all__ = ["check_deep_factorization"]

ROWS = 16
# Of a gradient's norm: by rounding, a unit may come to lie on the other side of 0.
TOLERANCE = 0.02


class Trial(NamedTuple):
    dense: dict[str, Tensor]
    rows: dict[str, Tensor]  # by table (n, F, width)
    weights: Tensor  # (n, E - single)
    labels: Tensor  # (n,)


def check_deep_factorization(network: Network, model: DifferentiableModel) -> None:
    """Raises PluginError where they differ, in training, with dropout drawn alike. The generator of random numbers is left
    where it was."""
    trial = _trial(network)
    found = _with_one_seed(lambda: _by_hand(model, trial))  # first, since it refuses another tower
    expected = _with_one_seed(lambda: _by_torch(network, trial))
    for leaf, gradient in expected.items():
        if not (found[leaf] - gradient).norm() <= TOLERANCE * gradient.norm():
            raise PluginError(
                f"{type(model).__name__}: its forward is not what its compiled_form {FORM!r} says, as the gradient by"
                f" {leaf} shows; leave compiled_form out"
            )


def _trial(network: Network) -> Trial:
    """A few rows and parameters, drawn anew: with those that a plugin starts from, a layer may be without an effect."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        inputs = max(1, shape[-1]) if shape else 1
        values: Tensor = torch.randn(shape, generator=generator) / inputs**0.5
        return values

    layout, leaves = network.layout, network.leaves()
    fields, weighted = len(layout.fields), layout.entries - layout.single
    return Trial(
        {leaf: drawn(*leaves[leaf].shape) for leaf in leaves if leaf not in network.widths},
        {table: drawn(ROWS, fields, width) for table, width in network.widths.items()},
        drawn(ROWS, weighted),
        (drawn(ROWS) > 0).float(),
    )


def _with_one_seed(gradients: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return gradients()


def _by_torch(network: Network, trial: Trial) -> dict[str, Tensor]:
    leaves = {
        leaf: value.clone().requires_grad_() for leaf, value in (trial.dense | trial.rows).items()
    }
    dense = {leaf: leaves[leaf] for leaf in trial.dense}
    rows = Rows({table: leaves[table] for table in trial.rows}, {})
    logits = network.train().call(dense, rows, trial.weights)
    loss = binary_cross_entropy(logits, trial.labels).mean()
    found = torch.autograd.grad(loss, list(leaves.values()), materialize_grads=True)
    return dict(zip(leaves, found, strict=True))


@torch.no_grad()
def _by_hand(model: DifferentiableModel, trial: Trial) -> dict[str, Tensor]:
    linear, factors = trial.rows[LINEAR], trial.rows[FACTORS]
    gradients = DeepFactorization(model, trial.dense, ROWS, TrainSettings())
    of_linear, of_factors = gradients.by_rows(linear, factors, trial.labels)
    of_dense = {leaf: value.grad for leaf, value in trial.dense.items() if value.grad is not None}
    return {LINEAR: of_linear, FACTORS: of_factors, **of_dense}
