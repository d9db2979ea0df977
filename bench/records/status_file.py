"""RUN/status.json: how far a run that is at work is, for who looks from another process.

The run that writes it holds a lock on the file, which ends with its process, however that ends: a file that nobody holds is of
a run that was killed. A run that ends by itself removes it. Of two at once over one folder the second has a file of its own,
status-*.json. The files are small, replaced about once a second, and not synced: nothing depends on them."""

from __future__ import annotations

import fcntl
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.errors import RecordError, StorageError
from bench.records import atomic
from bench.records.schema import SCHEMA, decode, encode
from bench.records.seal import check_seal, sealed
from bench.storage.temporary import hold, remove, temporary_name

__all__ = [
    "STATUS",
    "Failure",
    "Left",
    "RunNow",
    "RunStatus",
    "StatusFile",
    "StepNow",
    "forget_killed",
    "read_status",
]

STATUS = re.compile(r"status(-[0-9a-f]{16})?\.json")
_MOST_BYTES = 4 * 2**20  # a thousand workers take a quarter of that
_HEARD_S = 30.0  # where no file can be locked, who wrote so lately is taken to live

Text = Annotated[str, Field(max_length=1000)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Bytes = Annotated[int, Field(ge=0, le=10**18)]
Seconds = Annotated[float, Field(ge=0, le=1e10)]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class StepNow(_Shape):
    """A step that is running. `said`: its last line of progress, if any; `quiet_s`: since that, or since it began."""

    title: Text
    said: Text = ""
    memory_bytes: Bytes | None = None
    seconds: Seconds
    quiet_s: Seconds


class Failure(_Shape):
    title: Text
    reason: Text


class Left(_Shape):
    """As bench.run.Watcher.left tells it."""

    seconds: Seconds
    rough: bool
    unknown: Count


class RunNow(_Shape):
    """Where a run stands. Of its `steps` so many have `ended` and `failed`; of its `trials` so many are `recorded`, by earlier
    runs too. `last_failures`: the last at the end. `quiet_s`: since anything was heard of any step."""

    pid: Count
    steps: Count
    ended: Count
    failed: Count
    trials: Count
    recorded: Count
    seconds: Seconds
    quiet_s: Seconds
    left: Left | None = None
    last_failures: tuple[Failure, ...] = Field((), strict=False)
    running: tuple[StepNow, ...] = Field((), strict=False)


class _File(_Shape):
    """`written`: seconds since 1970, by the clock of who wrote it."""

    written: Annotated[float, Field(ge=0, le=1e11)]
    run: RunNow


class RunStatus(NamedTuple):
    """`age_s`: since it was written; `alive`: whether the run's process is there."""

    now: RunNow
    age_s: float
    alive: bool


class StatusFile:
    """Of a run that is at work in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "status.json"
        self._lock: int | None = None  # of the file that is there now

    def write(self, now: RunNow) -> None:
        """Make or replace it. Raises StorageError."""
        told = {"schema": SCHEMA, "written": time.time(), "run": now.model_dump(mode="json")}
        data = encode(self._path, sealed(told))
        try:
            if self._is_of_another():
                self._path = self._folder / f"status-{uuid4().hex[:16]}.json"
            lock = _replaced(self._path, data)
        except OSError as error:
            raise StorageError(f"{self._path}: can't be written: {error.strerror}") from error
        self._close()
        self._lock = lock

    def remove(self) -> None:
        """The run has ended, and so have those that were killed beside it."""
        if self._is_ours():
            with suppress(OSError):
                self._path.unlink()
        self._close()
        forget_killed(self._folder)

    def _is_of_another(self) -> bool:
        """Whether another run, which lives, has a file at that place. Raises OSError."""
        return self._path.exists() and not self._is_ours() and _is_held(self._path) is True

    def _is_ours(self) -> bool:
        """Whether the file at that place is the one that this run wrote last."""
        if self._lock is None:
            return False
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._lock))
        except OSError:
            return False

    def _close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def forget_killed(folder: Path) -> None:
    """Remove what killed runs have left: all that they were asked for is done by now."""
    for path in _files(folder):
        with suppress(OSError):
            if _is_held(path) is False:
                path.unlink()


def read_status(folder: Path) -> list[RunStatus]:
    """Of each run that is at work in a folder, or was killed there; status.json first.

    Raises RecordError for a file that is damaged or none of these, StorageError for one that can't be read."""
    found = [_read(path) for path in _files(folder)]
    return [one for one in found if one is not None]


def _read(path: Path) -> RunStatus | None:
    """None where it was removed meanwhile."""
    try:
        held = _is_held(path)
        told = decode(path, atomic.read(path, _MOST_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise atomic.unreadable(path, error) from error
    check_seal(path, told, always=True)
    checked = _checked(path, told)
    age = max(0.0, time.time() - checked.written)
    return RunStatus(checked.run, age, age < _HEARD_S if held is None else held)


def _checked(path: Path, told: dict[str, Any]) -> _File:
    try:
        return _File.model_validate(told)
    except (ValidationError, OverflowError, RecursionError) as error:
        raise RecordError(f"{path}: no status of a run: {_first(error)}; remove it") from error


def _first(error: Exception) -> str:
    """What is wrong, and with which key."""
    if not isinstance(error, ValidationError):
        return str(error)
    what = error.errors()[0]
    return f"{'.'.join(map(str, what['loc']))}: {what['msg']}"


def _files(folder: Path) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(folder) if STATUS.fullmatch(name))
    except OSError:
        return []
    return [folder / name for name in sorted(names, key=len)]


def _replaced(path: Path, data: bytes) -> int:
    """Put a file there, locked before it is seen: a descriptor that holds the lock. Raises OSError."""
    temporary = temporary_name(path)
    try:
        with temporary.open("xb") as file:
            hold(file.fileno())
            file.write(data)
            file.flush()
            os.replace(temporary, path)
            return os.dup(file.fileno())  # the lock lasts as long as one of the two is open
    except OSError:
        remove(temporary)
        raise


def _is_held(path: Path) -> bool | None:
    """Whether a process holds it; None where that can't be known. Raises OSError where it can't be opened."""
    while True:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return None
        else:
            if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                return False  # else it was replaced between being opened and being locked
        finally:
            os.close(descriptor)
