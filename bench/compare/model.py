"""What a comparison of two runs found: plain frozen data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = [
    "Absence",
    "CodeChange",
    "Comparison",
    "ConditionChange",
    "Difference",
    "FileChange",
    "Pair",
    "Verdict",
    "to_json",
]

# "same" is within the tolerance; bounds are not judged
Verdict = Literal["same", "better", "worse", "not judged"]


@dataclass(frozen=True)
class Difference:
    """One metric of one trial. `change` is candidate minus base; None where one of them is undefined. `higher_is_better` is
    None where the metric's direction is unknown."""

    metric: str
    base: float | None
    candidate: float | None
    change: float | None
    tolerance: float
    verdict: Verdict
    higher_is_better: bool | None = None


@dataclass(frozen=True)
class CodeChange:
    """Plugin (or the harness) whose sources differ; digests are sha256, empty where it is absent."""

    what: str
    base: str
    candidate: str


@dataclass(frozen=True)
class FileChange:
    """A file that a base model read, with other content; digests are sha256."""

    model: str
    file: str
    base: str
    candidate: str


@dataclass(frozen=True)
class ConditionChange:
    """What of the machine or the versions differs: each side's values over all pairs in which it does."""

    what: str
    base: str
    candidate: str


@dataclass(frozen=True)
class Pair:
    """A trial that both runs have a result of. `cpu_ratio`: the candidate's own CPU seconds (training and prediction)
    over the base's; None where either has none, where machine, threads or versions of what computes differ, or where both
    have one measurement, the step being taken from the cache.
    `settings_change`, `pool_change`: how the settings, or the base models under a method, differ; empty where they don't."""

    dataset: str
    protocol: str
    method: str
    seed: int
    kind: str
    differences: tuple[Difference, ...]
    cpu_ratio: float | None
    same_settings: bool
    settings_change: str = ""
    pool_change: str = ""


@dataclass(frozen=True)
class Absence:
    """A trial of the base that can't be compared, and why."""

    dataset: str
    protocol: str
    method: str
    seed: int
    reason: str


@dataclass(frozen=True)
class Comparison:
    """`added` are methods that the candidate alone has; they are not judged. `cpu_ratio` is of all pairs together that
    have one; `cpu_unlike` is what withheld it of the others, `cpu_once` of how many pairs there is one measurement.
    `code_unknown` are metrics whose code can't be compared. A
    trial that neither run was ever asked for is neither a pair nor absent."""

    pairs: tuple[Pair, ...]
    absent: tuple[Absence, ...]
    added: tuple[str, ...]
    cpu_ratio: float | None
    code: tuple[CodeChange, ...]
    # of base and candidate: trials of the suite that nobody asked for
    not_asked: tuple[int, int] = (0, 0)
    conditions: tuple[ConditionChange, ...] = ()
    cpu_unlike: tuple[str, ...] = ()
    cpu_once: int = 0
    code_unknown: tuple[str, ...] = ()
    files: tuple[FileChange, ...] = ()

    @property
    def regressions(self) -> tuple[tuple[Pair, Difference], ...]:
        """Every difference that is worse than its tolerance allows."""
        return tuple(
            (pair, one) for pair in self.pairs for one in pair.differences if one.verdict == "worse"
        )

    @property
    def exit_code(self) -> int:
        """4 where a trial of the base is missing or failed in either run, or the runs have nothing in common (also when
        what is there regressed: an incomplete comparison is no verdict); else 1 where a metric regressed; else 0."""
        if self.absent or not self.pairs:
            return 4
        return 1 if self.regressions else 0


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Every pair, difference and digest, unrounded; None where there is no figure."""
    return {
        "schema": 1,
        "exit_code": comparison.exit_code,
        "regressions": len(comparison.regressions),
        **asdict(comparison),
    }
