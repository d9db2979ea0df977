"""Products of matrices (m, k) and (k, n), put into memory that is there (m, n), or added to what it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor

__all__ = ["Products", "products_in"]

Product = Callable[[Tensor, Tensor, Tensor], object]


class Products(NamedTuple):
    put: Product
    add: Product


def products_in(precision: Literal["float32", "bf16"]) -> Products:
    """Of float32 matrices. In bf16 factors and result are rounded to bfloat16; what is summed up inside is in float32."""
    if precision == "bf16":
        return Products(
            put=lambda a, b, to: to.copy_(_in_bf16(a, b)),
            add=lambda a, b, to: to.add_(_in_bf16(a, b)),
        )
    return Products(
        put=lambda a, b, to: torch.mm(a, b, out=to), add=lambda a, b, to: to.addmm_(a, b)
    )


def _in_bf16(a: Tensor, b: Tensor) -> Tensor:
    return torch.mm(a.bfloat16(), b.bfloat16())
