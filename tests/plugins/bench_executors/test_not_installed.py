"""An engine that is not installed is said with how to install it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from tests.run.conftest import write_small_suite


@pytest.mark.parametrize(("name", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_it_is_one_line_with_the_fix(tmp_path: Path, monkeypatch, name, package) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    suite = write_small_suite(tmp_path)
    folders = ["--out", tmp_path / "run", "--cache-dir", tmp_path / "cache"]
    result = CliRunner().invoke(main, list(map(str, ["run", suite, "--executor", name, *folders])))
    assert result.exit_code == 5, result.output
    said = " ".join(result.stderr.split())
    assert f"executor '{name}': import of {package} halted" in said
    assert f"install it: pip install 'metaselector-bench[{name}]'" in said
