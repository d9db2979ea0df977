"""The checks of what adaptation asks of a differentiable plugin, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from bench.data.rows import View
from bench.interfaces import PluginParams
from bench.learn import Encoder, Learnable, Network, TaskData, inner_step
from bench.learn.episodes import chunks, gather, whole
from bench.learn.losses import binary_cross_entropy, mixture_cross_entropy
from bench.learn.network import Rows, build_selector
from bench.learn.plugins import DifferentiableSelector
from bench.learn.row_index import RowIndex
from bench.testing.subject import Subject
from bench.testing.synthetic import MODELS
from bench.testing.verdicts import Failed, NotApplicable

__all__ = ["inner_rate_zero", "second_derivatives", "vmap_over_users"]

STEP = 1e-6  # of finite differences, in float64
SECOND_FIX = (
    "use operations that are twice differentiable (of attention the math kernel, not flash; no once_differentiable)"
)


def vmap_over_users(subject: Subject) -> None:
    """A loop over users against vmap, in float64; with as many rows as users, so that a broadcast between them shows."""
    network = _differentiable(subject)
    users = 3
    for rows in (users, 5):
        per_user, dense = _per_user(subject, network, users, rows)
        loop = torch.stack([network.call(_at(dense, u), *_given(_rows_at(per_user, u))) for u in range(users)])
        try:
            mapped = vmap(network.call)(dense, *_given(per_user))
        except Exception as error:
            raise Failed(
                f"torch.func.vmap can't map forward over users: {type(error).__name__}: {str(error).splitlines()[0]}",
                "keep forward free of .item(), of shapes that depend on data, of in-place writes and of state",
            ) from error
        if mapped.shape != loop.shape or not torch.allclose(mapped, loop, rtol=1e-10, atol=1e-12):
            raise Failed(
                "forward of several users at once is not that of each alone",
                "write forward for rows of ONE user: (..., F, width) to (...), nothing of one row in another's output",
            )


def second_derivatives(subject: Subject) -> None:
    """Along a random direction, against finite differences of the gradient: a backward pass that is not differentiable
    itself may give a wrong second derivative without an error."""
    network = _differentiable(subject)
    leaves = list(network.leaves().values())
    generator = torch.Generator().manual_seed(3)
    direction = [torch.randn(leaf.shape, generator=generator, dtype=torch.float64) for leaf in leaves]
    try:
        slope = _dot(_gradient(subject, network, create_graph=True), direction)
        found = torch.autograd.grad(slope, leaves, materialize_grads=True)
    except RuntimeError as error:
        raise Failed(f"no second derivative: {str(error).splitlines()[0]}", SECOND_FIX) from error
    ahead, behind = (_gradient(subject, network, moved=(direction, step)) for step in (STEP, -STEP))
    expected = [(one - two) / (2 * STEP) for one, two in zip(ahead, behind, strict=True)]
    scale = max(float(value.abs().max()) for value in expected)
    apart = max(float((one - two).abs().max()) for one, two in zip(found, expected, strict=True))
    if not apart <= 1e-4 * scale:
        raise Failed(f"second derivatives differ from finite differences by {apart / scale:.2g} (relative)", SECOND_FIX)


def inner_rate_zero(subject: Subject) -> None:
    """The engine, with a rate of 0: predictions are the unadapted ones, bit for bit."""
    network = _differentiable(subject)
    everything = View(subject.interactions, np.arange(len(subject.interactions)))
    encoder = Encoder.fit(everything)
    if subject.is_selector:
        learnable = Learnable(subject.interactions, network)
    else:
        average = build_selector(_Average(PluginParams()), subject.interactions, ("it",), seed=0).double()
        learnable = Learnable(subject.interactions, average, {"it": network})
    data = TaskData.of(subject.test_tasks(), encoder, None if subject.is_selector else encoder, torch.float64)
    groups = ("selector", "bias", "dense", "user", "item", "context")
    rates = learnable.rates(dict.fromkeys(groups, 0.0))
    for chunk in chunks(whole(data)):
        batch = gather(data, chunk)
        start = learnable.per_user(learnable.parameters(), batch)
        spread = learnable.spread(rates, batch)
        moved = inner_step(learnable, dict(start), batch, spread, create_graph=False, training=False)
        if not torch.equal(learnable.predict(start, batch)[0], learnable.predict(moved, batch)[0]):
            raise Failed(
                "a gradient step with rate 0 changes predictions",
                "keep state out of forward (batch-norm in train mode, counters) and gradients finite",
            )


def _gradient(
    subject: Subject,
    network: Network,
    *,
    create_graph: bool = False,
    moved: tuple[list[Tensor], float] | None = None,
) -> list[Tensor]:
    """Of the loss by every leaf; `moved`: with the leaves moved by so much in a direction, and back."""
    index, weights, labels, base = _some_rows(subject)
    leaves = list(network.leaves().values())
    _move(leaves, moved, 1)
    rows = RowIndex(index, weights, network.layout, network.entries)
    out = network(network.lookup(rows, weights, base if subject.is_selector else None))
    loss = _loss(out, labels, base, subject.is_selector)
    found = torch.autograd.grad(loss, leaves, create_graph=create_graph, materialize_grads=True)
    _move(leaves, moved, -1)
    return list(found)


@torch.no_grad()
def _move(leaves: list[Tensor], moved: tuple[list[Tensor], float] | None, sign: int) -> None:
    if moved is not None:
        for leaf, direction in zip(leaves, moved[0], strict=True):
            leaf.add_(direction, alpha=sign * moved[1])


def _dot(ones: list[Tensor], others: list[Tensor]) -> Tensor:
    return torch.stack([(one * other).sum() for one, other in zip(ones, others, strict=True)]).sum()


class _Average(DifferentiableSelector):
    """A selector without parameters: equal weights."""

    name = "average"

    def build(self, fields: object, models: tuple[str, ...]) -> None:  # noqa: ARG002
        self.models = len(models)

    def tables(self) -> Mapping[str, int]:
        return {}

    def forward(self, rows: object) -> Tensor:
        base: Tensor = rows.base_logits  # type: ignore[attr-defined]
        return torch.zeros_like(base)


class _PerUser(NamedTuple):
    rows: Rows
    weights: Tensor
    base_logits: Tensor | None


def _differentiable(subject: Subject) -> Network:
    if not subject.is_differentiable:
        raise NotApplicable("it is not differentiable, so nothing adapts it")
    return subject.network()


def _some_rows(subject: Subject) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Index, weights, labels and base logits of the test users' rows, float64."""
    everything = View(subject.interactions, np.arange(len(subject.interactions)))
    encoded = Encoder.fit(everything).encode(subject.test_rows())
    n = len(encoded.index)
    generator = torch.Generator().manual_seed(1)
    labels = torch.from_numpy(subject.interactions.labels()[subject.test_rows().index]).double()
    base = torch.randn(n, len(MODELS), generator=generator, dtype=torch.float64)
    return encoded.index, encoded.weights.double(), labels, base


