"""Plan, executors, worker, clock, environment: from a suite to records on disk."""

from bench.run.completeness import incomplete
from bench.run.files_read import places_of_files
from bench.run.progress import Watcher
from bench.run.suite_run import Rerun, run
from bench.run.tally import Tally

__all__ = ["Rerun", "Tally", "Watcher", "incomplete", "places_of_files", "run"]
