"""Derivatives that were computed outside of torch's graph: to differentiate them is an error, never a wrong number."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["differentiated_no_further"]

Results = tuple[Tensor | None, ...]


def differentiated_no_further(what: str, times: str, results: Results, sources: Results) -> Results:
    """`results`, which depend on `sources` in a way that no graph shows; either may have gaps."""
    message = f"{what} is differentiated {times} at most by compiled code; Learnable(kernel='autograd') has no limit"
    found: Results = _NoFurther.apply(message, len(results), *results, *sources)  # type: ignore[no-untyped-call]
    return found


class _NoFurther(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, message: str, count: int, *tensors: Tensor | None) -> Results:
        ctx.message = message
        return tuple(
            None if tensor is None else tensor.view_as(tensor) for tensor in tensors[:count]
        )

    @staticmethod
    def backward(ctx: Any, *_: Tensor | None) -> None:
        raise NotImplementedError(ctx.message)
