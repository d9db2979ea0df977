"""Benchmarks are run by hand: what they take from the project has to be there all the same."""

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# those of other libraries run in environments of their own
FILES = sorted(
    file for file in (ROOT / "benchmarks").rglob("*.py") if not file.stem.startswith("run_")
)
NAMES = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in FILES]


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_imported(name):
    assert import_module(name).__doc__
