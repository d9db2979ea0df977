"""A small suite over the light plugin, and ways to change it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.suite import load

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
  net: {use: net, dropout: 0.1}
methods:
  gating: {selector: {use: gate}}
seeds: [0]
"""


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry([LIGHT], autoload=False)


@pytest.fixture
def suite_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes the small suite with each (old, new) replaced."""

    def write(*changes: tuple[str, str]) -> Path:
        text = SUITE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "suite.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def errors_of(registry: Registry, suite_file: Callable[..., Path]) -> Callable[..., list[str]]:
    """The lines that `load` complains with, the folder cut off: `["suite.yaml:5:7: ..."]`."""

    def errors(*changes: tuple[str, str]) -> list[str]:
        path = suite_file(*changes)
        with pytest.raises(SuiteError) as caught:
            load(path, registry)
        return str(caught.value).replace(f"{path.parent}/", "").split("\n")

    return errors
