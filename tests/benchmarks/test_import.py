"""Benchmarks are run by hand: what they take from the project has to be there all the same."""

from importlib import import_module
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).resolve().parents[2] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_a_benchmark_can_be_imported(name):
    assert import_module(f"benchmarks.{name}").__doc__
