"""Plan, executors, worker, clock, environment: from a suite to records on disk."""

from bench.run.completeness import incomplete
from bench.run.progress import Watcher
from bench.run.suite_run import Rerun, run

__all__ = ["Rerun", "Watcher", "incomplete", "run"]
