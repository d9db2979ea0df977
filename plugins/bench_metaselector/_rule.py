"""What the gradient rules share: their settings and the inner loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field
from torch import Tensor

from bench.interfaces import Episodes, Learnable, PluginParams
from bench.learn import inner_step


class Rates(PluginParams):
    """The inner learning rate by group of parameters: their gradients differ by orders of magnitude."""

    selector: float = Field(2.0, ge=0, le=100, description="all of the selector")
    bias: float = Field(1.5, ge=0, le=100, description="biases of base models")
    dense: float = Field(0.3, ge=0, le=100, description="layers of base models")
    user: float = Field(1.5, ge=0, le=100, description="rows of user-side fields")
    item: float = Field(1.0, ge=0, le=100, description="rows of item-side fields")
    context: float = Field(1.0, ge=0, le=100, description="rows of other fields")


class InnerLoop(PluginParams):
    """Settings of a meta-trained inner loop."""

    inner_steps: int = Field(5, ge=0, le=100, description="gradient steps on a user's support set")
    order: Literal["first", "second"] = Field("second", description="first drops the second derivatives")
    rates: Rates = Field(Rates(), description="where inner learning rates start, by group of parameters")


def descend(
    learnable: Learnable,
    outer: Mapping[str, Tensor],
    batch: Episodes,
    rates: Mapping[str, Tensor],
    scales: Sequence[Tensor | None],
    *,
    second_order: bool,
    training: bool,
) -> dict[str, Tensor]:
    """A gradient step on the support set for each of `scales` (what it is scaled by, see inner_step), from the master
    leaves (Luo et al. 2020, Algorithm 1, inner loop)."""
    leaves = learnable.per_user(outer, batch)
    spread = learnable.spread(rates, batch)
    for scale in scales:
        leaves = inner_step(
            learnable,
            leaves,
            batch,
            spread,
            create_graph=training and second_order,
            training=training,
            scale=scale,
        )
    return leaves
