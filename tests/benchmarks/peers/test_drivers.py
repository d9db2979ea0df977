"""What drivers share, and this project's own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.evaluate.metrics.auc import pooled_auc
from benchmarks.peers.division import Division, Part
from benchmarks.peers.drivers import common, ours
from benchmarks.peers.drivers.common import Clock, Measured, fit_anew, logit, train_by_epochs
from benchmarks.peers.formats import write_arrays, write_formats
from tests.benchmarks.peers.jobs import job_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Rows whose label says whether the item's number is odd: whoever learns it has an AUC of 1, if logits are in order."""
    rng = np.random.default_rng(0)
    sizes = (30, 40, 3)
    codes = np.stack([rng.integers(0, size, 3000, dtype=np.int32) for size in sizes], axis=1)
    whole = Part(codes, (codes[:, 1] % 2).astype(np.uint8))
    train, test = whole.take(np.arange(2500)), whole.take(np.arange(2500, 3000))
    folder = tmp_path_factory.mktemp("rows")
    write_arrays(division := Division("odd", ("user", "item", "day"), sizes, train, test), folder)
    write_formats(division, folder, ["prepared"])
    return folder


@pytest.fixture(autouse=True)
def _threads_as_they_are(monkeypatch):
    """Drivers set those of their process, which here is that of other tests too."""
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(ours, "threadpool_limits", lambda _: None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "rate"), [("lr", 0.05), ("fm", 0.05), ("ffm", 0.05), ("deepfm", 0.01), ("gbdt", 0.3)]
)
def test_our_models_learn_and_answer_in_the_order_of_the_test_rows(folder, model, rate):
    found = ours.run(job_of(folder, model=model, learning_rate=rate, checkpoints=(1, 6)))
    _, labels = common.read_part(folder, "test")
    aucs = [pooled_auc(labels, logits) for logits in found.logits]
    assert aucs[-1] > 0.99
    assert [point["checkpoint"] for point in found.points] == [1, 6]
    assert all(point["cpu_s"] > 0 for point in found.points)
    assert found.reading.cpu_s > 0


@pytest.mark.slow
def test_optimiser_and_rate_are_those_of_the_job(folder):
    jobs = [job_of(folder), job_of(folder, optimizer="adagrad"), job_of(folder, learning_rate=0.01)]
    one, other, slow = (ours.run(job).logits[0] for job in jobs)
    assert not np.allclose(one, other)
    assert np.abs(slow).mean() < np.abs(one).mean()


def test_a_driver_prints_one_line_and_leaves_logits(folder, tmp_path, monkeypatch, capsys):
    job = asdict(job_of(folder, logits=tmp_path / "logits.npy"))
    told = json.dumps({**job, "folder": str(folder), "logits": str(job["logits"])})
    monkeypatch.setattr(sys, "argv", ["ours", told])
    common.main(ours.run, ours.versions)
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["peak_mb"] > 10
    assert answer["versions"]["numpy"] == np.__version__
    assert [point["checkpoint"] for point in answer["points"]] == [1]
    assert np.load(tmp_path / "logits.npy").shape == (1, 500)


def test_jobs_are_read_as_they_were_told(folder):
    job = job_of(folder, hidden=(8, 4), checkpoints=(1, 3))
    told = {**asdict(job), "folder": str(job.folder), "logits": str(job.logits)}
    assert common.read_job(json.dumps(told)) == job
    assert job.epochs == 3


class Counted:
    """A clock of CPU and wall that each reading moves on; `spend` adds to it."""

    def __init__(self, monkeypatch):
        self.seconds = 0.0
        for name in ("process_time", "perf_counter"):
            monkeypatch.setattr(common.time, name, lambda: self.seconds)

    def spend(self, seconds: float) -> None:
        self.seconds += seconds


def test_epochs_are_timed_and_predictions_are_not(folder, monkeypatch):
    clock, measured = Counted(monkeypatch), Measured()

    def predict():
        clock.spend(100)
        return np.zeros(3)

    job = job_of(folder, checkpoints=(2, 3))
    train_by_epochs(job, measured, lambda number: clock.spend(number + 1), predict)
    assert measured.points == [
        {"checkpoint": 2, "cpu_s": 3.0, "wall_s": 3.0},
        {"checkpoint": 3, "cpu_s": 6.0, "wall_s": 6.0},
    ]
    assert len(measured.logits) == 2


def test_a_fit_from_the_start_is_timed_by_itself(folder, monkeypatch):
    clock, measured = Counted(monkeypatch), Measured()

    def fit(epochs):
        clock.spend(epochs)
        return lambda: (clock.spend(100), np.zeros(3))[1]

    fit_anew(replace(job_of(folder), checkpoints=(1, 2)), measured, fit)
    assert [point["cpu_s"] for point in measured.points] == [1.0, 2.0]


def test_a_clock_adds_up():
    clock = Clock()
    for _ in range(2):
        before = dict(clock.now())
        with clock:
            sum(range(10_000))
        assert clock.cpu_s >= before["cpu_s"]
        assert clock.wall_s > before["wall_s"]


def test_memory_is_the_drivers_own_and_not_of_who_started_it():
    """Started by a process that holds 300 MB."""
    held = np.ones(300 << 17)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import common; print(common.peak_mb())"
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(common.__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: None,  # as drivers are: forked, not spawned
    )
    assert 5 < float(done.stdout) < held.nbytes / (1 << 20)


def test_logits_of_probabilities():
    np.testing.assert_allclose(logit(np.array([0.5, 0.75])), [0, np.log(3)])
    assert np.isfinite(logit(np.array([0.0, 1.0], np.float32))).all()
