"""The conformance kit that plugin authors run: `bench test-plugin`, or assert_conforms in tests of their own."""

from typing import TYPE_CHECKING, Any

from bench.testing.apart import Target, check_apart, named_apart
from bench.testing.by_kind import CHECKS, check_names
from bench.testing.kit import assert_conforms, check_plugin
from bench.testing.verdicts import CheckResult

__all__ = [
    "CHECKS",
    "CheckResult",
    "ExecutorConformance",
    "Target",
    "assert_conforms",
    "check_apart",
    "check_names",
    "check_plugin",
    "named_apart",
]

if TYPE_CHECKING:
    from bench.testing.conformance import ExecutorConformance


def __getattr__(name: str) -> Any:
    """What needs torch is imported when it is asked for: naming checks does without."""
    if name == "ExecutorConformance":
        from bench.testing.conformance import ExecutorConformance

        return ExecutorConformance
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
