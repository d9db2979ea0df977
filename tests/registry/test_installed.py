"""Plugins of installed distributions, each command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_code_of_an_installed_plugin_names_its_distribution_and_imports_nothing() -> None:
    script = (
        "import sys; from bench.registry import load_registry; c = load_registry().code('models', 'fm');"
        "print(c.origin, c.version, len(c.digest), sorted({'torch', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert result.stdout.split("\n")[0] == "metaselector-bench 0.1.0 (bench_ctr) 0.1.0 64 []"


def listed(site: Path, *arguments: str) -> dict[str, list[dict[str, str]]]:
    command = [sys.executable, "-m", "bench.cli", "list", "--json", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return json.loads(
        subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    )


def test_an_installed_package_is_listed_with_its_origin(pip_site: Path) -> None:
    origins = {plugin["name"]: plugin["origin"] for plugin in listed(pip_site)["plugins"]}
    assert origins["fwfm"] == "ctr-extras 0.2.0 (ctr_extras)"
    without = {plugin["name"] for plugin in listed(pip_site, "--no-plugin-autoload")["plugins"]}
    assert "fwfm" not in without
    assert "fm" in without


@pytest.mark.fault(1)
def test_an_installed_package_that_does_not_import_is_quarantined(tmp_path: Path) -> None:
    info = tmp_path / "broken_extras-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken-extras\nVersion: 1.0\n", "utf-8"
    )
    (info / "entry_points.txt").write_text(
        "[metaselector_bench]\nbroken = broken_extras\n", "utf-8"
    )
    (tmp_path / "broken_extras.py").write_text("import no_such_module\n", "utf-8")
    (quarantined,) = listed(tmp_path)["quarantined"]
    assert quarantined["origin"] == "broken-extras 1.0 (broken_extras)"
    assert quarantined["reason"].startswith(
        "ModuleNotFoundError: No module named 'no_such_module' (broken_extras.py:1)"
    )
