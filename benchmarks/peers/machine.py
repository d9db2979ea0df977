"""The machine: what it is, and how fast it moves bytes and multiplies matrices, one thread."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Collection
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numba
import numpy as np
import psutil
import torch

from bench.compiled.vectors import SIXTEEN, load, splat, total
from benchmarks.peers.limits import gather_of

__all__ = ["describe", "speeds"]

STREAM = 1 << 24  # floats of one array: far beyond any cache
GATHERED = 1 << 20  # rows
SMALL = 10_000  # table rows
LARGE = {"1 M": 1_000_000, "5 M": 5_000_000}
WIDTH = 16  # floats of a row of these: a cache line
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


def speeds(widths: Collection[int]) -> dict[str, float]:
    """Bytes a second of a triad and of gathering table rows, of these widths where the table is small; and operations a second
    of matrix products."""
    large = {
        f"gather, {name} table rows of {WIDTH}": _gather(n, WIDTH) for name, n in LARGE.items()
    }
    return {
        "triad": _triad(),
        **{gather_of(width): _gather(SMALL, width) for width in sorted(widths)},
        **large,
        "float32 GEMM": _gemm(torch.float32),
        "bfloat16 GEMM": _gemm(torch.bfloat16),
    }


@numba.njit
def _add_scaled(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    for i in range(len(a)):
        a[i] = b[i] + np.float32(3) * c[i]


@numba.njit(fastmath=True)  # sums in any order
def _sum_of_numbers(table: np.ndarray, rows: np.ndarray) -> np.float32:
    total = np.float32(0)
    for i in range(len(rows)):
        total += table[rows[i]]
    return total


@numba.njit
def _sum_of_rows(table: np.ndarray, rows: np.ndarray, width: int) -> np.float32:
    sums = splat(np.float32(0), SIXTEEN)
    for i in range(len(rows)):
        for at in range(rows[i] * width, (rows[i] + 1) * width, 16):
            sums = sums + load(table, at, SIXTEEN)
    return total(sums)


def _triad() -> float:
    """As STREAM (McCalpin 1995) counts: two arrays read, one written."""
    a, b, c = (np.ones(STREAM, np.float32) for _ in range(3))
    return 3 * a.nbytes / _fastest(lambda: _add_scaled(a, b, c))


def _gather(table_rows: int, width: int) -> float:
    """`width`: 1, or so many whole vectors of 16."""
    table = _aligned(table_rows * width)
    rows = np.random.default_rng(0).integers(0, table_rows, GATHERED)
    read = GATHERED * width * table.itemsize
    if width == 1:
        return read / _fastest(lambda: _sum_of_numbers(table, rows))
    return read / _fastest(lambda: _sum_of_rows(table, rows, width))


def _aligned(numbers: int) -> np.ndarray:
    """Ones that begin with a cache line, as tables do."""
    room = np.ones(numbers + 16, np.float32)
    first = -room.ctypes.data % 64 // room.itemsize
    return room[first : first + numbers]


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
