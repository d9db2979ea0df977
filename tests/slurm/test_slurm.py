"""Runs in jobs of SLURM, one node of it on this machine: what they leave is what this machine leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bench.records import Run, load
from tests.run.conftest import write_small_suite
from tests.slurm.one_node import SlurmMissing, one_node

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(find_spec("dask_jobqueue") is None, reason="dask-jobqueue is not installed"),
]

ROOT = Path(__file__).resolve().parent.parent.parent
JOB = ("system=slurm", "cores=2", "memory=4GiB")
Bench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    try:
        with one_node(tmp_path_factory.mktemp("slurm")) as variables:
            yield {**os.environ, **variables}
    except SlurmMissing as missing:
        pytest.skip(f"SLURM: {missing}")


def in_jobs(*settings: str) -> list[str]:
    told = [f"jobqueue.{setting}" for setting in (*JOB, *settings)]
    return ["--executor", "dask", *(part for one in told for part in ("--executor-set", one))]


@pytest.fixture
def bench(slurm: Mapping[str, str], tmp_path: Path) -> Bench:
    """A command, in a folder where jobs may leave what they print."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bench.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=dict(slurm),
            cwd=tmp_path,
            timeout=600,
            check=False,
        )

    return run


def told(run: Run) -> dict[str, Any]:
    """What a record says of its trial, by its id; `blobs` are digests of arrays."""
    keys = ("outcome", "metrics", "validation", "details", "blobs", "identity", "steps")
    return {record["id"]: [record[key] for key in keys] for record in run.records}


def jobs(slurm: Mapping[str, str]) -> list[str]:
    asked = ["squeue", "--noheader", "--format=%i"]
    shown = subprocess.run(asked, env=dict(slurm), capture_output=True, text=True, check=True)
    return shown.stdout.split()


def test_the_golden_suite_comes_to_the_same_as_on_this_machine(
    bench: Bench, slurm: Mapping[str, str], tmp_path: Path
) -> None:
    suite = ROOT / "suites" / "golden.yaml"
    for name, executor in (("local", []), ("slurm", in_jobs())):
        folders = ["--out", tmp_path / name, "--cache-dir", tmp_path / f"cache-{name}"]
        ran = bench("run", suite, *folders, *executor)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "waiting for a job of slurm, 10 min at most: `squeue` shows them" in ran.stderr
    local, there = load(tmp_path / "local"), load(tmp_path / "slurm")
    assert told(there) == told(local)
    assert len(told(local)) == len(local.records) > 0
    workers = {record["environment"].get("worker") for record in there.records}
    assert workers == {os.uname().nodename, None}, "bounds alone are the host's"
    assert jobs(slurm) == []


def test_a_job_that_is_lost_is_asked_for_again(
    bench: Bench, slurm: Mapping[str, str], tmp_path: Path
) -> None:
    suite = write_small_suite(tmp_path)
    command = ["run", suite, "--out", "run", "--cache-dir", "cache", *in_jobs("cores=1")]
    running = subprocess.Popen(
        [sys.executable, "-m", "bench.cli", *map(str, command)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(slurm),
        cwd=tmp_path,
    )
    while not list(tmp_path.glob("cache/steps/fit-*/result.json")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.1)
    first = jobs(slurm)
    subprocess.run(["scancel", *first], env=dict(slurm), check=True)
    _, said = running.communicate(timeout=150)
    assert running.returncode == 0, said
    assert said.count("waiting for a job of slurm") == 2, said
    assert jobs(slurm) == []


def test_an_interrupted_run_leaves_no_job(slurm: Mapping[str, str], tmp_path: Path) -> None:
    suite = write_small_suite(tmp_path)
    command = ["run", suite, "--out", "run", "--cache-dir", "cache", *in_jobs("cores=1")]
    running = subprocess.Popen(
        [sys.executable, "-m", "bench.cli", *map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(slurm),
        cwd=tmp_path,
    )
    while not jobs(slurm):
        assert running.poll() is None
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130, said
    until = time.monotonic() + 30
    while jobs(slurm):
        assert time.monotonic() < until
        time.sleep(0.2)


def test_jobs_of_a_killed_run_end_by_themselves(slurm: Mapping[str, str], tmp_path: Path) -> None:
    suite = write_small_suite(tmp_path)
    command = ["run", suite, "--out", "run", "--cache-dir", "cache", *in_jobs("cores=1")]
    running = subprocess.Popen(
        [sys.executable, "-m", "bench.cli", *map(str, command)], env=dict(slurm), cwd=tmp_path
    )
    while not list(tmp_path.glob("cache/steps/fit-*/result.json")):
        assert running.poll() is None
        time.sleep(0.1)
    running.kill()
    running.wait()
    until = time.monotonic() + 90
    while jobs(slurm):
        assert time.monotonic() < until
        time.sleep(0.2)


def test_a_run_in_a_job_asks_for_jobs_of_its_own(slurm: Mapping[str, str], tmp_path: Path) -> None:
    suite = write_small_suite(tmp_path)
    more = "executor: {use: dask, jobqueue: {system: slurm, cores: 1, memory: 2GiB}}\n"
    suite.write_text(suite.read_text("utf-8") + more, "utf-8")
    command = f"{sys.executable} -m bench.cli run suite.yaml --out run --cache-dir cache"
    asked = ["sbatch", "--wait", "--mem=2G", "--cpus-per-task=1", f"--wrap={command}"]
    ran = subprocess.run(
        asked, env=dict(slurm), cwd=tmp_path, timeout=200, capture_output=True, check=False
    )
    printed = [file.read_text("utf-8") for file in tmp_path.glob("slurm-*.out")]
    assert ran.returncode == 0, (ran, printed)
    workers = {record["environment"].get("worker") for record in load(tmp_path / "run").records}
    assert os.uname().nodename in workers


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (("queue=nowhere",), "slurm takes no job: sbatch: error: invalid partition specified"),
        (("interface=none0",), "'none0' is not a valid network interface"),
        (
            ("wait=5s", "extra.job_extra_directives=[--hold]"),
            "no job had begun and reached tcp://127.0.0.1:",
        ),
    ],
)
def test_jobs_that_can_not_begin_are_told_with_the_fix(
    bench: Bench, slurm: Mapping[str, str], settings: tuple[str, ...], reason: str
) -> None:
    asked = bench("doctor", *in_jobs(*settings))
    assert asked.returncode == 2, asked.stderr
    said = " ".join(asked.stdout.split())
    assert reason in said
    assert "--executor-set jobqueue" in said
    assert jobs(slurm) == []
