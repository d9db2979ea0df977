"""Two versions in, a verdict that CI can act on out: quality and memory of two runs, speed of two versions on one machine."""

from bench.gate.asked import RUN_ASPECTS, aspects_of, check_apart, check_spares
from bench.gate.model import EXIT_CODES, Aspect, Cell, GateResult, Verdict, to_json, verdict_of
from bench.gate.runs import gate_runs

__all__ = [
    "EXIT_CODES",
    "RUN_ASPECTS",
    "Aspect",
    "Cell",
    "GateResult",
    "Verdict",
    "aspects_of",
    "check_apart",
    "check_spares",
    "gate_runs",
    "to_json",
    "verdict_of",
]
