"""Every exception that the harness raises on purpose, and the exit code that each ends a command with.

BenchError                  2  anything the user can mend; its text is one line: thing, place, reason, fix
├── SuiteError              2  a suite file is wrong: `file:line:column: what; fix`
├── DataError               2  a dataset can't be read as asked: `file:line: what; fix`
│   └── DownloadError       2  no source could serve a dataset
├── PluginError             2  plugins contradict each other or the contract
│   └── PluginUnavailable   4  a plugin that is wanted is quarantined or does not import (2 where no trial can do without it)
├── PredictionError         4  a plugin handed back what isn't a prediction (ends a trial, not the run)
│   ├── DivergenceError     4  a meta-learner's inner steps lead to what is not finite
│   └── SelectionError      4  weights off the simplex
├── IncompleteRunError      4  a run that ended with trials without a result (Python alone; the command prints its table)
├── NoRunError              2  a folder that is named as a run and is none
├── CompareError            2  two runs that can't be compared
├── ExecutorError           5  what runs steps can't be reached, refuses them, or loses one again and again
└── StorageError            5  results or cache can't be written or read back
    ├── DamagedCacheError   5  a folder of the cache does not hold what was written there
    └── RecordError         5  a record that is truncated, edited or of another schema
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

__all__ = [
    "BenchError",
    "CompareError",
    "DamagedCacheError",
    "DataError",
    "DivergenceError",
    "DownloadError",
    "ExecutorError",
    "Fault",
    "IncompleteRunError",
    "NoRunError",
    "PluginError",
    "PluginUnavailable",
    "PredictionError",
    "RecordError",
    "SelectionError",
    "StorageError",
    "SuiteError",
]


class BenchError(Exception):
    """Base of all: `str(error)` is the one line that the command prints."""

    exit_code: ClassVar[int] = 2


class Fault(NamedTuple):
    """One thing that is wrong in a file; line and column are 0 where it has none."""

    file: str
    line: int
    column: int
    message: str


class SuiteError(BenchError):
    """A suite file is wrong. `faults`: each thing by itself, where there are several."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, column: int = 0) -> None:
        place = f"{file}:{line}:{column}: " if line else f"{file}: " if file else ""
        super().__init__(place + message)
        self.message, self.file, self.line, self.column = message, file, line, column
        self.faults: tuple[Fault, ...] = (Fault(file, line, column, message),)


class DataError(BenchError):
    """A dataset can't be read as asked. Of a file without lines (Parquet) `row` is given instead, from 1; `faults` have it
    as their line."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, row: int = 0) -> None:
        place = f"{file}:{line}: " if line else f"{file}: row {row}: " if row else f"{file}: "
        super().__init__((place if file else "") + message)
        self.faults: tuple[Fault, ...] = (Fault(file, line or row, 0, message),)

    def within(self, what: str) -> DataError:
        """The same error and place, said of what it is part of: `WHAT: file:line: message`."""
        whole = DataError(f"{what}: {self}")
        whole.faults = tuple(
            fault._replace(message=f"{what}: {fault.message}") for fault in self.faults
        )
        return whole


class DownloadError(DataError):
    """No source could serve a dataset."""


class PluginError(BenchError):
    """Plugins contradict each other or the contract."""


class PluginUnavailable(PluginError):  # noqa: N818 - the word that records and reports use
    """A plugin that is wanted is quarantined, does not import, or is no longer what was planned with."""

    exit_code: ClassVar[int] = 4
    status: ClassVar[Literal["unavailable"]] = "unavailable"


class PredictionError(BenchError):
    """A plugin handed back what isn't a prediction: the trial ends as `invalid_prediction`."""

    exit_code: ClassVar[int] = 4
    status: ClassVar[Literal["invalid_prediction", "invalid_selection"]] = "invalid_prediction"


class DivergenceError(PredictionError):
    """Adaptation ends in losses or predictions that are not finite; says for which user, at which step and by what."""


class SelectionError(PredictionError):
    """Weights off the simplex: the trial ends as `invalid_selection`."""

    status: ClassVar[Literal["invalid_prediction", "invalid_selection"]] = "invalid_selection"


class IncompleteRunError(BenchError):
    """A run that ended with trials without a result. `run`: what there is of it."""

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, run: Any) -> None:
        super().__init__(message)
        self.run = run  # a bench.records.Run, which this module is too far below to name


class NoRunError(BenchError):
    """A folder that is named as a run and is none."""


class CompareError(BenchError):
    """Two runs that can't be compared."""


class ExecutorError(BenchError):
    """What runs steps can't be reached, refuses them, or loses one again and again. What is recorded stays, and the next run
    goes on."""

    exit_code: ClassVar[int] = 5


class StorageError(BenchError):
    """Results or cache can't be written or read back. A line, whatever names are in it."""

    exit_code: ClassVar[int] = 5
    status: ClassVar[Literal["storage"]] = "storage"

    def __init__(self, message: str) -> None:
        super().__init__(message.replace("\n", r"\n").replace("\r", r"\r"))


class DamagedCacheError(StorageError):
    """A folder of the cache does not hold what was written there. `what`: which file, and what is wrong with it."""

    def __init__(self, folder: Path, what: str) -> None:
        super().__init__(
            f"cache {folder}: {what}; run again: what is damaged is made anew (else choose another folder with --cache-dir)"
        )
        self.folder, self.what = folder, what


class RecordError(StorageError):
    """A record that is truncated, edited or of another schema."""
