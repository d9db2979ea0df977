"""Fine-tuning: the same adaptation at test time without meta-training. What *meta*-training adds is the difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, Self

from pydantic import Field
from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner, PluginParams
from bench.learn import descend
from bench_metaselector._rule import Rates, shrunk_by_support


class FineTune(MetaLearner):
    """Gradient steps from the pre-trained models and selector, without meta-training; settings chosen on validation users.

    They are how many steps, how large, and by how much smaller for a user of few support rows."""

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

    @classmethod
    def adapt_each(
        cls,
        rules: Sequence[Self],
        learnable: Learnable,
        outers: Sequence[Mapping[str, Tensor]],
        batch: Episodes,
    ) -> Iterator[tuple[int, dict[str, Tensor]]]:
        """More steps go on from where fewer have led: a path for each factor and scale, walked once."""
        paths: dict[tuple[float, float], list[int]] = {}
        for number, rule in enumerate(rules):
            paths.setdefault((rule.rate_factor, rule.support_scale), []).append(number)
        for numbers in paths.values():
            leaves, taken = None, 0
            for number in sorted(numbers, key=lambda number: rules[number].inner_steps):
                rule, steps = rules[number], rules[number].inner_steps - taken
                leaves = rule._descend(learnable, outers[number], batch, steps, leaves)
                taken = rule.inner_steps
                yield number, leaves

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        return self._descend(learnable, outer, batch, self.inner_steps, training=training)

    @property
    def inner_steps(self) -> int:
        (steps,) = self.params.inner_steps
        return steps

    @property
    def rate_factor(self) -> float:
        (factor,) = self.params.rate_factors
        return factor

    @property
    def support_scale(self) -> float:
        (n0,) = self.params.support_scales
        return n0

    def _descend(
        self,
        learnable: Learnable,
        outer: Mapping[str, Tensor],
        batch: Episodes,
        steps: int,
        start: dict[str, Tensor] | None = None,
        *,
        training: bool = False,
    ) -> dict[str, Tensor]:
        groups = self.params.rates.model_dump()
        rates = learnable.rates({group: rate * self.rate_factor for group, rate in groups.items()})
        scale = shrunk_by_support(batch, self.support_scale) if self.support_scale else None
        return descend(
            learnable, outer, batch, rates, [scale] * steps,
            second_order=False, training=training, start=start,
        )  # fmt: skip
