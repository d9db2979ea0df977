"""What the wheel holds, and that its version is said once."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import bench

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_has_these_packages_and_no_others(tmp_path):
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        info = next(name for name in names if name.endswith("entry_points.txt"))
        entry_points = opened.read(info).decode()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {
        "bench",
        "bench_baselines",
        "bench_ctr",
        "bench_data",
        "bench_metaselector",
    }
    assert "bench/py.typed" in names
    assert not [name for name in names if name.endswith((".csv", ".parquet", ".yaml"))]
    assert "metaselector-bench = bench.cli:main" in entry_points


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == bench.__version__


def test_every_dependency_has_a_floor_and_a_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    reasons = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for requirement in project["dependencies"]:
        name, floor, _ = requirement.partition(">=")
        assert floor, f"{requirement} has no floor"
        assert name in reasons, f"{name} has no reason in docs/architecture.md"
