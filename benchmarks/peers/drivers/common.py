"""What every driver shares: the job that it is told, the rows that it reads, the clock, and the one line that it prints.

A driver runs in its library's own environment: this imports numpy and the standard library alone."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Job:
    """One model, trained by one library, on the rows of `folder`; told as JSON in the only argument."""

    folder: Path  # written by benchmarks.peers.formats
    model: str  # lr, fm, ffm, deepfm or gbdt
    dim: int
    hidden: tuple[int, ...]
    batch: int
    optimizer: str  # adam, adagrad, or a library's own
    learning_rate: float
    # after how many epochs (trees, tolerances) the test rows are predicted; ascending
    checkpoints: tuple[float, ...]
    logits: Path  # where to leave them
    seed: int

    @property
    def epochs(self) -> int:
        return int(max(self.checkpoints))


@dataclass
class Clock:
    """CPU seconds of all threads of the process, and wall seconds, added up over `with` blocks."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    started: tuple[float, float] = (0.0, 0.0)

    def __enter__(self) -> Clock:
        self.started = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_s += time.process_time() - self.started[0]
        self.wall_s += time.perf_counter() - self.started[1]

    def now(self) -> dict[str, float]:
        return {"cpu_s": self.cpu_s, "wall_s": self.wall_s}


@dataclass
class Measured:
    """What a driver reports: seconds of reading, and of training up to each checkpoint with the test rows' logits there."""

    reading: Clock = field(default_factory=Clock)
    training: Clock = field(default_factory=Clock)
    points: list[dict[str, float]] = field(default_factory=list)
    logits: list[np.ndarray] = field(default_factory=list)

    def point(self, checkpoint: float, logits: np.ndarray, cost: dict[str, float]) -> None:
        self.points.append({"checkpoint": checkpoint, **cost})
        self.logits.append(np.asarray(logits, np.float64).reshape(-1))


def read_job(text: str) -> Job:
    told = json.loads(text)
    for name in ("folder", "logits"):
        told[name] = Path(told[name])
    for name in ("hidden", "checkpoints"):
        told[name] = tuple(told[name])
    return Job(**told)


def read_part(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Of "train" or "test": codes (n, F) int32, each from 0 within its field, and labels (n,) uint8."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
        return arrays["codes"], arrays["labels"]


def read_division(folder: Path) -> dict[str, Any]:
    """name, fields, sizes (F,), train_rows, test_rows."""
    return dict(json.loads((folder / "division.json").read_text("utf-8")))


def train_by_epochs(
    job: Job,
    measured: Measured,
    epoch: Callable[[int], object],
    predict: Callable[[], np.ndarray],
) -> None:
    """For a library that trains on where it stopped: one call an epoch, predictions off the clock."""
    for number in range(1, job.epochs + 1):
        with measured.training:
            epoch(number - 1)
        if number in job.checkpoints:
            measured.point(number, predict(), measured.training.now())


def fit_anew(
    job: Job,
    measured: Measured,
    fit: Callable[[float], Callable[[], np.ndarray]],
) -> None:
    """For a library that trains from the start: a whole fit a checkpoint, each timed by itself; `fit` gives its prediction."""
    for checkpoint in job.checkpoints:
        clock = Clock()
        with clock:
            predict = fit(checkpoint)
        measured.point(checkpoint, predict(), clock.now())


def logit(probabilities: np.ndarray) -> np.ndarray:
    """Of probabilities, where a library gives these; AUC loses nothing but what rounding to 0 and 1 has lost already."""
    kept = np.clip(np.asarray(probabilities, np.float64), 1e-15, 1 - 1e-15)
    return np.log(kept) - np.log1p(-kept)


def peak_mb() -> float:
    """The most memory that this process has had resident. Not by getrusage where Linux tells it better: there it is at least
    what the process that started this one held."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            told = [line.split()[1] for line in status if line.startswith("VmHWM:")]
    except OSError:
        told = []
    if told:
        return int(told[0]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(run: Callable[[Job], Measured], versions: Callable[[], dict[str, str]]) -> None:
    """Do the job of the only argument; the last line of stdout is the answer."""
    arguments: Sequence[str] = sys.argv[1:]
    job = read_job(arguments[0])
    measured = run(job)
    np.save(job.logits, np.stack(measured.logits), allow_pickle=False)
    answer = {
        "reading": measured.reading.now(),
        "points": measured.points,
        "peak_mb": peak_mb(),
        "versions": {"python": sys.version.split()[0], **versions()},
    }
    print("\n" + json.dumps(answer), flush=True)
