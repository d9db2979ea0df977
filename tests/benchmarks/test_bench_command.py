"""`make bench` saves what it measures, and compares from the second run on."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = """
def test_something(benchmark):
    benchmark(sum, [1, 2])
"""


def options() -> list[str]:
    """What `make bench` tells pytest, without the folder."""
    rules = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    (line,) = (line for line in rules.splitlines() if "--benchmark-autosave" in line)
    _, *words = shlex.split(line)
    return [word for word in words if word != "benchmarks"]


def test_it_saves_and_compares(tmp_path):
    (tmp_path / "test_it.py").write_text(BENCHMARK)
    short = ["--benchmark-max-time=0.01", "--benchmark-min-rounds=1"]
    config = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    command = [sys.executable, "-m", "pytest", *options(), *short, *config, "test_it.py"]
    # beside other workers pytest-benchmark does not measure
    alone = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    runs = [
        subprocess.run(
            command, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False
        )
        for _ in range(2)
    ]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert "Can't compare. No benchmark files" in runs[0].stderr
    assert "test_something (0001_" in runs[1].stdout
    assert len(list(tmp_path.glob(".benchmarks/*/*.json"))) == 2
