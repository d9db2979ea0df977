"""Base class of selectors that are a perceptron, which the adaptation engine adapts by hand-derived gradients.

A selector with a forward of its own is adapted as well, by automatic differentiation."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from bench.interfaces import Fields, Lookup, PluginParams
from bench.learn.network.layers import Linear
from bench.learn.network.plugins import DifferentiableSelector

__all__ = ["TABLE", "PerceptronSelector"]

TABLE = "embeddings"


class PerceptronSelector(DifferentiableSelector):
    """An MLP from a row's features and base logits to a score for every base model; ReLU between layers.

    Its last layer starts at zero: before training it is the average."""

    class Params(PluginParams):
        embedding_dim: int = Field(8, ge=1, le=1024, description="width D of a field's vector")
        hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
            (64,), description="widths of the hidden layers; none is a linear selector"
        )

    params: Params
    scores: nn.Sequential

    def build(self, fields: Fields, models: tuple[str, ...]) -> None:
        widths = (len(fields) * self.params.embedding_dim + len(models), *self.params.hidden)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [Linear(inputs, outputs), nn.ReLU()]
        last = Linear(widths[-1], len(models))
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.scores = nn.Sequential(*layers, last)

    def tables(self) -> Mapping[str, int]:
        return {TABLE: self.params.embedding_dim}

    def forward(self, rows: Lookup) -> Tensor:
        features = rows[TABLE].flatten(-2)  # (..., F * D)
        inputs = torch.cat([features, rows.base_logits], dim=-1)  # (..., F * D + K)
        scores: Tensor = self.scores(inputs)  # (..., K)
        return scores

    def layer_widths(self) -> tuple[int, ...] | None:
        """Of the inputs and of each layer's outputs; None where a subclass made this anything but such a perceptron."""
        layers = list(self.scores)
        names = [
            f"scores.{place}.{part}"
            for place in range(0, len(layers), 2)
            for part in ("weight", "bias")
        ]
        plain = (
            type(self).forward is PerceptronSelector.forward
            and list(self.tables()) == [TABLE]
            and not self.unpooled
            and all(
                type(layer) is (nn.ReLU if place % 2 else Linear)
                for place, layer in enumerate(layers)
            )
            and [name for name, _ in self.named_parameters()] == names
        )
        linear = [layer for layer in layers if isinstance(layer, Linear)]
        return (linear[0].in_features, *(layer.out_features for layer in linear)) if plain else None
