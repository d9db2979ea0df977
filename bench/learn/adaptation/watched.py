"""Adaptation under watch: which of a chunk's users goes astray, after which step, and the group of parameters that did it.

A rule is handed a `Watched` learnable in place of the real one. That tells a `Watch` of every step, which remembers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bench.interfaces import Episodes
from bench.learn.adaptation.learnable import Learnable

__all__ = ["Astray", "Watch", "Watched"]

Leaves = Mapping[str, Tensor]


class Watched:
    """Does what the learnable does, and tells the watch of the rates and of each step.

    No subclass of Learnable: so `descend` takes steps one at a time, by the methods below, and not in a kernel."""

    def __init__(self, learnable: Learnable, watch: Watch) -> None:
        self._learnable, self._watch = learnable, watch

    def __getattr__(self, name: str) -> Any:
        """Whatever is not below is the learnable's own."""
        return getattr(self._learnable, name)

    def only(self, leaves: Iterable[str]) -> Watched:
        """Steps of fewer leaves are watched as well."""
        return Watched(self._learnable.only(leaves), self._watch)

    def spread(self, rates: Leaves, batch: Episodes) -> dict[str, Tensor]:
        spread = self._learnable.spread(rates, batch)
        self._watch.rates |= {leaf: rate.detach() for leaf, rate in spread.items()}
        return spread

    def gradients(self, loss: Tensor, per_user: Leaves, *, create_graph: bool) -> dict[str, Tensor]:
        """A rule asks for these once a step, so this is where a step starts."""
        self._watch.before_step(per_user, loss)
        return self._learnable.gradients(loss, per_user, create_graph=create_graph)


class Astray(NamedTuple):
    user: int  # place in the chunk
    step: int = 0  # after so many steps; 0: before any, and no group is to blame
    group: str = ""  # the group of parameters that this step moved furthest
    rate: float | None = None  # of the value in it that moved furthest


class _Move(NamedTuple):
    """What a step did to the value of a group that it moved furthest."""

    size: float  # infinite where it is not a number
    rate: float | None  # None where the rule has none


class Watch:
    """The steps that a chunk's users took together, and the first of the users who went astray, at whichever step."""

    def __init__(self, groups: Mapping[str, Leaves]) -> None:
        """`groups` as Learnable.groups has them: leaf, group, which of the leaf's values are of the group."""
        self._groups = groups
        self._states: list[
            Leaves
        ] = []  # what the last two steps started from, and what they led to; the latest last
        self.rates: dict[str, Tensor] = {}  # by leaf, as Learnable.spread has them
        self.steps = 0  # taken so far
        self.first: Astray | None = None

    def before_step(self, leaves: Leaves, loss: Tensor) -> None:
        """A step starts from these leaves; `loss` (U,) is theirs."""
        self._look(leaves, loss.isfinite())
        self.steps += 1

    def after_last_step(self, leaves: Leaves, finite: Tensor) -> None:
        """`finite` (U,) bool: whether all is that was computed from the leaves."""
        self._look(leaves, finite)

    def _look(self, leaves: Leaves, finite: Tensor) -> None:
        state = {leaf: value.detach() for leaf, value in leaves.items()}
        self._states = [*self._states[-2:], state]
        for value in state.values():
            finite = finite & value.isfinite().reshape(len(value), -1).all(1)
        if finite.all():
            return
        user = int(finite.int().argmin())  # the first who is not finite
        if self.first is None or user < self.first.user:
            self.first = self._blame(user)

    def _blame(self, user: int) -> Astray:
        """The group that the last step moved furthest."""
        moves = [self._moves(user, before, after) for before, after in pairwise(self._states)]
        moves.reverse()  # of the last step, then of the one before
        if not moves or not moves[0]:
            return Astray(user)
        # Where the last step moved several groups beyond all numbers, the step before decides among them.
        group = max(moves[0], key=lambda group: [of_step[group].size for of_step in moves])
        return Astray(user, self.steps, group, moves[0][group].rate)

    def _moves(self, user: int, before: Leaves, after: Leaves) -> dict[str, _Move]:
        """By group: the furthest that a step moved one of the user's values."""
        furthest: dict[str, _Move] = {}
        for leaf, masks in self._groups.items():
            # (U, ...)
            moved = (after[leaf] - before[leaf]).abs().nan_to_num(nan=math.inf, posinf=math.inf)
            for group, mask in masks.items():
                of_group = torch.where(mask, moved, -1.0)[user].reshape(-1)  # -1: of another group
                size = float(of_group.max()) if of_group.numel() else -1.0
                if size > (furthest[group].size if group in furthest else -1.0):
                    rate = self._rate(leaf, moved, user, int(of_group.argmax()))
                    furthest[group] = _Move(size, rate)
        return furthest

    def _rate(self, leaf: str, like: Tensor, user: int, place: int) -> float | None:
        """Of the value at `place` among a user's values of the leaf, all users' being shaped as `like`."""
        if leaf not in self.rates:
            return None
        return float(self.rates[leaf].expand_as(like)[user].reshape(-1)[place])
