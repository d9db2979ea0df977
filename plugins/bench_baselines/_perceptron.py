"""A multilayer perceptron that is drawn from a generator of its own: torch's global random state is neither read nor moved."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, relu


class Perceptron(nn.Module):
    """(..., widths[0]) to (..., widths[-1]), ReLU between layers (He et al., ICCV 2015, eq. 10); the last starts at zero."""

    def __init__(self, widths: tuple[int, ...], generator: torch.Generator) -> None:
        super().__init__()
        shapes = [(outputs, inputs) for inputs, outputs in pairwise(widths)]
        drawn = [
            torch.randn(shape, generator=generator) * (2 / shape[1]) ** 0.5 for shape in shapes[:-1]
        ]
        self.weights = nn.ParameterList([*drawn, torch.zeros(shapes[-1])])
        self.biases = nn.ParameterList([torch.zeros(outputs) for outputs, _ in shapes])

    def forward(self, inputs: Tensor) -> Tensor:
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            inputs = relu(linear(inputs, weight, bias))
        return linear(inputs, *last)
