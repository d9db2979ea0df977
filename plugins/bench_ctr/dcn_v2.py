"""DCN-v2 (Wang, Shivanna, Cheng, Jain, Lin, Hong, Chi, WWW 2021): x_{l+1} = x_0 * (W_l x_l + b_l) + x_l (eq. 1).

x_0 is the fields' vectors side by side. An MLP reads x_0 (parallel; what both give is joined) or the last x (stacked); the
logit is a linear map of what comes out."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from bench.interfaces import Fields, Lookup, PluginParams
from bench.learn import DifferentiableModel, Linear


class DCNv2(DifferentiableModel):
    """Deep & Cross Network v2: explicit crosses of bounded degree beside or before an MLP (Wang et al. 2021)."""

    name = "dcn-v2"
    citation = r"""
        @inproceedings{wang2021dcn,
          author = {Wang, Ruoxi and Shivanna, Rakesh and Cheng, Derek and Jain, Sagar and Lin, Dong and
            Hong, Lichan and Chi, Ed},
          title = {{DCN V2}: Improved Deep \& Cross Network and Practical Lessons for Web-scale Learning to Rank Systems},
          booktitle = {Proceedings of the Web Conference},
          pages = {1785--1797},
          year = {2021}
        }
    """

    class Params(PluginParams):
        embedding_dim: int = Field(10, ge=1, le=1024, description="width D of a value's vector")
        layers: int = Field(
            2, ge=1, le=16, description="cross layers; the degree of the crosses less one"
        )
        rank: int = Field(
            0,
            ge=0,
            le=8192,
            description="rank of a cross layer's matrix (eq. 2); 0 is a full matrix",
        )
        structure: Literal["parallel", "stacked"] = Field(
            "parallel",
            description="whether the MLP reads the fields' vectors, or what the cross layers make of them",
        )
        hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
            (64, 32), description="widths of the MLP's layers; none is the cross network alone"
        )
        dropout: float = Field(
            0.2, ge=0, lt=1, description="share of an MLP layer's units dropped in training"
        )

    params: Params

    def build(self, fields: Fields) -> None:
        width = len(fields) * self.params.embedding_dim
        self.crosses = nn.ModuleList(self._cross(width) for _ in range(self.params.layers))
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((width, *self.params.hidden)):
            layers += [Linear(inputs, outputs), nn.ReLU(), nn.Dropout(self.params.dropout)]
        self.deep = nn.Sequential(*layers)
        deep = self.params.hidden[-1] if self.params.hidden else width
        self.parallel = bool(self.params.hidden) and self.params.structure == "parallel"
        # The harness adds the one bias.
        self.head = Linear(width + deep if self.parallel else deep, 1, bias=False)

    def tables(self) -> dict[str, int]:
        return {"vectors": self.params.embedding_dim}

    def forward(self, rows: Lookup) -> Tensor:
        first = crossed = rows["vectors"].flatten(-2)  # (..., F * D)
        for cross in self.crosses:
            crossed = first * cross(crossed) + crossed  # (..., F * D)
        out = (
            torch.cat([crossed, self.deep(first)], dim=-1) if self.parallel else self.deep(crossed)
        )
        logit: Tensor = self.head(out)  # (..., 1)
        return logit.squeeze(-1)  # (...)

    def _cross(self, width: int) -> nn.Module:
        """W x + b, or U (V^T x) + b."""
        rank = self.params.rank
        if not rank:
            return Linear(width, width)
        return nn.Sequential(Linear(width, rank, bias=False), Linear(rank, width))
