"""What the command `bench` runs, and `python -m bench.cli`, for where the script is not on the PATH."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn

__all__ = ["run"]

_SEED = "PYTHONHASHSEED"


def run() -> None:
    """The command line, in an interpreter whose order of hashes is always the same."""
    if os.name == "posix" and os.environ.get(_SEED) != "0":
        # Plugins that run in this process may iterate over sets; the seed is read when Python starts.
        os.environ[_SEED] = "0"
        os.execv(sys.executable, sys.orig_argv)

    from bench.cli import main

    code: object = 0
    try:
        main(prog_name="bench")
    except SystemExit as end:
        code = end.code
    _end(code if isinstance(code, int) else int(code is not None))


def _end(code: int) -> NoReturn:
    """At once: a stranger's exit handlers and threads may not say how the command ended."""
    if "bench.processes" in sys.modules:
        sys.modules["bench.processes"].close_idle()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, full, or none at all
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
