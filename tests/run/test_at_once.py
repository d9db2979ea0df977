"""Runs at once over one folder and one cache: each step is done by one of them, and all have the whole result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from bench.records import load
from tests.run.conftest import write_ratings

PLUGIN = '''
import os, time
from pathlib import Path
import numpy as np
from pydantic import Field
from bench import hookimpl
from bench.interfaces import Model, PluginParams

class Slow(Model):
    """Tells of each fit, and takes its time."""
    name = "slow"
    class Params(PluginParams):
        seconds: float = Field(0.2, description="of a fit")
        fails: bool = Field(False, description="whether it raises")
    def fit(self, train, valid, context):
        with open(os.environ["FITS"], "a") as told:
            told.write(f"{self.params.seconds} {context.seed} {len(train)}\\n")
        time.sleep(self.params.seconds)
        if self.params.fails:
            raise ValueError("on purpose")
        self.rate = float(np.mean(train.labels))
    def predict(self, rows):
        return np.full(len(rows), self.rate)

@hookimpl
def bench_models():
    return {"slow": f"{__name__}:Slow"}
'''
SUITE = """
version: 1
name: shared
plugins: [slow.py]
datasets:
  small: {use: table, path: ratings.csv, user: user_id, item: item_id, fields: [user_id, item_id], label: liked, order: time}
protocols:
  cold: {use: user-holdout, users: {train: 0.5, valid: 0.25, test: 0.25}, base_predictions: in-sample}
base_models:
  a: {use: slow, seconds: 0.21}
  b: {use: slow, seconds: 0.22}
  c: {use: slow, seconds: 0.23FAILS}
methods:
  average: {selector: {use: average}}
seeds: [0, 1]
metrics: [logloss, auc]
"""


@pytest.fixture
def begin(tmp_path):
    """Starts `bench run` of the suite, with a cache that all share, into a folder."""
    write_ratings(tmp_path / "ratings.csv")
    (tmp_path / "slow.py").write_text(PLUGIN, "utf-8")
    (tmp_path / "shared.yaml").write_text(SUITE.replace("FAILS", ""), "utf-8")

    def begin(out="out", *options) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "bench.cli", "run", "shared.yaml", "--out", out]
        with (tmp_path / f"said-{time.monotonic_ns()}").open("wb") as said:
            return subprocess.Popen(
                [*command, "--cache-dir", "cache", *options],
                cwd=tmp_path,
                env=os.environ | {"FITS": str(tmp_path / "fits")},
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    return begin


def fits(folder: Path) -> Counter[str]:
    return Counter((folder / "fits").read_text("utf-8").splitlines())


def figures(folder: Path) -> dict[str, dict]:
    return {record["id"]: record["metrics"] for record in load(folder).records}


def leases(folder: Path) -> list[Path]:
    return list((folder / "cache" / "leases").glob("*"))


@pytest.mark.fault(27)
@pytest.mark.parametrize(
    "second",
    ["out", pytest.param("other", marks=pytest.mark.slow)],
    ids=["one folder", "two folders"],
)
def test_no_step_is_done_twice(begin, tmp_path, second):
    runs = [begin("out"), begin(second)]
    assert [run.wait() for run in runs] == [0, 0]
    assert len(fits(tmp_path)) == 6
    assert set(fits(tmp_path).values()) == {1}
    assert load(tmp_path / "out").manifest["status"] == "complete"
    assert load(tmp_path / second).manifest["status"] == "complete"
    assert figures(tmp_path / "out") == figures(tmp_path / second)
    assert leases(tmp_path) == []


@pytest.mark.fault(27)
@pytest.mark.slow
def test_a_step_that_fails_is_tried_by_one_of_them(begin, tmp_path):
    suite = SUITE.replace("FAILS", ", fails: true")
    (tmp_path / "shared.yaml").write_text(suite, "utf-8")
    runs = [begin("out"), begin("other")]
    assert [run.wait() for run in runs] == [4, 4]
    assert set(fits(tmp_path).values()) == {1}
    for folder in ("out", "other"):
        reasons = {
            json.loads(file.read_text("utf-8"))["outcome"]["reason"]
            for file in (tmp_path / folder / "failures").iterdir()
        }
        assert any("on purpose" in reason for reason in reasons)
    before = fits(tmp_path)
    assert begin("out").wait() == 4
    assert len(fits(tmp_path) - before) == 2, "the next run tries what failed once more"


@pytest.mark.fault(25, 27)
@pytest.mark.slow
def test_what_a_killed_run_had_begun_is_done_by_the_other(begin, tmp_path):
    (tmp_path / "shared.yaml").write_text(SUITE.replace("FAILS", "").replace("0.21", "1.5"))
    first = begin("out")
    while not (tmp_path / "fits").exists():
        assert first.poll() is None
        time.sleep(0.02)
    second = begin("out")
    while len(fits(tmp_path)) < 2:  # the other is at work, too
        assert second.poll() is None
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert second.wait() == 0
    assert load(tmp_path / "out").manifest["status"] == "complete"
    assert sum(fits(tmp_path).values()) == 7, "one step was begun twice"


SPAN = """start = time.time()
        time.sleep(self.params.seconds)
        with open(os.environ["FITS"] + "-spans", "a") as told:
            told.write(f"{self.params.seconds} {start} {time.time()}\\n")"""


@pytest.mark.fault(27)
def test_a_step_that_runs_alone_does_so_beside_another_run(begin, tmp_path):
    plugin = PLUGIN.replace("time.sleep(self.params.seconds)", SPAN)
    (tmp_path / "slow.py").write_text(plugin, "utf-8")
    alone = "b: {use: slow, timing: exclusive, seconds: 0.72"
    suite = SUITE.replace("FAILS", "").replace("b: {use: slow, seconds: 0.22", alone)
    (tmp_path / "shared.yaml").write_text(suite.replace("seconds: 0.2", "seconds: 0.5"), "utf-8")
    runs = [begin("out", "--workers", "2"), begin("out", "--workers", "2")]
    assert [run.wait() for run in runs] == [0, 0]
    told = [line.split() for line in (tmp_path / "fits-spans").read_text("utf-8").splitlines()]
    spans = [(seconds, float(start), float(end)) for seconds, start, end in told]
    assert sorted(seconds for seconds, _, _ in spans) == 2 * ["0.51"] + 2 * ["0.53"] + 2 * ["0.72"]
    for seconds, start, end in spans:
        if seconds == "0.72":
            beside = [one for one in spans if one[1] < end and start < one[2]]
            assert beside == [(seconds, start, end)]
