"""Settings that the gradient rules share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bench.interfaces import PluginParams


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
