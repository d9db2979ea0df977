"""Inner loops: gradient steps of every user on the support set, differentiated through where they are second order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from bench.interfaces import Episodes, Learnable
from bench.learn.adaptation.learnable import Learnable as Engine
from bench.learn.adaptation.supports import support_batch

__all__ = ["descend", "inner_step"]


def descend(
    learnable: Learnable,
    outer: Mapping[str, Tensor],
    batch: Episodes,
    rates: Mapping[str, Tensor],
    scales: Sequence[Tensor | None],
    *,
    second_order: bool,
    training: bool,
    inner_batch: int = 0,
    start: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """From the master leaves, a gradient step on the support set for each of `scales`, what the step is scaled by: (U,), a
    scalar or None. `rates` as Learnable.rates gives them. Every leaf per user comes back (Luo et al. 2020, Algorithm 1,
    inner loop). First order drops second derivatives only: `rates` and `scales` keep their gradients.
    `inner_batch`: support rows that a step is taken on, in turn; 0: all.
    `start`: leaves per user to go on from in place of the master leaves, at test time and on all rows."""
    if start is not None and (training or inner_batch):
        raise ValueError("descend goes on from `start` at test time alone, and without inner_batch")
    leaves = learnable.per_user(outer, batch) if start is None else dict(start)
    moving = learnable.adapted()
    if (
        isinstance(learnable, Engine)
        and learnable.compiled
        and moving
        and scales
        and not inner_batch
    ):
        return learnable.compiled.descend(
            outer if start is None else None,
            leaves,
            {leaf: rates[leaf] for leaf in moving},
            scales,
            batch.support,
            learnable.moving_fields(batch),
            second_order=second_order,
            training=training,
        )
    spread = learnable.spread(rates, batch)
    for step, scale in enumerate(scales):
        seen = support_batch(batch, step, inner_batch) if inner_batch else batch
        leaves = inner_step(
            learnable,
            leaves,
            seen,
            spread,
            create_graph=training and second_order,
            training=training,
            scale=scale,
        )
    return leaves


def inner_step(
    learnable: Learnable,
    leaves: dict[str, Tensor],
    batch: Episodes,
    rates: Mapping[str, Tensor],
    *,
    create_graph: bool,
    training: bool,
    scale: Tensor | None = None,
) -> dict[str, Tensor]:
    """One gradient step of every adapted leaf on the support set: leaf - scale * rate * gradient, rates as spread.

    `create_graph`: second order. `scale` (U,) or scalar: of each user's whole step. At test time the graph is cut, so
    that memory does not grow with the steps."""
    loss = learnable.loss(leaves, batch, "support")
    if scale is not None and create_graph:
        loss = loss * scale  # a user's gradient, scaled, is the gradient of the user's scaled loss
    gradients = learnable.gradients(loss, leaves, create_graph=create_graph)
    if (
        scale is not None and not create_graph
    ):  # what is cut from the graph must not take the scale with it
        gradients = {
            leaf: gradient * _by_user(scale, gradient) for leaf, gradient in gradients.items()
        }
    moved = {leaf: leaves[leaf] - rates[leaf] * gradient for leaf, gradient in gradients.items()}
    if not training:
        moved = {leaf: value.detach().requires_grad_() for leaf, value in moved.items()}
    return {**leaves, **moved}


def _by_user(scale: Tensor, like: Tensor) -> Tensor:
    """(U,) or a scalar, shaped to multiply `like` (U, ...)."""
    return scale.reshape(-1, *[1] * (like.dim() - 1))
