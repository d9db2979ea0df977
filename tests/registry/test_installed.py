"""Plugins of installed distributions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main


def test_code_of_an_installed_plugin_names_its_distribution_and_imports_nothing() -> None:
    script = (
        "import sys; from bench.registry import load_registry; c = load_registry().code('models', 'fm');"
        "print(c.origin, c.version, len(c.digest), sorted({'torch', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert result.stdout.split("\n")[0] == "metaselector-bench 0.1.0 (bench_ctr) 0.1.0 64 []"


def listed(*arguments: str) -> dict[str, list[dict[str, str]]]:
    result = CliRunner().invoke(main, ["list", "--json", *arguments])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_an_installed_package_is_listed_with_its_origin(
    pip_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(pip_site)
    origins = {plugin["name"]: plugin["origin"] for plugin in listed()["plugins"]}
    assert origins["fwfm"] == "ctr-extras 0.2.0 (ctr_extras)"
    without = {plugin["name"] for plugin in listed("--no-plugin-autoload")["plugins"]}
    assert "fwfm" not in without
    assert "fm" in without


@pytest.mark.fault(1)
def test_an_installed_package_that_does_not_import_is_quarantined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "broken_extras-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken-extras\nVersion: 1.0\n", "utf-8"
    )
    (info / "entry_points.txt").write_text(
        "[metaselector_bench]\nbroken = broken_extras\n", "utf-8"
    )
    (tmp_path / "broken_extras.py").write_text("import no_such_module\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (quarantined,) = listed()["quarantined"]
    assert quarantined["origin"] == "broken-extras 1.0 (broken_extras)"
    assert quarantined["reason"].startswith(
        "ModuleNotFoundError: No module named 'no_such_module' (broken_extras.py:1)"
    )
