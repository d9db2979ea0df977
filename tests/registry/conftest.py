"""Plugins written on the spot, and the pip plugin installed for real."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file below a fresh folder: `write("a/b.py", "line", "line")`."""

    def write_file(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*lines, ""]), "utf-8")
        return path

    return write_file


@pytest.fixture(scope="session")
def pip_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the fixture's package."""
    project = shutil.copytree(
        FIXTURES / "pip_plugin", tmp_path_factory.mktemp("project") / "pip_plugin"
    )
    site = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--target", str(site), str(project)]
    subprocess.run([*pip, *options], check=True, capture_output=True)
    return site
