"""Gradients of DeepFM (Guo, Tang, Ye, Li, He, IJCAI 2017) without torch's graph."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from bench.compiled.vectors import lanes_for
from bench.learn.kernels.deep_factorization import wide_gradients
from bench.learn.network.declared import FACTORS, LINEAR
from bench.learn.network.declared_tower import tower_of
from bench.learn.network.looked_up import LookedUp
from bench.learn.network.network import BIAS
from bench.learn.network.plugins import DifferentiableModel
from bench.learn.network.products import products_in
from bench.learn.network.tower import Layer, Tower
from bench.settings import TrainSettings

__all__ = ["FORM", "DeepFactorization"]

FORM = "deep-factorization-machine"


class DeepFactorization:
    """Of a model that is built as this form is (`check_built`), with these dense leaves, whose `grad` it sets; for batches of
    at most `size` rows."""

    def __init__(
        self,
        model: DifferentiableModel,
        dense: Mapping[str, Tensor],
        size: int,
        settings: TrainSettings,
    ) -> None:
        dropouts = [layer.dropout for layer in tower_of(model).hidden]
        names = [name for name in dense if name != BIAS]  # layer by layer, then the head
        *of_layers, head = [dense[name].detach() for name in names]
        layers = map(Layer, of_layers[0::2], of_layers[1::2], dropouts)
        self._tower = Tower(list(layers), head, size, products_in(settings.precision))
        self._l2 = settings.l2
        self._bias, self._of_bias = dense[BIAS].detach(), torch.zeros(())
        for name, gradient in zip(names, self._tower.gradients, strict=True):
            dense[name].grad = gradient
        dense[BIAS].grad = self._of_bias

    def find(self, looked_up: LookedUp, _base_logits: Tensor | None) -> None:
        """As Gradients."""
        with torch.no_grad():
            rows = looked_up.lookup()
            linear, factors = rows[LINEAR], rows[FACTORS]
            linear.grad, factors.grad = self.by_rows(linear, factors, looked_up.labels)
            looked_up.add_gradients(self._l2)

    def by_rows(self, linear: Tensor, factors: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """By linear (n, F, 1) and by factors (n, F, D); labels (n,)."""
        of_linear, of_factors = torch.empty_like(linear), torch.empty_like(factors)
        inputs = factors.flatten(1)  # (n, F * D)
        logits = self._tower.forward(inputs)
        of_bias = wide_gradients(
            _flat(linear), _flat(factors), np.float32(self._bias.item()), _flat(labels.contiguous()),
            lanes_for(factors.shape[-1]), _flat(logits), _flat(of_linear), _flat(of_factors),
        )  # fmt: skip
        of_logits = logits  # what the kernel made of them
        self._tower.backward(inputs, of_logits, of_factors.flatten(1))
        self._of_bias.fill_(float(of_bias))
        return of_linear, of_factors


def _flat(values: Tensor) -> np.ndarray:
    return values.numpy().reshape(-1)
