"""Workers and schedulers are killed again and again while a suite runs: what it comes to is what it comes to undisturbed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bench.records import load
from tests.plugins.bench_executors.clusters import DaskCluster

pytest.importorskip("distributed", reason="Dask is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
GOLDEN = Path(__file__).parents[3] / "suites" / "golden.yaml"
KILLS, SCHEDULER_EACH = 30, 6


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path / "dask")
    made.start()
    yield made
    made.stop()


def run(out: Path, cache: Path, *options: str) -> subprocess.Popen[bytes]:
    folders = ["--out", str(out), "--cache-dir", str(cache)]
    with Path(f"{out}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "bench.cli", "run", str(GOLDEN), *options, *folders],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=log,
            stderr=log,
        )


def figures(out: Path) -> dict[str, object]:
    return {record["id"]: record["metrics"] for record in load(out).records}


def test_thirty_kills_change_no_figure(tmp_path, cluster) -> None:
    assert run(tmp_path / "local", tmp_path / "local-cache", "--workers", "2").wait() == 0
    expected = figures(tmp_path / "local")
    chance, kills, rounds, before = random.Random(17), 0, 0, 0
    while kills < KILLS:
        out, cache = tmp_path / f"run-{rounds}", tmp_path / f"cache-{rounds}"
        rounds, before = rounds + 1, 0
        code = 5
        while code == 5:  # lost: what is recorded stays, and the next run goes on
            going = run(
                out, cache, "--executor", "dask", "--executor-set", f"address={cluster.address}"
            )
            while going.poll() is None:
                time.sleep(0.1)
                done = len(list((cache / "steps").glob("*/result.json")))
                if done > before and kills < KILLS:  # while the next ones run
                    before, kills = done, kills + 1
                    _kill(cluster, chance, scheduler=kills % SCHEDULER_EACH == 0)
            code = going.returncode
            if cluster.scheduler is not None and cluster.scheduler.poll() is not None:
                cluster.stop()
                cluster.start()
        assert code == 0, Path(f"{out}.log").read_text("utf-8")[-3000:]
        assert figures(out) == expected
        assert len(list((out / "records").glob("*.json"))) == len(expected)
        assert not list((cache / "steps").glob("*.tmp*"))


def _kill(cluster: DaskCluster, chance: random.Random, *, scheduler: bool) -> None:
    """The scheduler; or one of the workers, which its nanny starts again, or one of the processes of steps below it."""
    assert cluster.scheduler is not None
    if scheduler:
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        return
    below = [
        child
        for nanny in cluster.workers
        if nanny.poll() is None
        for child in psutil.Process(nanny.pid).children(recursive=True)
    ]
    if below:
        with suppress(psutil.NoSuchProcess):
            chance.choice(below).kill()
