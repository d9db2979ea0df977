"""The check that second derivatives exist and are right: meta-learning of second order differentiates through gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from bench.learn import Network
from bench.learn.network.losses import binary_cross_entropy, mixture_cross_entropy
from bench.learn.network.row_index import RowIndex
from bench.testing.inputs import Encoded, encoded
from bench.testing.subject import Subject
from bench.testing.verdicts import Failed, NotApplicable

__all__ = ["second_derivatives"]

STEP = 1e-7  # of finite differences, in float64
DIRECTIONS = 3
RELATIVE = 1e-4  # of a leaf's own largest second derivative
OVERALL = 1e-6  # of the largest of all leaves
# of the largest first derivative: what a difference of two, over the step, can't tell
ROUNDING = 1e-7
FIX = "use operations that are twice differentiable (of attention the math kernel, not flash; no once_differentiable)"


def second_derivatives(subject: Subject) -> None:
    """Along random directions, against finite differences of the gradient: a backward pass that is not differentiable
    itself may give a wrong second derivative without an error.

    A kink (of a ReLU) within the step spoils finite differences by chance, so one direction that agrees is enough."""
    if not subject.is_differentiable:
        raise NotApplicable("it is not differentiable, so nothing adapts it")
    network, rows = subject.network(), encoded(subject)
    for seed in range(DIRECTIONS):
        leaf = _first_that_differs(subject, network, rows, seed)
        if leaf is None:
            return
    raise Failed(
        f"second derivatives by {leaf!r} differ from finite differences of the gradient", FIX
    )


def _first_that_differs(subject: Subject, network: Network, rows: Encoded, seed: int) -> str | None:
    """A leaf whose second derivatives, times a direction, are not the change of its gradient in that direction."""
    leaves = network.leaves()
    direction = _direction(leaves, seed)
    found = _times_hessian(subject, network, rows, direction)
    with _moved(leaves, direction, STEP):
        ahead = _gradient(subject, network, rows)
    with _moved(leaves, direction, -STEP):
        behind = _gradient(subject, network, rows)
    expected = {name: (ahead[name] - behind[name]) / (2 * STEP) for name in leaves}
    floor = OVERALL * max(map(_largest, expected.values())) + ROUNDING * max(
        map(_largest, ahead.values())
    )
    for name in leaves:
        if (
            not _largest(found[name] - expected[name])
            <= RELATIVE * _largest(expected[name]) + floor
        ):  # true for NaN
            return name
    return None


def _direction(leaves: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(leaf.shape, generator=generator, dtype=torch.float64)
        for name, leaf in leaves.items()
    }


def _times_hessian(
    subject: Subject, network: Network, rows: Encoded, direction: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    leaves = network.leaves()
    try:
        gradient = _gradient(subject, network, rows, create_graph=True)
        slope = torch.stack([(gradient[name] * direction[name]).sum() for name in leaves]).sum()
        second = torch.autograd.grad(slope, list(leaves.values()), materialize_grads=True)
    except RuntimeError as error:
        raise Failed(f"no second derivative: {str(error).splitlines()[0]}", FIX) from error
    return dict(zip(leaves, second, strict=True))


def _gradient(
    subject: Subject, network: Network, rows: Encoded, *, create_graph: bool = False
) -> dict[str, Tensor]:
    """Of the mean loss, by every leaf."""
    leaves = network.leaves()
    index = RowIndex(rows.entries, rows.weights, network.layout, network.entries)
    if subject.is_selector:
        scores = network(network.lookup(index, rows.weights, rows.base_logits))
        loss = mixture_cross_entropy(scores, rows.base_logits, rows.labels)
    else:
        loss = binary_cross_entropy(network(network.lookup(index, rows.weights)), rows.labels)
    found = torch.autograd.grad(
        loss.mean(), list(leaves.values()), create_graph=create_graph, materialize_grads=True
    )
    return dict(zip(leaves, found, strict=True))


@contextmanager
def _moved(
    leaves: Mapping[str, Tensor], direction: Mapping[str, Tensor], step: float
) -> Iterator[None]:
    """Within it, the leaves lie a step in a direction from where they are."""
    kept = {name: leaf.detach().clone() for name, leaf in leaves.items()}
    with torch.no_grad():
        for name, leaf in leaves.items():
            leaf.add_(direction[name], alpha=step)
    try:
        yield
    finally:
        with torch.no_grad():
            for name, leaf in leaves.items():
                leaf.copy_(kept[name])


def _largest(values: Tensor) -> float:
    return float(values.abs().max()) if values.numel() else 0.0
