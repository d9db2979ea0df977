"""Several runs, side by side, as plain frozen data. Figures are unrounded, names are as in the suites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.report import Report
from bench.several.readable import LeftOut

__all__ = ["Differing", "Figures", "Group", "Kind", "Line", "OneRun", "Place", "Several"]

Kind = Literal[
    "data", "split", "suite", "seeds", "metrics", "settings", "pool", "files", "code", "versions and machine",
]  # fmt: skip


@dataclass(frozen=True)
class OneRun:
    """`head`: of its columns, unlike those of others; `name`: its folder, as short as tells it from the others."""

    head: str
    name: str
    report: Report


@dataclass(frozen=True)
class Differing:
    """Something in how runs were made that differs between some of them: a value a run."""

    kind: Kind
    what: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """Of a method in one run. `mark`: `*` best of its run, `=` tied with it, `!` of fewer seeds. `difference`: from the
    group's first run, the mean over the seeds that both have a value of; None where there are none, or this is that run.
    `total_cpu_s`: None where it was not measured, or machine, threads or versions are other than the first run's."""

    mean: float | None
    sd: float | None
    mark: str
    difference: float | None
    total_cpu_s: float | None


@dataclass(frozen=True)
class Line:
    """`kind`: "method", "base_model" or "bound"; `figures`: one a run of the group, None where it has none of that name."""

    name: str
    kind: str
    figures: tuple[Figures | None, ...]


@dataclass(frozen=True)
class Group:
    """Runs (their places among all) whose figures are of the same rows, by the same metric. `unlike`: to each run, what CPU
    time hangs on and is other than in the group's first run; `decimals`: to print figures with."""

    runs: tuple[int, ...]
    metric: str
    higher_is_better: bool
    lines: tuple[Line, ...]
    unlike: tuple[tuple[str, ...], ...]
    decimals: int


@dataclass(frozen=True)
class Place:
    """A dataset under a protocol, by their names. Figures of several groups are not comparable: `apart` says why."""

    dataset: str
    protocol: str
    groups: tuple[Group, ...]
    apart: str = ""


@dataclass(frozen=True)
class Several:
    """Two runs or more, in the order in which they were asked for. `left_out`: what was asked for too and can't be read."""

    runs: tuple[OneRun, ...]
    differing: tuple[Differing, ...]
    places: tuple[Place, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def exit_code(self) -> int:
        """4 where a report of one of them has it, and where one was left out; else 0."""
        return max(4 if self.left_out else 0, *(run.report.exit_code for run in self.runs))
