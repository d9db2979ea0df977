"""metaselector-bench: a benchmark of recommender model selection. Importing it imports neither torch nor pandas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.hookspecs import hookimpl

if TYPE_CHECKING:
    from bench.records import Run

__all__ = ["__version__", "hookimpl", "load_run", "run_suite"]

__version__ = "0.1.0"


def run_suite(suite: Path | str, *, allow_incomplete: bool = False, **options: Any) -> Run:
    """Run a suite file as `bench run` does; the options are those of bench.run.run (`out`, `data_dir`, `seeds`, ...). The
    records come back: `run.records`, or as pandas tables `run.frame()` and `run.users()`.

    Raises BenchError where the suite or its data are wrong. Where a trial that was asked for has no result, raises
    IncompleteRunError, whose `run` has the others, unless `allow_incomplete`."""
    from bench.run import incomplete, run

    finished = run(suite, **options)
    if not allow_incomplete and (error := incomplete(finished)) is not None:
        raise error
    return finished


def load_run(folder: Path | str) -> Run:
    """A finished run's manifest and records, from the folder that it was written to."""
    from bench.records import load

    return load(folder)
