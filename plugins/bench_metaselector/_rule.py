"""What the gradient rules share: their settings, and steps along gradients with rates that may be learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from bench.interfaces import Episodes, Learnable, MetaLearner, PluginParams
from bench.learn import descend

SUPPORT_SCALE, STEP_FACTORS = "support scale", "step factors"

Granularity = Literal["scalar", "tensor", "parameter"]


class Rates(PluginParams):
    """The inner learning rate by group of parameters: their gradients differ by orders of magnitude."""

    selector: float = Field(2.0, ge=0, le=100, description="all of the selector")
    bias: float = Field(1.5, ge=0, le=100, description="biases of base models")
    dense: float = Field(0.3, ge=0, le=100, description="layers of base models")
    user: float = Field(1.5, ge=0, le=100, description="rows of user-side fields")
    item: float = Field(1.0, ge=0, le=100, description="rows of item-side fields")
    context: float = Field(1.0, ge=0, le=100, description="rows of other fields")


SupportScale = Annotated[
    float,
    Field(
        ge=0,
        le=1e4,
        description="n0: a user's steps are scaled by n / (n + n0), n the support rows; learned from here; 0: not scaled",
    ),
]
StepFactors = Annotated[bool, Field(description="learn a factor for each inner step")]


class InnerSteps(PluginParams):
    """How many steps an inner loop takes, and how far."""

    inner_steps: int = Field(5, ge=0, le=100, description="gradient steps on a user's support set")
    inner_batch: int = Field(
        0,
        ge=0,
        le=100_000,
        description="support rows that a step is taken on, in turn; 0: all of them",
    )
    rates: Rates = Field(
        Rates(), description="where inner learning rates start, by group of parameters"
    )


class InnerLoop(InnerSteps):
    """Settings of an inner loop that the outer loop differentiates through."""

    order: Literal["first", "second"] = Field(
        "second", description="first drops the second derivatives"
    )
    support_scale: SupportScale = 0.0
    step_factors: StepFactors = False


def shrunk_by_support(batch: Episodes, n0: Tensor | float) -> Tensor:
    """(U,) n / (n + n0), n a user's support rows: what a user's steps are scaled by."""
    rows = batch.support.mask.sum(1).clamp(min=1)  # of an empty support the loss is 0 anyhow
    return rows / (rows + n0)


class GradientRule(MetaLearner):
    """Gradient steps on the support set from a meta-learned start, differentiated through.

    Inner rates are their starts, times learned factors where `granularity` says so. First order drops second derivatives
    alone: all that is learned here keeps its gradient."""

    params: InnerLoop

    @property
    def granularity(self) -> Granularity | None:
        """What a learned factor is for: all rates, one leaf's, or one parameter's. None: rates are fixed."""
        return None

    @property
    def positive(self) -> bool:
        """The factor is exp(learned), so that no rate changes its sign; else it is what is learned."""
        return False

    def moving(self, learnable: Learnable) -> Learnable:
        """What the inner loop moves; by default all that the suite's `adapt` lets move."""
        return learnable

    def learned(self, learnable: Learnable) -> dict[str, Tensor]:
        learned: dict[str, Tensor] = {}
        for leaf, rate in self._start(self.moving(learnable)).items():
            like = rate if self.granularity == "parameter" else rate.new_empty(())
            if self.granularity is not None:
                learned[self._factor_name(leaf)] = (
                    torch.zeros_like(like) if self.positive else torch.ones_like(like)
                )
        example = next(iter(learnable.parameters().values()))
        if self.params.support_scale:
            learned[SUPPORT_SCALE] = example.new_ones(())
        if self.params.step_factors:
            learned[STEP_FACTORS] = example.new_ones(self.params.inner_steps)
        return learned

    def adapt(
        self, learnable: Learnable, outer: Mapping[str, Tensor], batch: Episodes, *, training: bool
    ) -> dict[str, Tensor]:
        moving = self.moving(learnable)
        return descend(
            moving,
            outer,
            batch,
            {leaf: self._rate(leaf, rate, outer) for leaf, rate in self._start(moving).items()},
            self._scales(outer, batch),
            second_order=self.params.order == "second",
            training=training,
            inner_batch=self.params.inner_batch,
        )

    def _start(self, learnable: Learnable) -> dict[str, Tensor]:
        return learnable.rates(self.params.rates.model_dump())

    def _factor_name(self, leaf: str) -> str:
        name = "rate" if self.granularity == "scalar" else f"rate of {leaf}"
        return f"log {name}" if self.positive else name

    def _rate(self, leaf: str, start: Tensor, outer: Mapping[str, Tensor]) -> Tensor:
        if self.granularity is None:
            return start
        factor = outer[self._factor_name(leaf)]
        return start * (factor.exp() if self.positive else factor)

    def _scales(self, outer: Mapping[str, Tensor], batch: Episodes) -> list[Tensor | None]:
        """What each inner step is scaled by: the user's support size, and the step's own factor."""
        scales: list[Tensor | None] = [None] * self.params.inner_steps
        if self.params.support_scale:
            n0 = self.params.support_scale * outer[SUPPORT_SCALE].abs()
            scales = [shrunk_by_support(batch, n0)] * self.params.inner_steps
        if self.params.step_factors:
            factors = outer[STEP_FACTORS].unbind()
            scales = [
                factor if scale is None else scale * factor
                for scale, factor in zip(scales, factors, strict=True)
            ]
        return scales
