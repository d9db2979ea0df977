"""Where and by what an adaptation diverged: looked for only once something has turned out not to be finite."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from bench.errors import DivergenceError
from bench.interfaces import Episodes, MetaLearner
from bench.interfaces import Learnable as Contract
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import Windows, chunks

__all__ = ["all_finite", "divergence"]

Leaves = Mapping[str, Tensor]
_TOGETHER = 64  # users who are looked at before those after them


def all_finite(*values: Tensor) -> bool:
    """Whether every number of every tensor is finite."""
    return all(bool(value.isfinite().all()) for value in values)


def divergence(
    rule: MetaLearner, learnable: Learnable, outer: Leaves, tasks: TaskData, windows: Windows
) -> DivergenceError:
    """Adapt users of a whole batch once more, watching every step: the first user of the tasks, however the batch was cut
    into chunks, of whom after some step the support loss or a leaf is not finite (after the last: the query logits too), the
    first such step, and the group of parameters of which it moved a value furthest. The caller has seen that something is
    not finite."""
    windows = windows.take(windows.users.argsort())
    for start in range(0, len(windows.users), _TOGETHER):
        block = windows.take(np.arange(len(windows.users))[start : start + _TOGETHER])
        found = [one for chunk in chunks(block) if (one := _astray(rule, learnable, outer, tasks, chunk))]
        if found:
            return DivergenceError(min(found).message)
    names = ", ".join(_named(tasks, user) for user in windows.users[:3])
    return DivergenceError(
        f"{rule.name}: a loss of one of {len(windows.users)} users ({names}, ...) is not finite, though every inner step is; "
        "lower the learning rates"
    )


class _Astray(NamedTuple):
    user: int  # of the tasks
    message: str


def _astray(rule: MetaLearner, learnable: Learnable, outer: Leaves, tasks: TaskData, chunk: Windows) -> _Astray | None:
    """The first user of the tasks among a chunk's who diverges."""
    chunk = chunk.take(chunk.users.argsort())
    batch = gather(tasks, chunk)
    seen = _Seen(learnable.groups(batch))
    leaves = rule.adapt(cast(Contract, _Watched(learnable, seen)), outer, batch, training=False)
    with torch.no_grad():
        logits, _ = learnable.predict(leaves, batch)
        seen.observe(leaves, (logits.isfinite() | ~batch.query.mask.bool()).all(1))
    if seen.found is None:
        return None
    user = int(chunk.users[seen.found.user])
    return _Astray(user, _told(rule, seen.found, _named(tasks, user), seen.steps))


def _named(tasks: TaskData, user: int) -> str:
    return f"user {tasks.user_name(int(user))[:100]!r}"


class _Found(NamedTuple):
    user: int  # of the chunk
    step: int  # after so many steps
    group: str = ""  # whose step was the largest
    rate: float | None = None  # of the value that it moved furthest


class _Watched:
    """A Learnable that looks at the leaves from which a rule asks for each step."""

    def __init__(self, learnable: Learnable, seen: _Seen) -> None:
        self._learnable, self._seen = learnable, seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._learnable, name)

    def only(self, leaves: Iterable[str]) -> _Watched:
        """Steps of fewer leaves are looked at as well."""
        return _Watched(self._learnable.only(leaves), self._seen)

    def spread(self, rates: Leaves, batch: Episodes) -> dict[str, Tensor]:
        found = self._learnable.spread(rates, batch)
        self._seen.rates |= {leaf: rate.detach() for leaf, rate in found.items()}
        return found

    def gradients(self, loss: Tensor, per_user: Leaves, *, create_graph: bool) -> dict[str, Tensor]:
        self._seen.observe(per_user, loss.isfinite())
        self._seen.steps += 1
        return self._learnable.gradients(loss, per_user, create_graph=create_graph)


class _Seen:
    """The steps that a chunk's users took, and the first of them who went astray, at whichever step."""

    def __init__(self, groups: Mapping[str, Leaves]) -> None:
        self._groups = groups
        self._before: list[Leaves] = []  # the last two steps started from, the later first
        self.rates: dict[str, Tensor] = {}
        self.steps = 0
        self.found: _Found | None = None

    def observe(self, leaves: Leaves, finite: Tensor) -> None:
        """Leaves after `steps` steps; `finite` (U,) of what was computed from them."""
        leaves = {leaf: value.detach() for leaf, value in leaves.items()}
        for value in leaves.values():
            finite = finite & value.isfinite().reshape(len(value), -1).all(1)
        first = len(finite) if finite.all() else int(finite.int().argmin())
        if first < (len(finite) if self.found is None else self.found.user):
            self.found = self._blame(first, leaves)
        self._before = [leaves, *self._before[:1]]

    def _blame(self, user: int, leaves: Leaves) -> _Found:
        """Where several groups' steps are beyond all numbers, the step before decides among them."""
        if not self._before:
            return _Found(user, 0)
        states = [leaves, *self._before]
        sizes = [self._largest(user, *pair) for pair in zip(states[1:], states, strict=False)]
        group = max(sizes[0], key=lambda one: tuple(size[one][0] for size in sizes), default="")
        return _Found(user, self.steps, group, sizes[0][group][1]) if group else _Found(user, 0)

    def _largest(self, user: int, before: Leaves, after: Leaves) -> dict[str, tuple[float, float | None]]:
        """Of each group: the user's largest step of one value, infinite where it is not a number, and that value's rate."""
        largest: dict[str, tuple[float, float | None]] = {}
        for leaf, groups in self._groups.items():
            steps = (after[leaf] - before[leaf]).abs().nan_to_num(nan=math.inf, posinf=math.inf)
            for group, mask in groups.items():
                own = torch.where(mask, steps, -1.0)[user].reshape(-1)
                size, at = (float(own.max()), int(own.argmax())) if own.numel() else (-1.0, 0)
                if size > largest.get(group, (-1.0, None))[0]:
                    rate = self.rates[leaf].expand_as(steps)[user].reshape(-1)[at] if leaf in self.rates else None
                    largest[group] = (size, None if rate is None else float(rate))
        return largest


def _told(rule: MetaLearner, found: _Found, user: str, steps: int) -> str:
    if found.step == 0:
        return (
            f"{rule.name}: {user} has losses or logits that are not finite before any inner step: the parameters that the "
            "steps start from are too large; lower the learning rates that they were trained with"
        )
    rate = "" if found.rate is None else f" (rate {found.rate:.3g})"
    lower = f"rates.{found.group}" if hasattr(rule.params, "rates") else "its rate"
    return (
        f"{rule.name}: {user} diverges at inner step {found.step} of {steps}: its largest step is that of group "
        f"{found.group!r}{rate}; lower {lower} or inner_steps"
    )
