"""This project's own gate: the golden suite, run afresh, against the committed run, by the command that users have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=280,
    )


@pytest.fixture(scope="module")
def candidate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    ran = bench(
        "run", "suites/golden.yaml", "--out", folder / "run", "--cache-dir", folder / "cache"
    )
    assert ran.returncode == 0, ran.stderr
    return folder / "run"


def test_quality_is_that_of_the_golden_run(candidate):
    compared = bench("compare", "results/golden", candidate)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    judged = bench("gate", "results/golden", candidate, "--aspect", "quality")
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_golden_table_is_the_one_that_its_script_makes(tmp_path):
    made = subprocess.run(
        [sys.executable, "suites/golden/make_ratings.py"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert made.stdout == (ROOT / "suites" / "golden" / "ratings.csv").read_text("utf-8")
