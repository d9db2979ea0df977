"""MetaSelector's selector (Luo et al., WWW 2020): an MLP on a row's features and on what the base models say of it.

Trained row by row it is gating; under a meta-learner it is adapted to each user."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from bench.interfaces import Fields, Lookup, PluginParams
from bench.learn import DifferentiableSelector, Linear


class MLP(DifferentiableSelector):
    """An MLP from a row's features and base logits to a score for every base model (Luo et al. 2020).

    Its last layer starts at zero: before training it is the average."""

    name = "mlp"

    class Params(PluginParams):
        embedding_dim: int = Field(8, ge=1, le=1024, description="width D of a field's vector")
        hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
            (64,), description="widths of the hidden layers; none is a linear selector"
        )

    params: Params

    def build(self, fields: Fields, models: tuple[str, ...]) -> None:
        widths = (len(fields) * self.params.embedding_dim + len(models), *self.params.hidden)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [Linear(inputs, outputs), nn.ReLU()]
        last = Linear(widths[-1], len(models))
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.scores = nn.Sequential(*layers, last)

    def tables(self) -> dict[str, int]:
        return {"embeddings": self.params.embedding_dim}

    def forward(self, rows: Lookup) -> Tensor:
        features = rows["embeddings"].flatten(-2)  # (..., F * D)
        inputs = torch.cat([features, rows.base_logits], dim=-1)  # (..., F * D + K)
        scores: Tensor = self.scores(inputs)  # (..., K)
        return scores
