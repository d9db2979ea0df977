"""MAML (Finn, Abbeel, Levine, ICML 2017): learn an initialisation from which a few gradient steps fit a user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field
from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner, PluginParams
from bench_metaselector._rule import Rates, descend


class MAML(MetaLearner):
    """Meta-learned initialisation, fixed inner learning rates (Finn et al. 2017)."""

    name = "maml"

    class Params(PluginParams):
        inner_steps: int = Field(5, ge=0, le=100, description="gradient steps on a user's support set")
        order: Literal["first", "second"] = Field("second", description="first drops the second derivatives")
        rates: Rates = Field(Rates(), description="inner learning rates by group of parameters")

    params: Params

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        return descend(
            learnable,
            outer,
            batch,
            learnable.rates(self.params.rates.model_dump()),
            [None] * self.params.inner_steps,
            second_order=self.params.order == "second",
            training=training,
        )
