"""Field-aware factorization machine (Juan, Zhuang, Chin, Lin, RecSys 2016, eq. 4):
logit = sum_i w_i + sum_{i<j} <v_{i,f_j}, v_{j,f_i}> over the fields of a row.

A value has one vector for every field that it may meet. Bags and numeric fields enter as in the factorization machine."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from bench.interfaces import Fields, Lookup, PluginParams
from bench.learn import DifferentiableModel


class FFM(DifferentiableModel):
    """Field-aware factorization machine: a value has another vector for each field it meets (Juan et al. 2016)."""

    name = "ffm"
    compiled_form = "field-aware-factorization-machine"
    citation = """
        @inproceedings{juan2016field,
          author = {Juan, Yuchin and Zhuang, Yong and Chin, Wei-Sheng and Lin, Chih-Jen},
          title = {Field-aware Factorization Machines for {CTR} Prediction},
          booktitle = {Proceedings of the 10th ACM Conference on Recommender Systems},
          pages = {43--50},
          year = {2016}
        }
    """

    class Params(PluginParams):
        embedding_dim: int = Field(
            4, ge=1, le=256, description="width D of a value's vector towards one field"
        )

    params: Params
    ours: Tensor
    theirs: Tensor

    def build(self, fields: Fields) -> None:
        self.field_count = len(fields)
        # (P,) each: the pairs of fields, i < j
        i, j = torch.triu_indices(self.field_count, self.field_count, offset=1)
        self.register_buffer("ours", self._elements(i, j), persistent=False)
        self.register_buffer("theirs", self._elements(j, i), persistent=False)

    def tables(self) -> dict[str, int]:
        return {"linear": 1, "factors": self.field_count * self.params.embedding_dim}

    def forward(self, rows: Lookup) -> Tensor:
        w = rows["linear"]  # (..., F, 1)
        # (..., F * F * D): field i's vector towards field j begins at (i * F + j) * D
        v = rows["factors"].flatten(-2)
        # Selecting the elements of each pair is twice as fast as multiplying by the transpose and masking (F, F, D).
        pairs = v.index_select(-1, self.ours) * v.index_select(-1, self.theirs)  # (..., P * D)
        return w.sum((-2, -1)) + pairs.sum(-1)  # (...)

    def _elements(self, own: Tensor, other: Tensor) -> Tensor:
        """(P * D,): where the vectors of fields `own` towards fields `other` lie in a row's flattened factors."""
        width = self.params.embedding_dim
        starts = (own * self.field_count + other) * width  # (P,)
        return (starts.unsqueeze(1) + torch.arange(width)).flatten()
