"""Meta-SGD (Li, Zhou, Chen, Li, 2017): learn the initialisation and an inner learning rate for every parameter."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner
from bench.learn import descend
from bench_metaselector._rule import InnerLoop

SUPPORT_SCALE, STEP_FACTORS = "support scale", "step factors"


class MetaSGD(MetaLearner):
    """Meta-learned initialisation and inner learning rates, one a parameter (Li et al. 2017); MetaSelector's own rule.

    The rate is its start times a learned factor that starts at 1 and may change sign; a table's rows share theirs by
    field and column, since a test user's own row has never been trained. Ours beside the paper: steps shrink where the
    support is small, and each step has a factor."""

    name = "meta-sgd"

    class Params(InnerLoop):
        support_scale: float = Field(
            25.0,
            ge=0,
            le=1e4,
            description="n0: a user's steps are scaled by n / (n + n0), n the support rows; learned from here; 0: not scaled",
        )
        step_factors: bool = Field(True, description="learn a factor for each inner step")

    params: Params

    def learned(self, learnable: Learnable) -> dict[str, Tensor]:
        learned = {_factor(leaf): torch.ones_like(rate) for leaf, rate in self._start(learnable).items()}
        example = next(iter(learned.values()))
        if self.params.support_scale:
            learned[SUPPORT_SCALE] = example.new_ones(())
        if self.params.step_factors:
            learned[STEP_FACTORS] = example.new_ones(self.params.inner_steps)
        return learned

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        return descend(
            learnable,
            outer,
            batch,
            {leaf: rate * outer[_factor(leaf)] for leaf, rate in self._start(learnable).items()},
            self._scales(outer, batch),
            second_order=self.params.order == "second",
            training=training,
        )

    def _scales(self, outer: Mapping[str, Tensor], batch: Episodes) -> list[Tensor | None]:
        """What each inner step is scaled by: the user's support size, and the step's own factor."""
        scales: list[Tensor | None] = [None] * self.params.inner_steps
        if self.params.support_scale:
            rows = batch.support.mask.sum(1).clamp(min=1)  # of an empty support the loss is 0 anyhow
            shrunk = rows / (rows + self.params.support_scale * outer[SUPPORT_SCALE].abs())
            scales = [shrunk] * self.params.inner_steps
        if self.params.step_factors:
            factors = outer[STEP_FACTORS].unbind()
            scales = [
                factor if scale is None else scale * factor for scale, factor in zip(scales, factors, strict=True)
            ]
        return scales

    def _start(self, learnable: Learnable) -> dict[str, Tensor]:
        return learnable.rates(self.params.rates.model_dump())


def _factor(leaf: str) -> str:
    return f"rate of {leaf}"
