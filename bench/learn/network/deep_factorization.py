"""Gradients of DeepFM (Guo, Tang, Ye, Li, He, IJCAI 2017) without torch's graph."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from bench.compiled.vectors import lanes_for
from bench.errors import PluginError
from bench.learn.kernels.deep_factorization import wide_gradients
from bench.learn.network.declared import FACTORS, LINEAR
from bench.learn.network.layers import Linear
from bench.learn.network.looked_up import LookedUp
from bench.learn.network.network import BIAS
from bench.learn.network.plugins import DifferentiableModel
from bench.learn.network.products import products_in
from bench.learn.network.tower import Layer, Tower
from bench.settings import TrainSettings

__all__ = ["DEEP", "FORM", "DeepFactorization"]

FORM = "deep-factorization-machine"
DEEP = "deep"


class DeepFactorization:
    """Of a model that declares to be this function, with these dense leaves, whose `grad` it sets; for batches of at most
    `size` rows. Raises PluginError where the model is built otherwise."""

    def __init__(
        self,
        model: DifferentiableModel,
        dense: Mapping[str, Tensor],
        size: int,
        settings: TrainSettings,
    ) -> None:
        dropouts = _dropout_by_layer(model)
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


def _dropout_by_layer(model: DifferentiableModel) -> list[float]:
    """Raises PluginError where the model is anything but the two tables and such a tower."""
    layers = list(getattr(model, DEEP, ()))
    hidden = len(layers) // 3
    kinds = [Linear if type(layer) is nn.Linear else type(layer) for layer in layers]
    heads = range(0, 3 * hidden, 3)
    names = [f"{DEEP}.{head}.{kind}" for head in heads for kind in ("weight", "bias")]
    names.append(f"{DEEP}.{3 * hidden}.weight")
    found = dict(model.named_parameters())
    is_tower = (
        set(model.tables()) == {LINEAR, FACTORS}
        and not model.unpooled
        and hidden
        and kinds == [Linear, nn.ReLU, nn.Dropout] * hidden + [Linear]
        and list(found) == names
        and len(found[names[-1]]) == 1
        and all(each.dtype == torch.float32 and each.requires_grad for each in found.values())
    )
    if not is_tower:
        raise PluginError(
            f"{type(model).__name__}: compiled_form {FORM!r} has the tables {LINEAR} and {FACTORS}, and as {DEEP!r} an"
            " nn.Sequential of Linear, ReLU and Dropout, as often as you like, then a Linear to one output without bias; no"
            " other parameters, all of them float32 and trained, and no unpooled fields"
        )
    return [layer.p for layer in layers[2::3]]


def _flat(values: Tensor) -> np.ndarray:
    return values.numpy().reshape(-1)
