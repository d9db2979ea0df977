"""`bench run` as people type it: bad input, exit codes, and an interrupt in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.records import load, read_manifest
from bench.report import build
from tests.run.conftest import status

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"
IN_SAMPLE = "base_predictions: in-sample"


@pytest.fixture
def bench_run(tmp_path):
    """`bench run FILE ...` in this process, into tmp_path / "out"."""

    def bench_run(file: Path, *arguments: str):
        folders = ["--out", str(tmp_path / "out"), "--cache-dir", str(tmp_path / "cache")]
        return CliRunner().invoke(
            main, ["run", str(file), "--executor", "inline", *folders, *arguments]
        )

    return bench_run


def changed(file: Path, old: str, new: str) -> Path:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return file


ADAPT = "m: {selector: {use: mlp}, meta_learner: {use: maml, adapt: [selector"
BAD = {
    "unknown model": (
        "use: lr",
        "use: lrr",
        "suite.yaml:10:13: unknown base model 'lrr'; did you mean 'lr'?",
    ),
    "unknown parameter": ("embedding_dim: 2", "embeding_dim: 2", "did you mean 'embedding_dim'?"),
    "out of range": ("embedding_dim: 2", "embedding_dim: 0", "suite.yaml:11:"),
    "no such column": ("label: liked", "label: likd", "'likd'"),
    "no such file": ("path: ratings.csv", "path: nowhere.csv", "nowhere.csv"),
    "label not binary": ("label: liked, order: time", "label: time", "not a label"),
    "one class": ("label: liked, order: time", 'label: "time >= 0"', "one class"),
    "nobody left": ("order: time", "order: time, min_rows_per_user: 99", "min_rows_per_user"),
    "no test users": (
        "train: 0.5, valid: 0.25, test: 0.25",
        "train: 0.5, valid: 0.5, test: 0.0",
        "left to test on",
    ),
    "no such field": (
        "average: {selector: {use: average}}",
        ADAPT + "], frozen_fields: [itm_id]}}",
        "dataset 'small' has no field 'itm_id' to freeze; did you mean 'item_id'?",
    ),
    "full version out of sample": (
        "average: {selector: {use: average}}",
        ADAPT + ", base_models]}, base_predictions: out-of-sample}",
        "adapting base models takes base_predictions in-sample",
    ),
}


@pytest.mark.fault(41)
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_exit_2_and_nothing_written(bench_run, write_suite, tmp_path, case):
    old, new, place = BAD[case]
    result = bench_run(changed(write_suite(), old, new))
    assert result.exit_code == 2, result.output
    *said_before, line = result.stderr.splitlines()
    assert place in line
    assert all(said.startswith("table: ") for said in said_before), (
        "where data came from, and nothing else"
    )
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


def test_a_query_without_support_anywhere_is_refused_before_anything_runs(
    bench_run, write_suite, tmp_path
):
    file = write_suite("warm")
    (tmp_path / "ratings.csv").write_text(
        "user_id,item_id,liked,time\n" + "".join(f"u{n},i{n % 3},{n % 2},{n}\n" for n in range(12))
    )
    result = bench_run(file)
    assert result.exit_code == 2
    assert (
        "out-of-sample predictions in the warm setting need a fit without a row to learn from"
        in result.stderr
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments", [("--executor", "lokal"), ("--only", "avarage"), ("--seeds", "0,0")]
)
def test_a_slip_on_the_command_line_leaves_a_finished_run_as_it_is(
    bench_run, write_suite, tmp_path, arguments
):
    file = write_suite()
    assert bench_run(file, "--only", "lr").exit_code == 0
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    assert bench_run(file, *arguments).exit_code == 2
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before


@pytest.mark.fault(5)
def test_a_plugin_s_exit_is_no_success_of_the_command(bench_run, write_suite):
    file = write_suite(models="  bad: {use: faulty, fault: sys-exit}", protocol=IN_SAMPLE)
    result = bench_run(file, "--plugins", str(FAULTY))
    assert result.exit_code == 4
    assert "no_result" in result.stdout


# -- in a process of its own


def start(file: Path, *arguments: str) -> subprocess.Popen[str]:
    folders = ["--out", str(file.parent / "out"), "--cache-dir", str(file.parent / "cache")]
    command = [
        sys.executable,
        "-m",
        "bench.cli",
        "run",
        str(file),
        "--plugins",
        str(FAULTY),
        *folders,
        *arguments,
    ]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )


def _heed_interrupts() -> None:
    """A shell starts what it runs in the background with interrupts ignored, and these tests may be among that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.fault(11)
