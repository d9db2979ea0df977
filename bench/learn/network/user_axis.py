"""Whether a plugin's function of one user may be called once for many users, all arguments stacked along a first axis.

True of elementwise code and of bench.learn's layers: found out by a trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from bench.learn.network.lookup import Rows

__all__ = ["takes_user_axis"]

Leaves = Mapping[str, Tensor]
Call = Callable[[Leaves, Rows, Tensor, Tensor | None], Tensor]

# (users, rows a user). As many rows as users, too: a broadcast of one over the other is then wrong without an error.
TRIALS = ((3, 5), (4, 4))


def takes_user_axis(
    in_one_call: Call,
    user_by_user: Call,
    dense: Leaves,
    rows: Rows,
    weights: Tensor,
    base_logits: Tensor | None,
) -> bool:
    """Whether `in_one_call` gives what `user_by_user` gives.

    Tried on random numbers in float64; no, where either can't be called so. The arguments (dense, rows, weights, base_logits)
    are examples of what both are called with: they give the shapes, but for the numbers of users and rows."""
    generator = torch.Generator().manual_seed(0)
    for users, n in TRIALS:
        arguments = _drawn(generator, users, n, dense, rows, weights, base_logits)
        try:
            expected = user_by_user(*arguments)
            found = in_one_call(*arguments)
        # shapes that don't fit, or a dtype that forward fixes
        except (RuntimeError, IndexError, ValueError, TypeError):
            return False
        if found.shape != expected.shape or not torch.allclose(
            found, expected, rtol=1e-9, atol=1e-12
        ):
            return False
    return True


def _drawn(
    generator: torch.Generator,
    users: int,
    n: int,
    dense: Leaves,
    rows: Rows,
    weights: Tensor,
    base_logits: Tensor | None,
) -> tuple[Leaves, Rows, Tensor, Tensor | None]:
    """Random arguments shaped like the given ones, but of so many users with n rows each."""

    def of_user(like: Tensor) -> Tensor:  # (U, ...) -> (users, ...)
        return torch.randn((users, *like.shape[1:]), generator=generator, dtype=torch.float64)

    def of_rows(like: Tensor) -> Tensor:  # (U, rows, ...) -> (users, n, ...)
        return torch.randn((users, n, *like.shape[2:]), generator=generator, dtype=torch.float64)

    return (
        {leaf: of_user(value) for leaf, value in dense.items()},
        Rows(
            pooled={table: of_rows(value) for table, value in rows.pooled.items()},
            unpooled={key: of_rows(value) for key, value in rows.unpooled.items()},
        ),
        of_rows(weights),
        None if base_logits is None else of_rows(base_logits),
    )
