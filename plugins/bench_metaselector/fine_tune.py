"""Fine-tuning: the same adaptation at test time without meta-training. What *meta*-training adds is the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field
from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner, PluginParams
from bench.learn import descend
from bench_metaselector._rule import Rates


class FineTune(MetaLearner):
    """Gradient steps from the pre-trained models and selector; steps and step size are chosen on validation users."""

    name = "fine-tune"
    meta_trained = False

    class Params(PluginParams):
        inner_steps: tuple[Annotated[int, Field(ge=0, le=1000)], ...] = Field(
            (1, 3, 5, 10, 30), min_length=1, description="numbers of steps to choose from"
        )
        rate_factors: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = Field(
            (0.1, 0.3, 1.0, 3.0), min_length=1, description="factors of the rates to choose from"
        )
        rates: Rates = Field(Rates(), description="inner learning rates by group of parameters")

    params: Params

    def candidates(self) -> Sequence[PluginParams]:
        return [
            self.Params(inner_steps=(steps,), rate_factors=(factor,), rates=self.params.rates)
            for steps in self.params.inner_steps
            for factor in self.params.rate_factors
        ]

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        (steps,), (factor,) = self.params.inner_steps, self.params.rate_factors
        rates = {group: rate * factor for group, rate in self.params.rates.model_dump().items()}
        return descend(
            learnable, outer, batch, learnable.rates(rates), [None] * steps, second_order=False, training=training
        )
