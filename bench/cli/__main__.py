"""What the command `bench` runs, and `python -m bench.cli`, for where the script is not on the PATH."""

from __future__ import annotations

import os
import sys

__all__ = ["run"]

_SEED = "PYTHONHASHSEED"


def run() -> None:
    """The command line, in an interpreter whose order of hashes is always the same."""
    if os.name == "posix" and os.environ.get(_SEED) != "0":
        # Plugins that run in this process may iterate over sets; the seed is read when Python starts.
        os.environ[_SEED] = "0"
        os.execv(sys.executable, sys.orig_argv)

    from bench.cli import main

    main(prog_name="bench")


if __name__ == "__main__":
    run()
