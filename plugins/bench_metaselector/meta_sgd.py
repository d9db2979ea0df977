"""Meta-SGD (Li, Zhou, Chen, Li, 2017): learn the initialisation and an inner learning rate for every parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner, PluginParams
from bench_metaselector._rule import Rates, descend


class MetaSGD(MetaLearner):
    """Meta-learned initialisation and inner learning rates, one a parameter (Li et al. 2017); MetaSelector's own rule.

    The rate is its start times a learned factor that starts at 1 and may change sign; a table's rows share theirs by
    field and column, since a test user's own row has never been trained."""

    name = "meta-sgd"

    class Params(PluginParams):
        inner_steps: int = Field(5, ge=0, le=100, description="gradient steps on a user's support set")
        order: Literal["first", "second"] = Field("second", description="first drops the second derivatives")
        rates: Rates = Field(Rates(), description="where inner learning rates start, by group of parameters")

    params: Params

    def learned(self, learnable: Learnable) -> dict[str, Tensor]:
        return {_factor(leaf): torch.ones_like(rate) for leaf, rate in self._start(learnable).items()}

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        return descend(
            learnable,
            outer,
            batch,
            {leaf: rate * outer[_factor(leaf)] for leaf, rate in self._start(learnable).items()},
            steps=self.params.inner_steps,
            second_order=self.params.order == "second",
            training=training,
        )

    def _start(self, learnable: Learnable) -> dict[str, Tensor]:
        return learnable.rates(self.params.rates.model_dump())


def _factor(leaf: str) -> str:
    return f"rate of {leaf}"
