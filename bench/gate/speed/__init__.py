"""Is one version slower or larger than another, by launches on this machine or by files of pytest-benchmark?"""

from bench.gate.speed.gate import gate_suites
from bench.gate.speed.options import SpeedOptions

__all__ = ["SpeedOptions", "gate_suites"]
