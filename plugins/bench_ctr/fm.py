"""Factorization machine (Rendle, ICDM 2010, eq. 1): logit = sum_i w_i + sum_{i<j} <v_i, v_j> over the fields of a row.

Pairs are pairs of fields: a multi-valued field enters with the mean of its values' vectors, a numeric one with its vector
times its value. The values of one bag do not interact among themselves."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from bench.interfaces import Fields, Lookup, PluginParams
from bench.learn import DifferentiableModel


class FM(DifferentiableModel):
    """Factorization machine: every pair of fields interacts by the product of two vectors (Rendle 2010)."""

    name = "fm"
    compiled_form = "factorization-machine"
    citation = """
        @inproceedings{rendle2010factorization,
          author = {Rendle, Steffen},
          title = {Factorization Machines},
          booktitle = {IEEE International Conference on Data Mining},
          pages = {995--1000},
          year = {2010}
        }
    """

    class Params(PluginParams):
        embedding_dim: int = Field(
            10, ge=1, le=1024, description="width D of a value's factor vector"
        )

    params: Params

    def build(self, fields: Fields) -> None: ...

    def tables(self) -> dict[str, int]:
        return {"linear": 1, "factors": self.params.embedding_dim}

    def forward(self, rows: Lookup) -> Tensor:
        w = rows["linear"]  # (..., F, 1)
        v = rows["factors"]  # (..., F, D)
        # sum_{i<j} <v_i, v_j> = (|sum_i v_i|^2 - sum_i |v_i|^2) / 2, in O(F D) (Rendle 2010, lemma 3.1)
        pairs = (v.sum(-2).square() - v.square().sum(-2)).sum(-1) / 2  # (...)
        return w.sum((-2, -1)) + pairs  # (...)
