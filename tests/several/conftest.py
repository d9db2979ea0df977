"""Runs as tests of the report write them."""

from tests.report.conftest import make_analysed, make_run, on_disk

__all__ = ["make_analysed", "make_run", "on_disk"]
