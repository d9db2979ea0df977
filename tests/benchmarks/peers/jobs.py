"""A small job for a driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.peers.drivers.common import Job


def job_of(folder: Path, **changed: Any) -> Job:
    told = {
        "folder": folder,
        "model": "lr",
        "dim": 4,
        "hidden": (4,),
        "batch": 64,
        "optimizer": "adam",
        "learning_rate": 0.05,
        "checkpoints": (1,),
        "logits": folder / "logits.npy",
        "seed": 0,
    }
    return Job(**{**told, **changed})
