"""The whole gate, of the real harness: which code is timed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.gate.speed import SpeedOptions, gate_speed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # a dozen processes import torch
ROOT = Path(__file__).parents[3]
BURNING = '''
import numpy as np

from bench import hookimpl
from bench.interfaces import Model


class Burning(Model):
    """The rate, after some work."""

    name = "burning"

    def fit(self, train, valid, context):
        self.rate = train.labels.mean() + 0 * sum(number % 7 for number in range({rounds}))

    def predict(self, rows):
        return np.full(len(rows), self.rate)


@hookimpl
def bench_models():
    return {{"burning": f"{{__name__}}:Burning"}}
'''
SUITE = """\
version: 1
name: ci
plugins: [burning.py]
datasets:
  clicks: {use: table, path: clicks.csv, user: user, item: item, fields: [user, item], label: label}
protocols:
  cold: {use: user-holdout}
base_models:
  burning: {use: burning}
seeds: [0]
metrics: [logloss]
gate: {throughput: 0.2}
"""


def plugin(folder, rounds, name="burning.py"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(BURNING.format(rounds=rounds))


def suite(folder, text=SUITE):
    (folder / "ci.yaml").write_text(text)


def clicks(folder):
    rows = [f"{user},{item},{(user + item) % 2}" for user in range(20) for item in range(8)]
    (folder / "clicks.csv").write_text("\n".join(["user,item,label", *rows, ""]))


def git(*arguments):
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def commit(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "base")


def gate(base=".", candidate=".", **asked):
    """As short as it gets: what is measured of one launch judges nothing, and says what ran."""
    options = SpeedOptions(Path("ci.yaml"), launches=1, blocks=1, control=1, **asked)
    result = gate_speed(base, candidate, options)
    return result, {cell.measure: cell for cell in result.cells}


def test_two_versions_of_a_plugin_in_two_folders(tmp_path, monkeypatch):
    for name, rounds in (("base", 300_000), ("candidate", 1_500_000)):
        plugin(tmp_path / name, rounds)
        suite(tmp_path / name)
        clicks(tmp_path / name)
    monkeypatch.chdir(tmp_path / "candidate")
    _, cells = gate("../base", ".")
    assert cells["train_cpu_s"].verdict == "inconclusive"  # one launch judges nothing
    assert cells["train_cpu_s"].margin == 0.2
    assert cells["train_cpu_s"].change > 0.2
    assert cells["peak_rss_bytes"].verdict == "ok"
    assert cells["peak_rss_bytes"].base > 50e6
    assert cells["blob_bytes"].change == 0
    assert sorted(os.listdir()) == ["burning.py", "ci.yaml", "clicks.csv"]


def test_a_base_without_the_suite_runs_its_own_plugin(tmp_path, monkeypatch):
    """And not the candidate's twice, which would be as fast as itself."""
    plugin(tmp_path, 1_500_000)
    clicks(tmp_path)
    commit(tmp_path, monkeypatch)
    plugin(tmp_path, 300_000)
    suite(tmp_path)
    result, cells = gate("HEAD", ".")
    assert cells["train_cpu_s"].change < -0.5
    assert any("has no ci.yaml of its own" in note for note in result.notes)


def test_plugins_of_the_command_are_each_sides_own(tmp_path, monkeypatch):
    plugin(tmp_path, 1_500_000)
    suite(tmp_path, SUITE.replace("plugins: [burning.py]\n", ""))
    clicks(tmp_path)
    commit(tmp_path, monkeypatch)
    plugin(tmp_path, 300_000)
    _, cells = gate("HEAD", ".", plugins=(Path("burning.py"),))
    assert cells["train_cpu_s"].change < -0.5


PACKAGE = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "burning-models"
version = "{version}"
[project.entry-points.metaselector_bench]
burning = "burning_models"
[tool.setuptools]
py-modules = ["burning_models"]
"""


def test_a_tree_that_is_a_package_is_installed_for_its_side_alone(tmp_path, monkeypatch):
    for version, rounds in (("1.0", 1_500_000), ("1.1", 300_000)):
        plugin(tmp_path, rounds, "burning_models.py")
        (tmp_path / "pyproject.toml").write_text(PACKAGE.format(version=version))
        if version == "1.0":
            suite(tmp_path, SUITE.replace("plugins: [burning.py]\n", ""))
            clicks(tmp_path)
            commit(tmp_path, monkeypatch)
    result, cells = gate("HEAD", ".")
    assert cells["train_cpu_s"].change < -0.5
    assert not [note for note in result.notes if "own" in note]


def test_a_candidate_whose_plugin_does_not_import_is_incomplete(tmp_path, monkeypatch):
    plugin(tmp_path, 10)
    suite(tmp_path)
    clicks(tmp_path)
    commit(tmp_path, monkeypatch)
    Path("burning.py").write_text("raise RuntimeError('no such library')\n" + BURNING)
    for sides, role in ((("HEAD", "."), "CANDIDATE"), ((".", "HEAD"), "BASE")):
        result, cells = gate(*sides)
        assert result.exit_code == 4
        assert cells[""].reason.startswith(f"no result in {role} (unavailable")
        assert "no such library" in cells[""].reason


OF_THE_HARNESS = """\
version: 1
name: ci
datasets:
  syn: {use: synthetic, users: 60, items: 30, rows_per_user: 12}
protocols:
  cold: {use: user-holdout}
base_models:
  lr: {use: lr}
seeds: [0]
metrics: [logloss]
"""


def test_two_versions_of_the_harness_itself(tmp_path, monkeypatch):
    """A git ref and a checkout: the harness is each side's own, and so are the plugins beside it."""
    without = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("bench", "plugins"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=without)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    suite(tmp_path, OF_THE_HARNESS)
    commit(tmp_path, monkeypatch)
    harness = Path("bench/__init__.py")
    harness.write_text(harness.read_text().replace("__version__ = ", "__version__ = '9' + "))
    lr = Path("plugins/bench_ctr/lr.py")
    twice = lr.read_text().replace("w.sum((-2, -1))", "2 * w.sum((-2, -1))")
    lr.write_text(twice.replace('    compiled_form = "logistic-regression"\n', ""))
    result, cells = gate("HEAD", ".")
    versions = [line for line in result.differs if line.startswith("metaselector-bench")]
    assert versions == ["metaselector-bench 0.1.0 in BASE, 90.1.0 in CANDIDATE"]
    assert any(line.startswith("predictions of lr differ") for line in result.differs)
    assert cells["peak_rss_bytes"].base > 50e6
