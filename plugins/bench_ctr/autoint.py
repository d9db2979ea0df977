"""AutoInt (Song, Shi, Xiao, Duan, Xu, Zhang, Tang, CIKM 2019): layers of multi-head self-attention over a row's fields
(eq. 5 to 8); logit = a linear map of the fields' last vectors, side by side (eq. 9).

Attention is written out: fused kernels have no second derivative, and know of no user axis."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from bench.interfaces import Fields, Lookup, PluginParams
from bench.learn import DifferentiableModel, Linear


class AutoInt(DifferentiableModel):
    """Self-attention among the fields of a row learns which of them interact (Song et al. 2019)."""

    name = "autoint"
    citation = """
        @inproceedings{song2019autoint,
          author = {Song, Weiping and Shi, Chence and Xiao, Zhiping and Duan, Zhijian and Xu, Yewen and
            Zhang, Ming and Tang, Jian},
          title = {{AutoInt}: Automatic Feature Interaction Learning via Self-Attentive Neural Networks},
          booktitle = {Proceedings of the 28th ACM International Conference on Information and Knowledge Management},
          pages = {1161--1170},
          year = {2019}
        }
    """

    class Params(PluginParams):
        embedding_dim: int = Field(16, ge=1, le=1024, description="width D of a value's vector")
        layers: int = Field(2, ge=1, le=16, description="interacting layers, one on the other")
        heads: int = Field(2, ge=1, le=64, description="attention heads of a layer")
        head_dim: int = Field(
            16, ge=1, le=1024, description="width of a head's queries, keys and values"
        )
        dropout: float = Field(
            0.1, ge=0, lt=1, description="share of attention weights dropped in training"
        )

    params: Params

    def build(self, fields: Fields) -> None:
        heads, head_dim = self.params.heads, self.params.head_dim
        widths = [self.params.embedding_dim] + [heads * head_dim] * (self.params.layers - 1)
        self.interactions = nn.ModuleList(
            Interacting(width, heads, head_dim, self.params.dropout) for width in widths
        )
        # the harness adds the one bias
        self.head = Linear(len(fields) * heads * head_dim, 1, bias=False)

    def tables(self) -> dict[str, int]:
        return {"vectors": self.params.embedding_dim}

    def forward(self, rows: Lookup) -> Tensor:
        vectors = rows["vectors"]  # (..., F, D)
        for interacting in self.interactions:
            vectors = interacting(vectors)  # (..., F, H * head_dim)
        logit: Tensor = self.head(vectors.flatten(-2))  # (..., 1)
        return logit.squeeze(-1)  # (...)


class Interacting(nn.Module):
    """One layer: (..., F, width) -> (..., F, heads * head_dim), every field as a mix of all, plus itself."""

    def __init__(self, width: int, heads: int, head_dim: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, head_dim
        self.query, self.key, self.value, self.residual = (
            Linear(width, heads * head_dim, bias=False) for _ in range(4)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor) -> Tensor:
        query, key, value = (
            self._by_head(linear(vectors)) for linear in (self.query, self.key, self.value)
        )
        weights = (query @ key.transpose(-1, -2)).softmax(-1)  # (..., H, F, F), eq. 5: not scaled
        mixed = self.dropout(weights) @ value  # (..., H, F, head_dim), eq. 6
        joined = mixed.transpose(-3, -2).flatten(-2)  # (..., F, H * head_dim), eq. 7
        out: Tensor = (joined + self.residual(vectors)).relu()  # eq. 8
        return out

    def _by_head(self, vectors: Tensor) -> Tensor:
        """(..., F, H * head_dim) -> (..., H, F, head_dim)."""
        return vectors.reshape(*vectors.shape[:-1], self.heads, self.head_dim).transpose(-3, -2)
