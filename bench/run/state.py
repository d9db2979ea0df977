"""Where a run stands: what it was asked for, what is to be done, what is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.interfaces import Metric
from bench.job.outcome import Outcome
from bench.registry import Registry
from bench.run.planning.trials import Plan
from bench.run.progress import Watcher
from bench.run.recording import Scorer
from bench.run.sharing import Shared
from bench.suite import Suite

__all__ = ["Rerun", "RunState"]

Rerun = Literal["failed", "all", "none"]


@dataclass
class RunState:
    """Where a run stands."""

    suite: Suite
    registry: Registry
    plan: Plan
    metrics: Mapping[str, Metric]
    scorer: Scorer
    folder: Path
    cache: Path
    watcher: Watcher
    work: Shared
    rerun: Rerun
    left: dict[str, str] = field(default_factory=dict)  # trials without a record at first -> title
    # to be done, in this order, by id; and those of them that an executor was given
    steps: dict[str, None] = field(default_factory=dict)
    submitted: set[str] = field(default_factory=set)
    begun: set[str] = field(
        default_factory=set
    )  # of the latter, those that were told to have started
    # step -> how often its worker was lost
    gone: Counter[str] = field(default_factory=Counter)
    # done, but damaged before they were recorded
    made_anew: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    failures: dict[str, Outcome] = field(default_factory=dict)  # step -> what became of it
    # step that is done -> what its trial's record is to say beside it
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def running(self) -> set[str]:
        """Steps that the executor has and of which it has told no end."""
        return self.submitted - self.done - self.failures.keys()

    def is_open(self, identity: str) -> bool:
        """Whether a step may begin: nobody has it yet, and what it needs is there."""
        ended = identity in self.submitted or identity in self.done or identity in self.failures
        return not ended and all(need in self.done for need in self.plan.steps[identity].needs)
