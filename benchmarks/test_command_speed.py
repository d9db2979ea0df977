"""What somebody waits for: a suite that is refused, however hostile the file, and the checks of a plugin's file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import SuiteError
from bench.suite.places.yaml_document import parse
from tests.suite.hostile import HOSTILE

PLUGIN = Path(__file__).parents[1] / "tests" / "fixtures" / "single_file_plugin.py"


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_suite(benchmark, content):
    def refused():
        with pytest.raises(SuiteError):
            parse(content.encode(), "suite.yaml")

    benchmark.pedantic(refused, rounds=3)


def test_the_checks_of_a_plugin(benchmark):
    arguments = ["test-plugin", str(PLUGIN), "--no-plugin-autoload"]
    result = benchmark.pedantic(CliRunner().invoke, args=(main, arguments), rounds=1)
    assert result.exit_code == 0, result.output
