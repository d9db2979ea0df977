"""The checks of what adaptation asks of a differentiable plugin: one function of one user, mapped over users, in float64."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vmap

from bench.data.views.rows import TaskView
from bench.interfaces import Episodes, Fields, Lookup, PluginParams
from bench.learn import (
    DifferentiableSelector,
    Learnable,
    Network,
    TaskData,
    build_selector,
    inner_step,
)
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench.testing.inputs import OwnRows, at, encoder, own_dense, own_rows
from bench.testing.subject import Subject
from bench.testing.verdicts import Failed, NotApplicable

__all__ = [
    "inner_rate_zero",
    "learnable_of",
    "ragged_support_adapts",
    "refuse_plain",
    "vmap_over_users",
]

USERS = 3
GROUPS = ("selector", "bias", "dense", "user", "item", "context")


def vmap_over_users(subject: Subject) -> None:
    """A loop over users against vmap; with as many rows as users, too, so that a broadcast between them shows."""
    refuse_plain(subject)
    network = subject.network()
    dense = own_dense(network, USERS)
    for rows in (USERS, 5):
        own = own_rows(subject, network, USERS, rows)
        each = _each_alone(network, dense, own)
        _check_float64(each[0])
        try:
            mapped = vmap(network.call)(dense, *own.arguments())
        except Exception as error:
            raise Failed(
                f"torch.func.vmap can't map forward over users: {type(error).__name__}: {str(error).splitlines()[0]}",
                "keep forward free of .item(), of shapes that depend on data, of in-place writes and of state",
            ) from error
        _check_same(
            mapped, torch.stack(each), "forward of several users at once is not that of each alone"
        )
        singly = [
            network.call(at(dense, 0), *_row(_user(own, 0), row).arguments()) for row in range(rows)
        ]
        _check_same(
            each[0], torch.cat(singly), "forward of several rows at once is not that of each alone"
        )


def _each_alone(network: Network, dense: Mapping[str, Tensor], own: OwnRows) -> list[Tensor]:
    """Each user's output by a call of that user alone."""
    try:
        return [
            network.call(at(dense, user), *_user(own, user).arguments()) for user in range(USERS)
        ]
    except RuntimeError as error:
        if "dtype" not in str(error) and "scalar type" not in str(error):
            raise
        raise Failed(
            f"forward can't be called in float64: {str(error).splitlines()[0]}",
            "keep a constant tensor by register_buffer, which follows the dtype; fix no dtype in forward",
        ) from error


def inner_rate_zero(subject: Subject) -> None:
    """The engine, with a rate of 0: predictions are the unadapted ones, bit for bit."""
    refuse_plain(subject)
    for before, after, _ in _adapted(subject, subject.test_tasks(), rate=0.0):
        if not torch.equal(before, after):
            raise Failed(
                "a gradient step with rate 0 changes predictions",
                "keep state out of forward (batch-norm in train mode, counters) and gradients finite",
            )


def ragged_support_adapts(subject: Subject) -> None:
    """The engine, over support of 0 to 9 rows, padded to one length with rows whose bags and numbers weigh 0."""
    for tasks in subject.ragged_tasks().values():
        for _, after, mask in _adapted(subject, tasks, rate=0.1):
            bad = int((~torch.isfinite(after[mask])).sum())
            if bad:
                raise Failed(
                    f"adapted on ragged support, {bad} of {int(mask.sum())} predictions are not finite",
                    "expect rows that are padding: nothing in their bags, numbers 0 (a division, softmax or log of it)",
                )


class _Step(NamedTuple):
    """Query logits (U, Q) of a chunk of users around one inner step; where there is a row (U, Q) bool."""

    before: Tensor
    after: Tensor
    mask: Tensor


def _adapted(subject: Subject, tasks: TaskView, rate: float) -> Iterator[_Step]:
    learnable = learnable_of(subject, subject.network(), torch.float64)
    rates = learnable.rates(dict.fromkeys(GROUPS, rate))
    for batch in _episodes(subject, tasks):
        start = learnable.per_user(learnable.parameters(), batch)
        spread = learnable.spread(rates, batch)
        moved = inner_step(
            learnable, dict(start), batch, spread, create_graph=False, training=False
        )
        before, after = (learnable.predict(leaves, batch)[0].detach() for leaves in (start, moved))
        yield _Step(before, after, batch.query.mask.bool())


def learnable_of(subject: Subject, network: Network, dtype: torch.dtype) -> Learnable:
    """Its network: a selector alone, or a base model as a pool of one."""
    if subject.is_selector:
        return Learnable(subject.interactions, network)
    average = build_selector(_Average(PluginParams()), subject.interactions, ("it",), seed=0)
    return Learnable(subject.interactions, average.to(dtype), {"it": network})


def _episodes(subject: Subject, tasks: TaskView) -> Iterator[Episodes]:
    entries = encoder(subject)
    data = TaskData.of(tasks, entries, None if subject.is_selector else entries, torch.float64)
    return (gather(data, chunk) for chunk in chunks(whole(data)))


class _Average(DifferentiableSelector):
    """A selector without parameters: equal weights."""

    name = "average"

    def build(self, fields: Fields, models: tuple[str, ...]) -> None:
        """There is nothing to build."""

    def tables(self) -> Mapping[str, int]:
        return {}

    def forward(self, rows: Lookup) -> Tensor:
        return torch.zeros_like(rows.base_logits)


def refuse_plain(subject: Subject) -> None:
    if not subject.is_differentiable:
        raise NotApplicable("it is not differentiable, so nothing adapts it")


def _user(own: OwnRows, user: int) -> OwnRows:
    return own.part(lambda values: values[user])


def _row(own: OwnRows, row: int) -> OwnRows:
    return own.part(lambda values: values[row : row + 1])


def _check_float64(out: Tensor) -> None:
    if out.dtype != torch.float64:
        raise Failed(
            f"forward makes {str(out.dtype).removeprefix('torch.')} of float64",
            "fix no dtype in forward (.float(), dtype=torch.float32); take that of the rows",
        )


def _check_same(found: Tensor, expected: Tensor, reason: str) -> None:
    if found.shape != expected.shape or not torch.allclose(found, expected, rtol=1e-10, atol=1e-12):
        raise Failed(
            reason,
            "write forward for rows of ONE user: (..., F, width) to (...), a selector's to (..., K), with nothing of one "
            "row in another's output (a mean over the batch, say)",
        )
