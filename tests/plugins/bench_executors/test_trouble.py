"""What goes wrong with clusters is told in one line with the fix, exit code 5; and interrupted, nothing goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.testing.executor_steps import wait_until
from bench.testing.executor_subject import lives
from tests.plugins.bench_executors.clusters import DaskCluster, free_port
from tests.run.conftest import write_small_suite

pytestmark = pytest.mark.slow
WITNESS = Path(__file__).parents[3] / "bench" / "testing" / "witness.py"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    """Its workers are to be started."""
    pytest.importorskip("distributed", reason="Dask is not installed")
    made = DaskCluster(tmp_path / "dask", workers=1)
    made.start_scheduler()
    yield made
    made.stop()


def arguments(folder: Path, executor: str, *settings: str, models: str = "") -> list[str]:
    suite = write_small_suite(folder, **({"models": models, "methods": "  {}"} if models else {}))
    options = [part for setting in settings for part in ("--executor-set", setting)]
    folders = ["--out", str(folder / "run"), "--cache-dir", str(folder / "cache")]
    return ["run", str(suite), "--executor", executor, *options, *folders]


def refused(folder: Path, executor: str, *settings: str) -> str:
    result: Result = CliRunner().invoke(main, arguments(folder, executor, *settings))
    assert result.exit_code == 5, result.output
    assert "Traceback" not in result.output
    return result.stderr.strip().splitlines()[-1]


def test_no_scheduler_at_the_address(tmp_path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed")
    address, began = f"tcp://127.0.0.1:{free_port()}", time.monotonic()
    said = refused(tmp_path, "dask", f"address={address}")
    assert time.monotonic() - began < 25
    assert said.startswith(f"executor 'dask': no scheduler at {address} (")
    assert said.endswith("start one with `dask scheduler`, or correct --executor-set address")


def test_no_ray_at_the_address(tmp_path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    address = f"127.0.0.1:{free_port()}"
    said = refused(tmp_path, "ray", f"address={address}")
    assert said.startswith(f"executor 'ray': no cluster at {address} (")
    assert said.endswith("start one with `ray start --head`, or correct --executor-set address")


def test_a_disk_of_a_worker_that_can_not_be_written(tmp_path, cluster) -> None:
    (tmp_path / "full").write_text("no folder", "utf-8")
    cluster.start_worker(cluster.caches[0])
    said = refused(
        tmp_path,
        "dask",
        f"address={cluster.address}",
        "disk=own",
        f"worker_cache={tmp_path / 'full'}",
    )
    assert "worker " in said
    assert f"cache {tmp_path / 'full'}" in said


def test_an_interrupted_run_ends_its_steps_at_the_workers(tmp_path, cluster) -> None:
    cluster.start_worker(cluster.caches[0])
    notes = tmp_path / "notes"
    notes.mkdir()
    models = f"  slow: {{use: witness, notes: {notes}, step: slow, does: wait}}"
    said = arguments(tmp_path, "dask", f"address={cluster.address}", models=models)
    path = os.pathsep.join(filter(None, sys.path))
    run = subprocess.Popen(
        [sys.executable, "-m", "bench.cli", *said, "--plugins", str(WITNESS)],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    begun = notes / "slow.begun"
    wait_until(lambda: begun.exists() or run.poll() is not None, "no step has begun")
    assert run.poll() is None, run.communicate()
    step = int(begun.read_text("ascii").split()[0])
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 130, output
    wait_until(lambda: not lives(step), "a step goes on at its worker", 30)
    assert not list((tmp_path / "cache" / "steps").glob("*/result.json")), json.dumps(str(output))
