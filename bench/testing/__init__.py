"""The conformance kit that plugin authors run: `bench test-plugin`, or assert_conforms in tests of their own."""

from bench.testing.apart import Target, check_apart, named_apart
from bench.testing.by_kind import CHECKS, check_names
from bench.testing.conformance import ExecutorConformance
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
