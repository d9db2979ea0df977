"""A server's process, started: a new Python that has run nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

__all__ = ["STDERR", "lasting", "launched"]

STDERR = 2
_READ_ONCE = (
    "PYTHON", "LD_", "DYLD_", "MALLOC_", "OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "BLIS_", "VECLIB_", "NUMEXPR_",
    "NUMBA_", "RAYON_", "POLARS_", "TF_", "TORCH", "ATEN_", "DNNL_", "ONEDNN_", "CUDA_", "LOKY_",
)  # fmt: skip
_START = (
    "import json, sys; said = json.loads(sys.argv[1]); sys.path[:] = said['path']; "
    "from bench.processes.server import serve; serve(said['control'], said['preload'])"
)


def launched(
    environment: Mapping[str, str], preload: Sequence[str]
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The process, and the socket by which it is asked."""
    ours, theirs = socket.socketpair()
    said = {"control": theirs.fileno(), "preload": preload, "path": sys.path}
    # as multiprocessing starts its own: -O, -X and -W are this program's
    arguments = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    with theirs:
        process = subprocess.Popen(
            [sys.executable, *arguments, "-c", _START, json.dumps(said)],
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=STDERR,  # what is imported may print
            start_new_session=True,  # ctrl-C is for the program that asked
        )
    return process, ours


def lasting(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that are read once, when a program starts or a library is loaded."""
    return {name: value for name, value in environment.items() if name.startswith(_READ_ONCE)}
