"""Is one version slower or larger than another, by launches on this machine or by files of pytest-benchmark?"""

from collections.abc import Callable

from bench.gate.model import GateResult
from bench.gate.speed.options import SpeedOptions

__all__ = ["SpeedOptions", "gate_speed"]


def gate_speed(
    base: str, candidate: str, options: SpeedOptions, say: Callable[[str], None] = lambda _: None
) -> GateResult:
    """With a suite, both sides run it here, and `say` hears what runs; without one they are files of pytest-benchmark.

    Raises CompareError where a side is nothing, or where the two can't be compared."""
    if options.suite is None:
        from bench.gate.speed.pytest_benchmark import gate_files

        return gate_files(base, candidate, options)
    from bench.gate.speed.gate import gate_suites

    return gate_suites(base, candidate, options, say)