def test_what_plugins_print_gets_into_a_log_and_not_into_the_answer(write_suite, tmp_path):
    models = "  loud: {use: faulty, fault: noise}\n  bad: {use: faulty, fault: raise}"
    process = start(write_suite(models=models, protocol=IN_SAMPLE), "--json")
    answer, said = process.communicate(timeout=120)
    assert process.returncode == 4, said
    assert {"loud", "bad", "average"} <= _strings(json.loads(answer))
    assert "noise noise" not in said
    (log,) = tmp_path.rglob("*.log")
    assert b"noise noise" in log.read_bytes()


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("end", "group"),
    [
        (signal.SIGINT, True),
        (signal.SIGTERM, False),
        pytest.param(signal.SIGHUP, False, marks=pytest.mark.slow),
    ],
)
def test_a_signal_leaves_no_orphan_and_the_run_goes_on_where_it_was(
    write_suite, go, tmp_path, end, group
):
    """A terminal sends an interrupt to the whole group."""
    models = "  lr: {use: lr}\n  slow: {use: faulty, fault: sleep-once}"
    file = write_suite(
        models=models, methods="  average: {selector: {use: average}}", protocol=IN_SAMPLE
    )
    process = start(file, "--workers", "2")
    records, asleep = tmp_path / "out" / "records", tmp_path / "cache" / "steps" / "slept"
    _wait_for(lambda: asleep.exists() and list(records.glob("*.json")), process)
    (os.killpg if group else os.kill)(process.pid, end)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + end, said
    assert said.splitlines()[-1] == "interrupted"
    _wait_for(lambda: not _in_session(process.pid))

    interrupted = load(tmp_path / "out")
    assert interrupted.manifest["status"] == "interrupted"
    assert status(interrupted) == {"lr": "ok"}
    named = read_manifest(tmp_path / "out")["trials"]
    assert [line["method"] for line in named if line["record"]] == ["lr"]
    assert build(interrupted).exit_code == 4
    finished, watcher = go(file, "out", plugins=(FAULTY,), cache="cache")
    assert watcher.titles == [
        "small/cold slow, all training rows, seed 0",
        "small/cold average, seed 0",
    ]
    assert set(status(finished).values()) == {"ok"}
    assert finished.manifest["status"] == "complete"


@pytest.mark.fault(24, 25)
@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_harness_that_is_killed_leaves_no_orphan_and_the_run_goes_on(
    write_suite, go, tmp_path, end
):
    models = "  lr: {use: lr}\n  slow: {use: faulty, fault: sleep-once}"
    file = write_suite(models=models, protocol=IN_SAMPLE)
    process = start(file)
    _wait_for((tmp_path / "cache" / "steps" / "slept").exists, process)
    process.send_signal(end)
    process.communicate(timeout=60)
    assert process.returncode == (128 + end if end == signal.SIGTERM else -end)
    _wait_for(lambda: not _in_session(process.pid))
    finished, watcher = go(file, "out", plugins=(FAULTY,), cache="cache")
    assert "small/cold lr, all training rows, seed 0" not in watcher.titles
    assert finished.manifest["status"] == "complete"


def _strings(value) -> set[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return set().union(*map(_strings, value.values()), value.keys())
    if isinstance(value, list):
        return set().union(*map(_strings, value))
    return {value} if isinstance(value, str) else set()


def _in_session(session: int) -> list[int]:
    """Living processes of a session."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, of, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(of) == session and state != "Z":
            found.append(int(entry.name))
    return found


def _wait_for(condition, process=None, seconds=90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
