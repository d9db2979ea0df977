"""What a suite compares: trials, and the steps that they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from bench.job.steps import FitStep, SelectStep
from bench.records import digest
from bench.run.planning.step_titles import step_title
from bench.scoring.division import Division

__all__ = ["Kind", "Plan", "Trial"]

Kind = Literal["base_model", "method", "bound"]


@dataclass(frozen=True, eq=False)
class Trial:
    """What a record will be of. `steps`: every step that it reads; `own`: the one that is its own (None: a bound)."""

    division: Division
    method: str
    seed: int
    kind: Kind
    identity: Mapping[str, Any]
    own: str | None
    steps: tuple[str, ...] = ()
    stars: Mapping[str, str] = field(default_factory=dict)  # bounds: base model -> its star step
    unavailable: str = ""  # why it can't run at all
    recipe: Mapping[str, str] = field(default_factory=dict)  # the same for all seeds of a method

    @property
    def names(self) -> dict[str, Any]:
        division = self.division
        return {
            "dataset": division.dataset,
            "protocol": division.protocol,
            "method": self.method,
            "seed": self.seed,
        }

    @property
    def title(self) -> str:
        return step_title(self.division.name, self.method, "", self.seed)

    @property
    def id(self) -> str:
        return digest({"identity": dict(self.identity), "trial": self.names})[:32]


class Plan(NamedTuple):
    """Steps by id, those that others need first; trials that are asked for, and all that were planned, in the order of the
    suite."""

    steps: dict[str, FitStep | SelectStep]
    trials: list[Trial]
    planned: list[Trial]
