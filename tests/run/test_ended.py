"""A run that is ended at each of its stages, while something in it hears no signal: it ends with the signal's code, leaves no
process behind, and what is recorded is reported, verified and gone on from."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.records import load
from bench.records.verify import verify
from bench.report import build
from tests.run.test_command import _heed_interrupts, _in_session, _wait_for

SLEEPY = Path(__file__).parent.parent / "fixtures" / "sleepy_plugin.py"
SUITE = """\
version: 1
name: sleepy
plugins: [sleepy_plugin.py]
datasets:
  data: {use: sleepy-data}
protocols:
  cold: {use: user-holdout, setting: cold, users: {train: 0.5, valid: 0.25, test: 0.25}, base_predictions: in-sample}
base_models:
  lr: {use: lr, train: {epochs: 1}}
  sleepy: {use: sleepy-model}
methods: {}
metrics: [logloss, sleepy-loss]
primary: sleepy-loss
seeds: [0]
"""
# stage: status in the manifest, and the least number of records
STAGES = {
    "prepare": ("", 0),
    "fit": ("interrupted", 1),
    "score": ("interrupted", 0),
    "analyse": ("complete", 4),
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    shutil.copy(SLEEPY, tmp_path)
    (tmp_path / "suite.yaml").write_text(SUITE, "utf-8")
    return tmp_path / "suite.yaml"


def start(suite: Path, stage: str) -> subprocess.Popen[str]:
    (suite.parent / "sleeps-in").write_text(stage)
    return subprocess.Popen(
        [sys.executable, "-m", "bench.cli", *arguments(suite)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )


def arguments(suite: Path) -> list[str]:
    folder = suite.parent
    return ["run", str(suite), "--out", str(folder / "out"), "--cache-dir", str(folder / "cache")]


def end_asleep(suite: Path, stage: str, end: signal.Signals) -> str:
    """Run until something sleeps, end it, and give what it said."""
    process = start(suite, stage)
    _wait_for((suite.parent / "asleep").exists, process)
    if stage == "fit":  # the other model has a record then
        _wait_for(lambda: list((suite.parent / "out" / "records").glob("*.json")), process)
    process.send_signal(end)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-end if end == signal.SIGKILL else 128 + end), said
    _wait_for(lambda: not _in_session(process.pid) and not _lives(suite))
    (suite.parent / "sleeps-in").unlink()
    return said


def _lives(suite: Path) -> bool:
    """Whether the sleeper does, which is in a session of its own."""
    try:
        return (
            "\nState:\tZ"
            not in Path(f"/proc/{(suite.parent / 'asleep').read_text()}/status").read_text()
        )
    except OSError:
        return False


def finished(suite: Path) -> str:
    done = CliRunner().invoke(main, arguments(suite))
    assert done.exit_code == 0, done.stderr
    run = load(suite.parent / "out")
    assert run.manifest["status"] == "complete"
    assert run.analyses
    assert verify(run.folder).findings == ()
    return done.stderr


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    "stage",
    [
        "prepare",
        *(pytest.param(stage, marks=pytest.mark.slow) for stage in STAGES if stage != "prepare"),
    ],
)
def test_sigterm_at_any_stage(suite: Path, stage: str) -> None:
    said = end_asleep(suite, stage, signal.SIGTERM)
    assert said.splitlines()[-1] == "interrupted"
    assert "Traceback" not in said
    status, records = STAGES[stage]
    if stage == "prepare":
        assert not (suite.parent / "out").exists()
    else:
        run = load(suite.parent / "out")
        assert run.manifest["status"] == status
        assert len(run.records) >= records
        assert build(run).exit_code == (0 if stage == "analyse" else 4)
        kinds = {one.kind for one in verify(run.folder).findings}
        assert kinds == ({"outdated"} if stage == "analyse" else {"lacking"})
    finished(suite)


@pytest.mark.fault(25)
@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "prepare"])
@pytest.mark.slow
def test_sigkill_at_any_stage(suite: Path, stage: str) -> None:
    """The records count, not what the manifest said last; nothing is lost that was recorded."""
    end_asleep(suite, stage, signal.SIGKILL)
    run = load(suite.parent / "out")
    recorded = {record["id"]: record["digest"] for record in run.records}
    assert len(recorded) >= STAGES[stage][1]
    assert verify(run.folder).exit_code == (0 if stage == "analyse" else 4)
    build(run)
    finished(suite)
    after = {record["id"]: record["digest"] for record in load(run.folder).records}
    assert recorded.items() <= after.items()


@pytest.mark.fault(24)
@pytest.mark.slow
def test_a_second_sigint_ends_at_once_whatever_sleeps(suite: Path) -> None:
    process = start(suite, "fit")
    _wait_for((suite.parent / "asleep").exists, process)
    os.kill(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    _wait_for(lambda: not _in_session(process.pid) and not _lives(suite))
    (suite.parent / "sleeps-in").unlink()
    finished(suite)
