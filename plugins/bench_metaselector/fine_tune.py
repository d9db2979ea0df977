"""Fine-tuning: the same adaptation at test time without meta-training. What *meta*-training adds is the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Annotated

from pydantic import Field
from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner, PluginParams
from bench.learn import descend
from bench_metaselector._rule import Rates, shrunk_by_support


class FineTune(MetaLearner):
    """Gradient steps from the pre-trained models and selector. How many, how large and by how much smaller for a user of few
    support rows is chosen on validation users."""

    name = "fine-tune"
    meta_trained = False

    class Params(PluginParams):
        inner_steps: tuple[Annotated[int, Field(ge=0, le=1000)], ...] = Field(
            (3, 10, 30), min_length=1, description="numbers of steps to choose from"
        )
        rate_factors: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = Field(
            (0.1, 0.3, 1.0), min_length=1, description="factors of the rates to choose from"
        )
        support_scales: tuple[Annotated[float, Field(ge=0, le=1e4)], ...] = Field(
            (25.0, 100.0, 400.0),
            min_length=1,
            description="n0 to choose from: a user's steps are scaled by n / (n + n0), n the support rows; 0: not scaled",
        )
        rates: Rates = Field(Rates(), description="inner learning rates by group of parameters")

    params: Params

    def candidates(self) -> Sequence[PluginParams]:
        tried = product(
            self.params.inner_steps, self.params.rate_factors, self.params.support_scales
        )
        return [
            self.Params(
                inner_steps=(steps,),
                rate_factors=(factor,),
                support_scales=(n0,),
                rates=self.params.rates,
            )
            for steps, factor, n0 in tried
        ]

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        (steps,), (factor,), (n0,) = (
            self.params.inner_steps,
            self.params.rate_factors,
            self.params.support_scales,
        )
        rates = learnable.rates(
            {group: rate * factor for group, rate in self.params.rates.model_dump().items()}
        )
        scale = shrunk_by_support(batch, n0) if n0 else None
        return descend(
            learnable, outer, batch, rates, [scale] * steps, second_order=False, training=training
        )
