"""What a step may use of the machine that it runs on. Applied in one place, bench.worker.resources."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Resources"]


class Resources(BaseModel):
    """Part of a step's identity: another number of threads may sum in another order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threads: int = Field(
        1,
        ge=1,
        description="of torch, of every BLAS and OpenMP pool, and of meta-learning's chunks",
    )
    device: Literal["cpu"] = Field("cpu", description="where tensors live")
