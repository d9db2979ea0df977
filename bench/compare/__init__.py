"""Two runs in, a verdict with its evidence out."""

from bench.compare.compare import DEFAULT_TOLERANCE, compare
from bench.compare.model import (
    Absence,
    CodeChange,
    Comparison,
    ConditionChange,
    Difference,
    FileChange,
    Pair,
    Verdict,
    to_json,
)

__all__ = [
    "DEFAULT_TOLERANCE",
    "Absence",
    "CodeChange",
    "Comparison",
    "ConditionChange",
    "Difference",
    "FileChange",
    "Pair",
    "Verdict",
    "compare",
    "to_json",
]
