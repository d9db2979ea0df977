"""What processes that run strangers' code start with: few threads, one order of hashes, what they need imported."""

from __future__ import annotations

import os

__all__ = ["PRELOAD", "REHEARSAL", "worker_environment"]

REHEARSAL = ("torch",)  # for what is imported and made alone
PRELOAD = (
    "bench.worker.perform",
    "bench.scoring.task",
    "bench.learn.network.ready",
    "bench.worker.ready",
)
# What threadpoolctl and scikit-learn set when they are imported, unless it is set: set before, a server that was begun before
# such an import serves after it, too.
_SET_BY_LIBRARIES = {"KMP_DUPLICATE_LIB_OK": "True", "KMP_INIT_AT_FORK": "FALSE"}
# By these pools learn their size, at latest when they are first used.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "PYTHON_CPU_COUNT",
)


def worker_environment(threads: int = 1, hash_seed: int = 0) -> dict[str, str]:
    """This process's environment with the variables for so many threads, set before anything is imported. The order of
    hashes is the same in every process, so that who iterates over a set does so alike again."""
    threads_of_pools = dict.fromkeys(_THREAD_VARIABLES, str(threads))
    return {**_SET_BY_LIBRARIES, **os.environ, **threads_of_pools, "PYTHONHASHSEED": str(hash_seed)}
