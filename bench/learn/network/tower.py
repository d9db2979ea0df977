"""Layers of ReLU units with one output, forwards and backwards without torch's graph: products by BLAS into memory that is
made once a fit, and between them one compiled pass over a batch.

With W_l and b_l of layer l: h_l = dropout(max(W_l h_{l-1} + b_l, 0)), logit = w h_L. What dropout lets through is where
h_l > 0: its mask is not kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.learn.kernels.tower import activate, derive, derive_last
from bench.learn.network.products import Products

__all__ = ["Layer", "Tower"]


class Layer(NamedTuple):
    weight: Tensor  # (units, inputs)
    bias: Tensor  # (units,)
    dropout: float  # share of units


class Tower:
    """Of batches of at most `size` rows. Weights are read where they are.

    gradients: of each layer's weight and bias, then of the head (1, units), as the last `backward` found them."""

    def __init__(
        self, layers: Sequence[Layer], head: Tensor, size: int, products: Products
    ) -> None:
        self._layers, self._head, self._products = layers, head, products
        widths = [layer.weight.shape[1] for layer in layers] + [head.shape[1]]
        self._units = [torch.empty(size, width) for width in widths[1:]]
        self._spare = torch.empty(size * max(widths[:-1]))
        dense = [each for layer in layers for each in (layer.weight, layer.bias)]
        self.gradients = [torch.zeros_like(each) for each in (*dense, head)]

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (n,) of inputs (n, width)."""
        below = inputs
        for layer, room in zip(self._layers, self._units, strict=True):
            units = room[: len(inputs)]
            self._products.put(below, layer.weight.t(), units)
            activate(_flat(units), layer.bias.numpy())
            if layer.dropout:
                units *= _let_through(units, layer.dropout)
            below = units
        return torch.mv(below, self._head[0])

    def backward(self, inputs: Tensor, of_logits: Tensor, of_inputs: Tensor) -> None:
        """After `forward` of the same inputs: from the gradient by its logits (n,) that by inputs, which is added to of_inputs
        (n, width)."""
        *of_layers, of_head = self.gradients
        below = [inputs, *(room[: len(inputs)] for room in self._units)]
        torch.mv(below[-1].t(), of_logits, out=of_head[0])
        last = len(self._layers) - 1
        for number in range(last, -1, -1):
            layer, units = self._layers[number], below[number + 1]
            of_weight, of_bias = of_layers[2 * number : 2 * number + 2]
            scale = np.float32(1 / (1 - layer.dropout))
            if number == last:
                of_last = (of_logits.numpy(), _flat(self._head))
                derive_last(_flat(units), *of_last, scale, of_bias.numpy())
            else:
                derive(_flat(units), _flat(self._like(units)), scale, of_bias.numpy())
            self._products.put(units.t(), below[number], of_weight)
            if number == 0:
                self._products.add(units, layer.weight, of_inputs)
            else:
                self._products.put(units, layer.weight, self._like(below[number]))

    def _like(self, units: Tensor) -> Tensor:
        """The one spare memory, shaped like `units`: the gradient by them until the next layer's is there."""
        return self._spare[: units.numel()].view(units.shape)


def _let_through(units: Tensor, dropout: float) -> Tensor:
    """0, or what makes up for the units that are dropped: torch's own draws, in its own order."""
    return torch.empty_like(units).bernoulli_(1 - dropout).div_(1 - dropout)


def _flat(units: Tensor) -> np.ndarray:
    return units.numpy().reshape(-1)
