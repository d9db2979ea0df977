"""Jobs, each in a process of its own on one processor: an epoch by each library in turn, again and again; then curves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.evaluate.metrics.auc import pooled_auc
from benchmarks.peers.cases import Curve, Epoch, entrants
from benchmarks.peers.drivers.common import read_division, read_part
from benchmarks.peers.environments import InstallError, python_of
from benchmarks.peers.libraries import LIBRARIES, OURS

__all__ = ["Place", "installed", "run_curves", "run_epochs"]

DRIVERS = Path(__file__).with_name("drivers")
LIMIT_S = 900
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


@dataclass(frozen=True)
class Place:
    """Where a run finds interpreters, by library; what could not be installed; and where drivers leave files."""

    pythons: dict[str, Path]
    failed: dict[str, str]
    scratch: Path


def installed(names: Iterable[str], home: Path, scratch: Path) -> Place:
    pythons, failed = {}, {}
    for name in names:
        try:
            pythons[name] = python_of(LIBRARIES[name], home)
        except InstallError as error:
            failed[name] = str(error)
    scratch.mkdir(parents=True, exist_ok=True)
    return Place(pythons, failed, scratch)


def run_epochs(
    epochs: Iterable[Epoch], folders: dict[int, Path], place: Place, repeats: int
) -> Iterator[dict[str, Any]]:
    """A result a library and case, with `runs`, one a round. `folders`: the rows by `Epoch.share`."""
    for epoch in epochs:
        jobs = [job for job in entrants(epoch) if job.library in place.pythons]
        runs: dict[str, list[dict[str, Any]]] = {job.library: [] for job in jobs}
        for number in range(repeats):
            for job in jobs:
                say(f"{epoch.name}, round {number + 1}/{repeats}: {job.library}")
                runs[job.library].append(run_job(job, folders[epoch.share], place))
        rows = read_division(folders[epoch.share])["train_rows"]
        for job in jobs:
            batch = epoch.batch if LIBRARIES[job.library].takes_batches else 1
            yield {
                "model": epoch.model.name,
                "beside": epoch.batch,
                "batch": batch,
                "library": job.library,
                "rows": rows,
                "runs": runs[job.library],
            }


def run_curves(curves: Iterable[Curve], folder: Path, place: Place) -> Iterator[dict[str, Any]]:
    for curve in curves:
        if curve.library in place.pythons:
            say(f"{curve.model.name}, AUC by seconds: {curve.name}")
            found = run_job(curve, folder, place)
            yield {"model": curve.model.name, "line": curve.name, "library": curve.library, **found}


def run_job(job: Curve, folder: Path, place: Place) -> dict[str, Any]:
    """reading, points (with the AUC of the test rows), peak_mb, versions; or `failed` with the last line of what it said."""
    logits = place.scratch / "logits.npy"
    logits.unlink(missing_ok=True)
    told = {
        "folder": str(folder),
        "model": job.model.kind,
        "dim": job.model.dim,
        "hidden": job.model.hidden,
        "batch": job.batch,
        "optimizer": job.optimizer,
        "learning_rate": job.learning_rate,
        "checkpoints": job.checkpoints,
        "logits": str(logits),
        "seed": 0,
    }
    try:
        done = _run([*_driver(job.library, place), json.dumps(told)], job.library, place)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {LIMIT_S} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]}
    if not logits.exists():
        return {"failed": "it ended well and left no logits"}
    answer = dict(json.loads(done.stdout.strip().splitlines()[-1]))
    _, labels = read_part(folder, "test")
    for point, scored in zip(answer["points"], np.load(logits, allow_pickle=False), strict=True):
        point["auc"] = pooled_auc(labels, scored)
    return answer


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _driver(library: str, place: Place) -> list[str]:
    """A script by its path, so that a library's environment needs nothing of this project's; ours is a module of it."""
    script = LIBRARIES[library].driver
    told = ["-m", "benchmarks.peers.drivers.ours"] if library == OURS else [str(DRIVERS / script)]
    return [str(place.pythons[library]), *told]


def _run(command: list[str], library: str, place: Place) -> subprocess.CompletedProcess[str]:
    """In the scratch folder, where a library may leave what it likes; ours is imported from here."""
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    if library != OURS:
        environment.pop("PYTHONPATH", None)
    return subprocess.run(
        command,
        cwd=None if library == OURS else place.scratch,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LIMIT_S,
        check=False,
        preexec_fn=_one_processor,
    )


def _one_processor() -> None:
    """Threads that a library starts unasked share it; where the system can't, they don't."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
