"""Two versions in, a verdict that CI can act on out: quality and memory of two runs, speed of two versions on one machine."""

from bench.gate.model import EXIT_CODES, Aspect, Cell, GateResult, Verdict, to_json, verdict_of
from bench.gate.runs import RUN_ASPECTS, gate_runs

__all__ = [
    "EXIT_CODES",
    "RUN_ASPECTS",
    "Aspect",
    "Cell",
    "GateResult",
    "Verdict",
    "gate_runs",
    "to_json",
    "verdict_of",
]
