"""A secret that a run could see is in nothing that it leaves or says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

IN_ENVIRONMENT, IN_COMMAND = "planted-5719-secret", "planted-8264-secret"
FAULTY = Path(__file__).parents[1] / "fixtures" / "faulty_plugin.py"


@pytest.mark.fault(44)
@pytest.mark.parametrize("fault", [pytest.param("none", marks=pytest.mark.slow), "raise"])
def test_a_secret_of_environment_and_command_line_is_told_nowhere(write_suite, tmp_path, fault):
    """A trial that fails keeps its traceback. The cache keeps paths, so as to see whether their files are as they were."""
    data = tmp_path / IN_COMMAND
    data.mkdir()
    models = f"  lr: {{use: lr}}\n  theirs: {{use: faulty, fault: {fault}}}"
    suite = write_suite(models=models, protocol="base_predictions: in-sample")
    out, cache = tmp_path / "out", tmp_path / "cache"
    said = [
        bench(
            "run",
            suite,
            "--plugins",
            FAULTY,
            "--out",
            out,
            "--cache-dir",
            cache,
            "--data-dir",
            data,
        ),
        bench("report", out),
        bench("report", out, "--json"),
        bench("doctor", "--cache-dir", cache),
    ]
    assert all(said)
    left, cached = contents(out), contents(cache)
    assert min(map(len, left)) > 0
    for text in (*said, *left):
        assert IN_ENVIRONMENT.encode() not in text
        assert IN_COMMAND.encode() not in text
    assert not [text for text in cached if IN_ENVIRONMENT.encode() in text]


def bench(*arguments: object) -> bytes:
    """What a command says, with secrets in its environment."""
    secrets = {"API_TOKEN": IN_ENVIRONMENT, "DATABASE_URL": f"https://me:{IN_ENVIRONMENT}@host"}
    command = [sys.executable, "-m", "bench.cli", *map(str, arguments)]
    return subprocess.run(
        command, env=os.environ | secrets, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    ).stdout  # fmt: skip


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
