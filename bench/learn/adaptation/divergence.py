"""Where and by what an adaptation diverged: looked for only once something has turned out not to be finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from bench.errors import DivergenceError
from bench.interfaces import Learnable as Contract
from bench.interfaces import MetaLearner
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.watched import Astray, Watch, Watched
from bench.learn.adaptation.windows import Windows, chunks

__all__ = ["all_finite", "divergence"]

Leaves = Mapping[str, Tensor]
_TOGETHER = 64  # users who are looked at before those after them: the search ends with the first who diverges


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
    windows = _by_number(windows)
    places = np.arange(len(windows.users))
    for start in range(0, len(places), _TOGETHER):
        block = windows.take(places[start : start + _TOGETHER])
        # Chunks of a block are by length, so that whoever is first may be in any of them.
        found = [_first_astray(rule, learnable, outer, tasks, chunk) for chunk in chunks(block)]
        astray = [one for one in found if one is not None]
        if astray:
            return DivergenceError(min(astray).message)
    names = ", ".join(_named(tasks, user) for user in windows.users[:3])
    return DivergenceError(
        f"{rule.name}: a loss of one of {len(windows.users)} users ({names}, ...) is not finite, though every inner step is; "
        "lower the learning rates"
    )


class _Diverges(NamedTuple):
    user: int  # number among the tasks: the least of these comes first
    message: str


def _first_astray(
    rule: MetaLearner, learnable: Learnable, outer: Leaves, tasks: TaskData, chunk: Windows
) -> _Diverges | None:
    """The first user of the tasks among a chunk's who diverges."""
    chunk = _by_number(chunk)  # the first in the chunk is then the first of the tasks
    batch = gather(tasks, chunk)
    watch = Watch(learnable.groups(batch))
    watched = cast(Contract, Watched(learnable, watch))
    leaves = rule.adapt(watched, outer, batch, training=False)
    with torch.no_grad():
        logits, _ = learnable.predict(leaves, batch)  # (U, Q)
        padded = ~batch.query.mask.bool()
        watch.after_last_step(leaves, (logits.isfinite() | padded).all(1))
    if watch.first is None:
        return None
    user = int(chunk.users[watch.first.user])
    return _Diverges(user, _told(rule, watch.first, _named(tasks, user), watch.steps))


def _by_number(windows: Windows) -> Windows:
    return windows.take(windows.users.argsort())


def _named(tasks: TaskData, user: int) -> str:
    return f"user {tasks.user_name(int(user))[:100]!r}"


def _told(rule: MetaLearner, astray: Astray, user: str, steps: int) -> str:
    if astray.step == 0:
        return (
            f"{rule.name}: {user} has losses or logits that are not finite before any inner step: the parameters that the "
            "steps start from are too large; lower the learning rates that they were trained with"
        )
    rate = "" if astray.rate is None else f" (rate {astray.rate:.3g})"
    lower = f"rates.{astray.group}" if hasattr(rule.params, "rates") else "its rate"
    return (
        f"{rule.name}: {user} diverges at inner step {astray.step} of {steps}: its largest step is that of group "
        f"{astray.group!r}{rate}; lower {lower} or inner_steps"
    )