def _per_user(subject: Subject, network: Network, users: int, rows: int) -> tuple[_PerUser, dict[str, Tensor]]:
    """Rows of `users` users, and dense parameters that differ between them."""
    index, weights, _, base = _some_rows(subject)
    n = users * rows
    shaped, own_weights = index[:n].reshape(users, rows, -1), weights[:n].reshape(users, rows, -1)
    generator = torch.Generator().manual_seed(2)
    looked_up = network.rows(RowIndex(shaped, own_weights, network.layout, network.entries), network.leaves())
    dense = {
        name: value.detach() + 0.1 * torch.randn(users, *value.shape, generator=generator, dtype=torch.float64)
        for name, value in network.leaves().items()
        if name not in network.widths
    }
    own_base = base[:n].reshape(users, rows, -1) if subject.is_selector else None
    return _PerUser(_each(looked_up, Tensor.detach), own_weights, own_base), dense


def _at(tensors: Mapping[str, Tensor], user: int) -> dict[str, Tensor]:
    return {name: value[user] for name, value in tensors.items()}


def _rows_at(per_user: _PerUser, user: int) -> _PerUser:
    return _PerUser(
        _each(per_user.rows, lambda value: value[user]),
        per_user.weights[user],
        None if per_user.base_logits is None else per_user.base_logits[user],
    )


def _each(rows: Rows, change: Callable[[Tensor], Tensor]) -> Rows:
    pooled = {table: change(value) for table, value in rows.pooled.items()}
    return Rows(pooled, {key: change(value) for key, value in rows.unpooled.items()})


def _given(per_user: _PerUser) -> tuple[Any, ...]:
    """Without base logits where there are none: vmap takes tensors alone."""
    return tuple(value for value in per_user if value is not None)


def _loss(out: Tensor, labels: Tensor, base: Tensor, selector: bool) -> Tensor:
    return (mixture_cross_entropy(out, base, labels) if selector else binary_cross_entropy(out, labels)).mean()
