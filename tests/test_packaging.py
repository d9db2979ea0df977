"""What the wheel holds, and that its version is said once."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

import bench

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Names in the wheel that is built of a copy of the sources, which what an earlier build left behind is not in."""
    folder = tmp_path_factory.mktemp("wheel")
    left_out = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "results")
    shutil.copytree(ROOT, folder / "sources", ignore=left_out)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(folder / "sources"),
    ]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as opened:
        yield opened


def test_the_wheel_has_these_packages_and_no_others(wheel):
    top = {name.split("/")[0] for name in wheel.namelist()}
    plugins = {"baselines", "ctr", "data", "executors", "metaselector"}
    packages = {"bench", *(f"bench_{name}" for name in plugins)}
    assert top == packages | {f"metaselector_bench-{bench.__version__}.dist-info"}
    for package in packages:
        assert f"{package}/__init__.py" in wheel.namelist()


def test_the_wheel_has_every_module(wheel):
    sources = {file.relative_to(ROOT).as_posix() for file in (ROOT / "bench").rglob("*.py")}
    sources |= {
        file.relative_to(ROOT / "plugins").as_posix() for file in (ROOT / "plugins").rglob("*.py")
    }
    assert {name for name in wheel.namelist() if name.endswith(".py")} == sources


def test_a_plugin_package_is_the_same_in_the_wheel_and_in_a_checkout(wheel):
    """Its digest is of all its files: a base from a checkout and a candidate from a wheel are of one code."""
    listed = subprocess.run(
        ["git", "ls-files", "."], cwd=ROOT / "plugins", capture_output=True, text=True, check=False
    )
    files = set(listed.stdout.splitlines())
    if not files:
        pytest.skip("no git checkout")
    tops = {file.partition("/")[0] for file in files}
    assert {name for name in wheel.namelist() if name.partition("/")[0] in tops} == files


def test_the_wheel_is_typed_and_holds_neither_data_nor_suites(wheel):
    assert "bench/py.typed" in wheel.namelist()
    assert not [
        name for name in wheel.namelist() if name.endswith((".csv", ".parquet", ".npy", ".yaml"))
    ]


def test_the_wheel_has_both_commands_and_the_plugins_entry_points(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    points = configparser.ConfigParser()
    points.read_string(wheel.read(name).decode())
    assert dict(points["console_scripts"]) == dict.fromkeys(
        ["bench", "metaselector-bench"], "bench.cli.__main__:run"
    )
    assert set(points["metaselector_bench"]) == {
        "core",
        "data",
        "ctr",
        "baselines",
        "metaselector",
        "executors",
    }


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


def test_what_the_extras_of_engines_ask_for_has_a_floor_and_a_pin():
    """The floors are those that the golden suite was run with."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    for requirement in (*extras["dask"], *extras["ray"]):
        name, floor = requirement.split(">=")
        assert Version(pins[name]) >= Version(floor)
    assert set(extras["dask"]) <= set(extras["dev"]), "tests of Dask are part of the check"


def test_floors_are_those_that_are_tested():
    """`make test-floors` installs constraints-floors.txt. Type stubs and what only checks the sources have no part in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (ROOT / "constraints-floors.txt").read_text("utf-8").splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    floors = dict(one.split(">=") for one in wanted if ">=" in one)
    checkers = {"mypy", "ruff"}
    assert tested.keys() == floors.keys() - checkers
    assert all(Version(tested[name]) == Version(floors[name]) for name in tested)
