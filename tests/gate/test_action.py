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
    """`verdict`: the action's output."""

    code: int
    log: str
    summary: str
    verdict: str


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Played]:
    """Runs the action in a folder with these inputs. `first`: a line of sh that is run before `bench` is."""

    def run(first: str = "", **given: str) -> Played:
        write_shim(tmp_path / "bin", first)
        inputs = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        summary, code, log = tmp_path / "summary", 0, ""
        outputs: dict[str, str] = {}
        for step in ACTION["runs"]["steps"]:
            if not is_asked_for(step, inputs) or code:
                continue
            output = tmp_path / "output"
            output.write_text("", "utf-8")
            files = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
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
            outputs |= told_by(step, output)
        shown = summary.read_text("utf-8") if summary.exists() else ""
        return Played(code, log, shown, evaluated(ACTION["outputs"]["verdict"]["value"], outputs))

    return run


def write_shim(folder: Path, first: str) -> None:
    shim = folder / "bench"
    folder.mkdir(exist_ok=True)
    shim.write_text(f'#!/bin/sh\n{first}\nexec "{sys.executable}" -m bench.cli "$@"\n', "utf-8")
    shim.chmod(0o755)


def told_by(step: dict[str, Any], output: Path) -> dict[str, str]:
    """What a runner calls the outputs of a step, to their values; the last line of a name counts."""
    lines = [line.partition("=") for line in output.read_text("utf-8").splitlines()]
    return {f"steps.{step['id']}.outputs.{name}": value for name, _, value in lines}


def evaluated(expression: str, outputs: dict[str, str]) -> str:
    """Of `${{ a || b }}`, a name or a text each: the first that is not empty."""
    found = re.fullmatch(r"\$\{\{ (.+) \}\}", expression)
    assert found is not None
    for term in found[1].split(" || "):
        if value := term[1:-1] if term.startswith("'") else outputs.get(term, ""):
            return value
    return ""


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
    for name in ("base", "candidate"):
        make_run(tmp_path / name, {"fm": users_of()})
    found = play(base="base", candidate="candidate")
    assert (found.code, found.verdict) == (0, "ok")
    assert found.summary.startswith("### 🟢 Fine: of 2 figures 2 ok")
    assert "::error" not in found.log


def test_a_red_pull_request_says_why(play: Callable[..., Played], tmp_path: Path) -> None:
    make_run(tmp_path / "base", {"fm": users_of()})
    make_run(tmp_path / "candidate", {"fm": WORSE})
    found = play(base="base", candidate="candidate", inconclusive="warn")
    assert (found.code, found.verdict) == (1, "regressed")
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
    assert (found.code, found.verdict) == (code, "inconclusive")
    assert "### 🟡 Inconclusive" in found.summary
    assert "run 3 seeds" in found.log


def test_a_base_that_is_not_there_is_an_error(play: Callable[..., Played], tmp_path: Path) -> None:
    found = play(base="nowhere", candidate="nowhere", inconclusive="warn")
    assert (found.code, found.verdict) == (2, "error")
    assert found.log.startswith("::error title=bench gate::nowhere")


def test_another_choice_is_an_error(play: Callable[..., Played]) -> None:
    found = play(base="base", inconclusive="pass")
    assert (found.code, found.verdict) == (2, "error")


# -- results and reports that an earlier job left


def leave_behind(tmp_path: Path) -> Path:
    """A base, and a candidate and reports that are green; gives the candidate's manifest."""
    for name in ("base", "results/candidate"):
        make_run(tmp_path / name, {"fm": users_of()})
    (tmp_path / "gate-reports").mkdir()
    for name in ("gate.md", "gate.xml"):
        (tmp_path / "gate-reports" / name).write_text("green", "utf-8")
    return tmp_path / "results/candidate/manifest.json"


@pytest.mark.parametrize("code", [1, 2, 4, 5, 130])
def test_what_an_earlier_job_left_is_not_judged_where_a_run_wrote_nothing(
    play: Callable[..., Played], tmp_path: Path, code: int
) -> None:
    manifest = leave_behind(tmp_path)
    before = manifest.read_bytes()
    stops = f'[ "$1" = run ] && exit {code}'
    found = play(first=stops, base="base", suite="ci.yaml", inconclusive="warn")
    assert (found.code, found.verdict, found.summary) == (code, "error", "")
    assert ("::error::bench run wrote no results" in found.log) == (code == 4)
    assert list((tmp_path / "gate-reports").iterdir()) == []
    assert manifest.read_bytes() == before


def test_trials_that_failed_are_judged_where_the_run_wrote_its_results(
    play: Callable[..., Played], tmp_path: Path
) -> None:
    leave_behind(tmp_path)
    writes = '[ "$1" = run ] && sleep 0.1 && touch results/candidate/manifest.json && exit 4'
    found = play(first=writes, base="base", suite="ci.yaml")
    assert (found.code, found.verdict) == (0, "ok")


def test_a_metric_that_is_unavailable_is_an_error(
    play: Callable[..., Played], tmp_path: Path
) -> None:
    leave_behind(tmp_path)
    write_ratings(tmp_path / "ratings.csv")
    suite = write_small_suite(tmp_path)
    text = suite.read_text("utf-8").replace(
        "seeds: [0]", "seeds: [0]\nmetrics: [auc, logloss, mine]"
    )
    suite.write_text(f"plugins: [mine.py]\n{text}", "utf-8")
    (tmp_path / "mine.py").write_text("import no_such_package\nNAMES = ['mine']\n", "utf-8")
    found = play(base="base", suite=suite.name, run_options="--executor inline")
    assert (found.code, found.verdict) == (2, "error")
    assert "metric 'mine' is unavailable" in found.log


def test_the_folder_that_is_judged_is_the_one_that_is_run_into(
    play: Callable[..., Played], tmp_path: Path
) -> None:
    leave_behind(tmp_path)
    tells = '[ "$1" = run ] && echo "$@" && exit 2'
    found = play(first=tells, base="base", suite="ci.yaml", run_options="--out elsewhere")
    assert "\nrun ci.yaml --out elsewhere --out results/candidate\n" in found.log


def test_inputs_are_handed_over_as_variables() -> None:
    """In the text of a step whatever an input holds would be run."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


@pytest.mark.slow
def test_a_suite_is_run_and_judged(play: Callable[..., Played], tmp_path: Path) -> None:
    write_ratings(tmp_path / "ratings.csv")
    suite = write_small_suite(tmp_path)
    same = {"suite": suite.name, "base": "base", "aspects": "quality"}
    first = play(**same)  # there is no base yet
    assert (first.code, first.verdict) == (2, "error")
    (tmp_path / "results/candidate").rename(tmp_path / "base")
    assert play(**same).verdict == "ok"
    found = play(**same, candidate="part", run_options="--threads 1 --only lr")
    assert (found.code, found.verdict) == (4, "incomplete")
    worse = "--set train.learning_rate=1e-7"
    found = play(**same, candidate="worse", run_options=worse)
    assert found.verdict == "inconclusive"
