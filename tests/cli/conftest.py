"""Commands run in this process, and the small suite that they work on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import main

LIGHT = Path(__file__).parents[1] / "fixtures" / "light_plugin.py"
SUITE = """\
version: 1
name: small
datasets:
  toy: {use: toy, path: x.csv}
protocols:
  cold: {use: user-holdout}
base_models:
  trees: {use: trees}
  net: {use: net}
methods:
  gating: {selector: {use: gate}}
seeds: [0, 1]
metrics: [relaimpr]
"""


@pytest.fixture
def bench() -> Callable[..., Result]:
    """Runs `bench ARGUMENTS` with the light plugin alone: `bench("list", "--json")`."""

    def run(command: str, *arguments: str | Path) -> Result:
        plugins = ["--plugins", str(LIGHT), "--no-plugin-autoload"]
        return CliRunner().invoke(main, [command, *map(str, arguments), *plugins])

    return run


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE, "utf-8")
    return path
