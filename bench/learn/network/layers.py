"""Layers for plugins that the adaptation engine can run with weights of each user's own in one product.

A plain nn.Module is adapted as well; of these layers it is adapted faster."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["Linear"]


class Linear(nn.Linear):
    """nn.Linear that also takes a weight (U, outputs, inputs), and bias (U, outputs), a user each: inputs are then
    (U, ..., inputs) and outputs (U, ..., outputs)."""

    def forward(self, inputs: Tensor) -> Tensor:
        out: Tensor
        if self.weight.dim() == 2:
            out = linear(inputs, self.weight, self.bias)
            return out
        flat = inputs.flatten(1, -2)  # (U, n, inputs)
        transposed = self.weight.transpose(1, 2)
        out = (
            flat @ transposed
            if self.bias is None
            else torch.baddbmm(self.bias.unsqueeze(1), flat, transposed)
        )
        return out.reshape(*inputs.shape[:-1], out.shape[-1])
