"""Three runs over one folder and one cache, killed at random for a minute: nothing that was acknowledged is lost, nothing is
there twice, nothing is torn, and one more run does exactly what is missing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.records import load
from tests.run.conftest import write_ratings

KILLS, SECONDS = 120, 60.0
RUNS = 3
RUN = """
import os, sys
from bench.run import Watcher, run

class Acknowledging(Watcher):
    def recorded(self, trial, status):
        told = os.open(sys.argv[1] + ".acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(told, f"{status} {trial}\\n".encode())

run("suite.yaml", out=sys.argv[1], cache_dir=sys.argv[2], watcher=Acknowledging())
"""
PLUGIN = '''
import os, time
import numpy as np
from bench import hookimpl
from bench.interfaces import Model

class Told(Model):
    """Tells of each fit that it begins."""
    name = "told"
    def fit(self, train, valid, context):
        with open(os.environ["FITS"], "a") as told:
            told.write(f"{context.seed}\\n")
        time.sleep(0.05)
        self.rate = float(np.mean(train.labels)) + context.seed % 1000 / 1e6
    def predict(self, rows):
        return np.full(len(rows), self.rate) + rows.codes("item_id") / 100

@hookimpl
def bench_models():
    return {"told": f"{__name__}:Told"}
'''
SUITE = f"""
version: 1
name: killed
plugins: [told.py]
datasets:
  small: {{use: table, path: ratings.csv, user: user_id, item: item_id, fields: [user_id, item_id], label: liked, order: time}}
protocols:
  cold: {{use: user-holdout, users: {{train: 0.5, valid: 0.25, test: 0.25}}, base_predictions: in-sample}}
base_models:
  told: {{use: told}}
  mean: {{use: mean}}
methods:
  average: {{selector: {{use: average}}}}
seeds: {list(range(30))}
metrics: [logloss, auc]
"""


@pytest.mark.fault(25, 26, 27)
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_runs_that_are_killed_at_random_lose_nothing(tmp_path: Path) -> None:
    write_ratings(tmp_path / "ratings.csv")
    (tmp_path / "told.py").write_text(PLUGIN, "utf-8")
    (tmp_path / "suite.yaml").write_text(SUITE, "utf-8")
    start_s = seconds_to_the_first_record(tmp_path)
    kills = kill_at_random(tmp_path, 2.5 * start_s, random.Random(0))
    assert kills >= KILLS
    assert left_running(tmp_path) == []
    acknowledged = read_acknowledged(tmp_path)
    standing = records(tmp_path)
    assert acknowledged, "some lived long enough"
    assert acknowledged <= standing.keys(), "what was acknowledged is there"

    before = fits(tmp_path)
    assert begin(tmp_path, "killed", "cache").wait() == 0
    whole, alone = load(tmp_path / "killed"), load(tmp_path / "alone")
    assert whole.conflicts == ()
    assert whole.manifest["status"] == "complete"
    assert all(records(tmp_path)[title] == digest for title, digest in standing.items())
    assert fits(tmp_path) - before <= len(whole.records) - len(standing)
    assert figures(whole) == figures(alone)
    assert whole.analyses == alone.analyses
    assert leftovers(tmp_path) == []


def seconds_to_the_first_record(folder: Path) -> float:
    """Of a run that nobody disturbs, which is to end well."""
    began, alone = time.monotonic(), begin(folder, "alone", "own")
    while not (folder / "alone.acknowledged").exists():
        assert alone.poll() is None
        time.sleep(0.05)
    seconds = time.monotonic() - began
    assert alone.wait() == 0
    return seconds


def kill_at_random(folder: Path, longest_s: float, rng: random.Random) -> int:
    """How many were killed, each after up to so many seconds; one that ends by itself has nothing left to do, and is begun
    once more."""
    running: list[tuple[subprocess.Popen[bytes], float]] = []
    kills, until = 0, time.monotonic() + SECONDS
    while kills < KILLS or time.monotonic() < until:
        for one, end in [
            entry for entry in running if entry[0].poll() is not None or time.monotonic() > entry[1]
        ]:
            one.kill()
            kills += one.wait() == -signal.SIGKILL
            assert one.returncode in (0, -signal.SIGKILL)
            running.remove((one, end))
        while len(running) < RUNS:
            running.append(
                (begin(folder, "killed", "cache"), time.monotonic() + rng.uniform(0, longest_s))
            )
        time.sleep(0.02)
    for one, _ in running:
        one.kill()
        one.wait()
    return kills


def begin(folder: Path, out: str, cache: str) -> subprocess.Popen[bytes]:
    with (folder / "said").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-c", RUN, out, cache],
            cwd=folder,
            env=os.environ | {"FITS": str(folder / "fits"), "KILL_LOOP": str(folder)},
            stdout=said,
            stderr=said,
        )


def read_acknowledged(folder: Path) -> set[str]:
    """Trials of whose record a run has told."""
    lines = (folder / "killed.acknowledged").read_text("utf-8").splitlines()
    return {line.removeprefix("ok ") for line in lines}


def records(folder: Path) -> dict[str, str]:
    """Trial to the digest of its record; each is read whole, and no trial is there twice."""
    found: dict[str, str] = {}
    for file in (folder / "killed" / "records").glob("[!.]*"):
        record = json.loads(file.read_bytes())
        trial = record["trial"]
        title = f"{trial['dataset']}/{trial['protocol']} {trial['method']}, seed {trial['seed']}"
        assert title not in found
        found[title] = record["digest"]
    return found


def fits(folder: Path) -> int:
    return len((folder / "fits").read_text("utf-8").splitlines())


def figures(run) -> dict[str, dict]:
    """To the bit: JSON has every digit."""
    return {record["id"]: record["metrics"] for record in run.records}


def left_running(folder: Path) -> list[int]:
    """Processes that a killed run has left, once they had a moment to end."""
    mark, until = f"KILL_LOOP={folder}".encode(), time.monotonic() + 5
    while found := [int(one.name) for one in Path("/proc").glob("[0-9]*") if marked(one, mark)]:
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    return found


def marked(process: Path, mark: bytes) -> bool:
    try:
        return mark in (process / "environ").read_bytes()
    except OSError:
        return False


def leftovers(folder: Path) -> list[Path]:
    """Temporary files, and leases of which nobody knows."""
    return [*folder.rglob(".*.tmp"), *(folder / "cache" / "leases").iterdir()]
