"""Logistic regression (Richardson, Dominowska, Ragno, WWW 2007): logit = sum_i w_i over the fields of a row."""

from __future__ import annotations

from torch import Tensor

from bench.interfaces import Fields, Lookup
from bench.learn import DifferentiableModel


class LR(DifferentiableModel):
    """Logistic regression: a weight for every value of every field (Richardson et al. 2007)."""

    name = "lr"
    compiled_form = "logistic-regression"
    citation = """
        @inproceedings{richardson2007predicting,
          author = {Richardson, Matthew and Dominowska, Ewa and Ragno, Robert},
          title = {Predicting Clicks: Estimating the Click-Through Rate for New Ads},
          booktitle = {Proceedings of the 16th International Conference on World Wide Web},
          pages = {521--530},
          year = {2007}
        }
    """

    def build(self, fields: Fields) -> None: ...

    def tables(self) -> dict[str, int]:
        return {"linear": 1}

    def forward(self, rows: Lookup) -> Tensor:
        w = rows["linear"]  # (..., F, 1)
        return w.sum((-2, -1))  # (...)
