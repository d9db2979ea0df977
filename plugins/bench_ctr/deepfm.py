"""DeepFM (Guo, Tang, Ye, Li, He, IJCAI 2017): logit = FM + MLP over the same vectors, one a field (eq. 1 to 4)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from bench.interfaces import Fields, Lookup, PluginParams
from bench.learn import DifferentiableModel, Linear


class DeepFM(DifferentiableModel):
    """A factorization machine and an MLP that share their vectors, added up (Guo et al. 2017)."""

    name = "deepfm"
    compiled_form = "deep-factorization-machine"
    citation = """
        @inproceedings{guo2017deepfm,
          author = {Guo, Huifeng and Tang, Ruiming and Ye, Yunming and Li, Zhenguo and He, Xiuqiang},
          title = {{DeepFM}: A Factorization-Machine based Neural Network for {CTR} Prediction},
          booktitle = {Proceedings of the 26th International Joint Conference on Artificial Intelligence},
          pages = {1725--1731},
          year = {2017}
        }
    """

    class Params(PluginParams):
        embedding_dim: int = Field(
            10, ge=1, le=1024, description="width D of a value's vector, shared by both parts"
        )
        hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
            (128, 64), min_length=1, description="widths of the MLP's hidden layers"
        )
        dropout: float = Field(
            0.2, ge=0, lt=1, description="share of a hidden layer's units dropped in training"
        )

    params: Params

    def build(self, fields: Fields) -> None:
        widths = (len(fields) * self.params.embedding_dim, *self.params.hidden)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [Linear(inputs, outputs), nn.ReLU(), nn.Dropout(self.params.dropout)]
        # the harness adds the one bias
        self.deep = nn.Sequential(*layers, Linear(widths[-1], 1, bias=False))

    def tables(self) -> dict[str, int]:
        return {"linear": 1, "factors": self.params.embedding_dim}

    def forward(self, rows: Lookup) -> Tensor:
        w = rows["linear"]  # (..., F, 1)
        v = rows["factors"]  # (..., F, D)
        pairs = (v.sum(-2).square() - v.square().sum(-2)).sum(
            -1
        ) / 2  # (...), as in the factorization machine
        deep: Tensor = self.deep(v.flatten(-2))  # (..., F * D) -> (..., 1)
        return w.sum((-2, -1)) + pairs + deep.squeeze(-1)  # (...)
