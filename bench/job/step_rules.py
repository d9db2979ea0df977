"""How a step runs: what time and memory it may take, and whether others run beside it. None of it moves a figure, so none of
it is part of what a step or a trial is."""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bench.job.limits import parse_memory, parse_time
from bench.processes import Limits

__all__ = ["LimitKeys", "StepRules", "Timing", "wider"]

N = TypeVar("N", int, float)
Timing = Literal["shared", "exclusive"]


def _checked_time(text: Any) -> Any:
    parse_time(text)
    return text


def _checked_memory(text: Any) -> Any:
    parse_memory(text)
    return text


_Time = Annotated[
    str,
    BeforeValidator(_checked_time),
    Field(json_schema_extra={"pattern": r"^(\d+(\.\d+)?[dhms] ?)+$"}),
]
_Memory = Annotated[
    str,
    BeforeValidator(_checked_memory),
    Field(json_schema_extra={"pattern": r"^\d+(\.\d+)? ?([kMGT]B|[KMGT]iB)$"}),
]


class LimitKeys(BaseModel):
    """`limits:` as a suite writes it; null lifts a limit that holds for all."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    time: _Time | None = Field(
        None,
        description="a step that runs longer is ended: 90s, 20m, 1h30m",
    )
    memory: _Memory | None = Field(
        None,
        description="a step whose processes have more resident is ended: 4GiB, 500MB",
    )


class StepRules(BaseModel):
    """`limits` and `timing` of a suite, or of a base model or method, which override the suite's key by key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits: LimitKeys = LimitKeys()
    timing: Timing | None = None  # None: as the suite says, shared

    @property
    def in_force(self) -> Limits:
        """In seconds and bytes."""
        time, memory = self.limits.time, self.limits.memory
        return Limits(
            None if time is None else parse_time(time),
            None if memory is None else parse_memory(memory),
        )

    @property
    def exclusive(self) -> bool:
        return self.timing == "exclusive"

    def overridden(self, own: StepRules) -> StepRules:
        """With the keys that `own` sets itself."""
        limits = self.limits.model_copy(update=own.limits.model_dump(exclude_unset=True))
        return StepRules(limits=limits, timing=own.timing or self.timing)

    def without(self, keys: Set[str]) -> StepRules:
        """With these limits unset, as if nobody had written them."""
        kept = self.limits.model_dump(exclude_unset=True, exclude=set(keys))
        return StepRules(limits=LimitKeys(**kept), timing=self.timing)


def wider(one: Limits, other: Limits) -> Limits:
    """What keeps both: the larger of each, none where one of them has none."""
    return Limits(
        _larger(one.time_s, other.time_s),
        _larger(one.memory_bytes, other.memory_bytes),
    )


def _larger(one: N | None, other: N | None) -> N | None:
    return None if one is None or other is None else max(one, other)
