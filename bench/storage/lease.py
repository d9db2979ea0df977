"""Work that one of several processes does: who holds the lease does it, the others wait for what it leaves.

A lease is a locked file. The lock ends with its process, however that ends: a dead owner loses it."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["Lease", "lock", "owner", "sweep_leases", "take"]

_OLD_S = 86_400.0  # nobody has waited since then for what an owner left


class Lease:
    """`last_words`: what the owner before left for whoever comes next, empty where it left nothing or was killed; `left_at`:
    when, by the file system's clock."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self._path, self._descriptor = path, descriptor
        self.left_at = 0.0 if descriptor is None else os.fstat(descriptor).st_mtime
        self.last_words = "" if descriptor is None else _read_off(descriptor)

    def release(self, words: str = "") -> None:
        """Let others have it. Without `words` nothing is left of it."""
        if self._descriptor is None:
            return
        with suppress(OSError):  # the next owner does the work again
            if words:
                os.pwrite(self._descriptor, words.encode(), 0)
            else:
                self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = None


def take(path: Path) -> Lease | None:
    """The lease, or None where another process has it now. Where no file can be locked, whoever asks has it: the work is done
    twice then, and the first to commit it wins."""
    try:
        return Lease(path, lock(path, fcntl.LOCK_EX))
    except BlockingIOError:
        return None
    except OSError:
        return Lease(path, None)


def lock(path: Path, how: int) -> int:
    """A descriptor of the file, made where it is missing and locked until it is closed. `how`: fcntl.LOCK_EX or LOCK_SH.

    Raises BlockingIOError where another process has it, any other OSError where it can't be locked."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)  # its owner removed it before the lock was ours: there may be another


def owner(path: Path) -> int | None:
    """The process that has the lease now; None where no process has it, or none that can be seen."""
    with suppress(OSError, ValueError):
        found = os.stat(path)
        place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            _, kind, _, _, process, where, *_ = line.split()
            if (kind, where) == ("FLOCK", place):
                return int(process) or None
    return None


def sweep_leases(folder: Path) -> None:
    """Remove those that no process has, where killed ones left nothing in them or their words are of another day."""
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                found = path.stat()
                if found.st_size == 0 or found.st_mtime < time.time() - _OLD_S:
                    _drop(path)


def _drop(path: Path) -> None:
    lease = take(path)
    if lease is not None:
        new = lease.left_at >= time.time() - _OLD_S
        lease.release(lease.last_words if new else "")


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _read_off(descriptor: int) -> str:
    """The words, which are gone then: of an owner that is killed nobody hears those of the one before."""
    with suppress(OSError):
        words = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        os.ftruncate(descriptor, 0)
        return words.decode("utf-8", "replace")
    return ""
