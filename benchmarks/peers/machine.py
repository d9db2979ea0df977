"""The machine: what it is, and how fast it moves bytes and multiplies matrices, one thread."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numba
import numpy as np
import psutil
import torch

__all__ = ["describe", "speeds"]

STREAM = 1 << 24  # floats of one array: far beyond any cache
GATHERED = 1 << 20  # rows
WIDTH = 16  # floats of a table row: a cache line
TABLES = {"10 k table rows": 10_000, "1 M table rows": 1_000_000, "5 M table rows": 5_000_000}
ROUNDS = 5


def describe() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),  # of the minute before
        "versions": {name: version(name) for name in ("numba", "numpy", "torch")},
    }


def speeds() -> dict[str, float]:
    """Bytes a second of a triad and of gathering table rows, and operations a second of matrix products."""
    return {
        "triad": _triad(),
        **{f"gather, {name}": _gather(rows) for name, rows in TABLES.items()},
        "float32 GEMM": _gemm(torch.float32),
        "bfloat16 GEMM": _gemm(torch.bfloat16),
    }


@numba.njit
def _add_scaled(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    for i in range(len(a)):
        a[i] = b[i] + np.float32(3) * c[i]


@numba.njit(fastmath=True)  # sums in any order: a vector at a time
def _sum_of_rows(table: np.ndarray, rows: np.ndarray) -> np.float32:
    total = np.float32(0)
    for i in range(len(rows)):
        for j in range(WIDTH):
            total += table[rows[i], j]
    return total


def _triad() -> float:
    """As STREAM (McCalpin 1995) counts: two arrays read, one written."""
    a, b, c = (np.ones(STREAM, np.float32) for _ in range(3))
    return 3 * a.nbytes / _fastest(lambda: _add_scaled(a, b, c))


def _gather(table_rows: int) -> float:
    table = np.ones((table_rows, WIDTH), np.float32)
    rows = np.random.default_rng(0).integers(0, table_rows, GATHERED)
    read = GATHERED * WIDTH * table.itemsize
    return read / _fastest(lambda: _sum_of_rows(table, rows))


def _gemm(kind: torch.dtype) -> float:
    """A hidden layer of 400 units of a batch of 2048; a multiplication and an addition are two operations."""
    a, b = torch.ones(2048, 400, dtype=kind), torch.ones(400, 400, dtype=kind)
    out = torch.empty(2048, 400, dtype=kind)

    def many() -> None:
        for _ in range(20):
            torch.mm(a, b, out=out)

    return 20 * 2 * 2048 * 400 * 400 / _fastest(many)


def _fastest(work: Callable[[], object]) -> float:
    """CPU seconds."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def _processor() -> str:
    """As Linux names it; else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
