"""The composite action, played: its `run:` steps in bash, as a runner of GitHub's does it, over a pull request that is green,
red or yellow."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.gate.runs import make_run, users_of
from tests.run.conftest import write_ratings, write_small_suite

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / ".github/actions/gate/action.yml").read_text("utf-8"))
WORSE = users_of(0.01, spread=0.01, between_seeds=2e-4, by=1)


class Played(NamedTuple):
    code: int
    log: str
    summary: str
    output: str


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Played]:
    """Runs the action in a folder with these inputs."""
    shim = tmp_path / "bin" / "bench"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bench.cli "$@"\n', "utf-8")
    shim.chmod(0o755)

    def run(**given: str) -> Played:
        inputs = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        summary, output, code, log = tmp_path / "summary", tmp_path / "output", 0, ""
        files = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
        for step in ACTION["runs"]["steps"]:
            if not is_asked_for(step, inputs) or code:
                continue
            of_step = {name: filled(value, inputs) for name, value in step["env"].items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=tmp_path,
                env={**os.environ, **environment(tmp_path), **files, **of_step},
                capture_output=True,
                text=True,
                check=False,
            )
            code, log = done.returncode, log + done.stdout + done.stderr
        read = [file.read_text("utf-8") if file.exists() else "" for file in (summary, output)]
        return Played(code, log, *read)

    return run


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins"))),
        "BENCH_CACHE": str(folder / "cache"),
    }


def is_asked_for(step: dict[str, Any], inputs: dict[str, str]) -> bool:
    return "if" not in step or inputs["suite"] != ""


def filled(value: str, inputs: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda one: inputs[one[1]], value)


def test_a_green_pull_request(play: Callable[..., Played], tmp_path: Path) -> None:
    make_run(tmp_path / "base", {"fm": users_of()})
    found = play(base="base", candidate="base")
    assert (found.code, found.output) == (0, "verdict=ok\n")
    assert found.summary.startswith("### 🟢 Fine: of 2 figures 2 ok")
    assert "::error" not in found.log


def test_a_red_pull_request_says_why(play: Callable[..., Played], tmp_path: Path) -> None:
    make_run(tmp_path / "base", {"fm": users_of()})
    make_run(tmp_path / "candidate", {"fm": WORSE})
    found = play(base="base", candidate="candidate", inconclusive="warn")
    assert (found.code, found.output) == (1, "verdict=regressed\n")
    assert "### 🔴 Regressed" in found.summary
    assert "\n::error title=bench gate%3A regressed::ml/cold fm auc: worse by" in found.log
    assert ET.parse(tmp_path / "gate-reports/gate.xml").getroot().get("failures") == "2"
    assert (tmp_path / "gate-reports/gate.md").read_text("utf-8") == found.summary


@pytest.mark.parametrize(("inconclusive", "code"), [("fail", 3), ("warn", 0)])
def test_a_yellow_pull_request_stops_or_not(
    play: Callable[..., Played], tmp_path: Path, inconclusive: str, code: int
) -> None:
    make_run(tmp_path / "base", {"fm": users_of()}, seeds=(0,))
    make_run(tmp_path / "candidate", {"fm": WORSE}, seeds=(0,))
    found = play(base="base", candidate="candidate", inconclusive=inconclusive)
    assert (found.code, found.output) == (code, "verdict=inconclusive\n")
    assert "### 🟡 Inconclusive" in found.summary
    assert "run 3 seeds" in found.log


def test_a_base_that_is_not_there_is_an_error(play: Callable[..., Played], tmp_path: Path) -> None:
    found = play(base="nowhere", candidate="nowhere", inconclusive="warn")
    assert (found.code, found.output) == (2, "verdict=error\n")
    assert found.log.startswith("::error title=bench gate::nowhere")


def test_another_choice_is_an_error(play: Callable[..., Played]) -> None:
    assert play(base="base", inconclusive="pass").code == 2


def test_inputs_are_handed_over_as_variables() -> None:
    """In the text of a step whatever an input holds would be run."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


@pytest.mark.slow
def test_a_suite_is_run_and_judged(play: Callable[..., Played], tmp_path: Path) -> None:
    write_ratings(tmp_path / "ratings.csv")
    suite = write_small_suite(tmp_path)
    assert play(suite=suite.name, base="base", candidate="base", aspects="quality").code == 0
    found = play(
        suite=suite.name, base="base", aspects="quality", run_options="--threads 1 --only lr"
    )
    assert (found.code, found.output.splitlines()[-1]) == (4, "verdict=incomplete")
    worse = "--set train.learning_rate=1e-7"
    found = play(suite=suite.name, base="base", aspects="quality", run_options=worse)
    assert found.output.splitlines()[-1] == "verdict=inconclusive"
