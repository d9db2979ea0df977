"""The conformance kit that plugin authors run: `bench test-plugin`, or assert_conforms in tests of their own."""

from bench.testing.kit import CHECKS, CheckResult, assert_conforms, check_plugin

__all__ = ["CHECKS", "CheckResult", "assert_conforms", "check_plugin"]
