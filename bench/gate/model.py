"""What a gate found: plain frozen data, the same for quality, throughput and memory. Printers read this and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["EXIT_CODES", "Aspect", "Cell", "GateResult", "Verdict", "to_json", "verdict_of"]

Aspect = Literal["quality", "throughput", "memory"]
# ok: not worse by more than the margin, beyond chance. better: ok, and better than the base beyond chance.
# regressed: worse by more than the margin, beyond chance. inconclusive: neither can be said of this many users, seeds or
# launches. incomplete: one side has no such figure.
Verdict = Literal["ok", "better", "regressed", "inconclusive", "incomplete"]

# What a command ends with; 2 (not comparable) is raised as CompareError.
EXIT_CODES: dict[Verdict, int] = {
    "ok": 0,
    "better": 0,
    "regressed": 1,
    "inconclusive": 3,
    "incomplete": 4,
}


@dataclass(frozen=True)
class Cell:
    """One figure of one method on one dataset under one protocol, judged. `measure`: a metric's name, or what was measured
    (`train_cpu_s`, `peak_rss_bytes`, the name of a benchmark). `change`, `low`, `high` (95 % interval; of memory the least and
    the most over seeds) and `margin` are in one unit, in which above 0 is worse: of quality the metric's own; of throughput
    and memory relative to the base (.1: a tenth slower or larger). None is what could not be told, for the `reason`. `p`: that
    the change is at most the margin, adjusted over all cells (Holm). `reason`: what the verdict rests on, and of
    `inconclusive` what would settle it."""

    aspect: Aspect
    dataset: str
    protocol: str
    method: str
    measure: str
    verdict: Verdict
    reason: str
    base: float | None = None
    candidate: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    p: float | None = None

    @property
    def name(self) -> str:
        """`clicks/cold nfm auc`; of a benchmark without dataset its own name."""
        place = "/".join(part for part in (self.dataset, self.protocol) if part)
        return " ".join(part for part in (place, self.method, self.measure) if part)


@dataclass(frozen=True)
class GateResult:
    """`base`, `candidate`: what was compared, in words. `differs`: of machine, versions, code and settings, a line each.
    `notes`: what a reader has to know beside the cells (the control's spread, what was repeated)."""

    base: str
    candidate: str
    cells: tuple[Cell, ...]
    differs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Of all cells."""
        return verdict_of([cell.verdict for cell in self.cells])

    @property
    def exit_code(self) -> int:
        """0 green, 1 regressed, 3 inconclusive, 4 incomplete."""
        return EXIT_CODES[self.verdict]


def verdict_of(verdicts: Sequence[Verdict]) -> Verdict:
    """The gravest: incomplete before regressed, since nothing is known of what is missing. What measured nothing is
    incomplete, never green. `better` where some are and the others are ok."""
    for gravest in ("incomplete", "regressed", "inconclusive", "better"):
        if gravest in verdicts:
            return gravest
    return "ok" if verdicts else "incomplete"


def to_json(result: GateResult) -> dict[str, Any]:
    """Every cell, unrounded."""
    return {
        "schema": 1,
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        **asdict(result),
    }
