"""What a task prints, read from a pipe and kept in a file: the first and the last of it, whatever comes in between."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["ENDS", "CappedLog"]

ENDS = 256 * 1024  # bytes kept of either end
_ONCE = 65_536  # bytes read at a time
_LAST = (
    4 * 2**20
)  # bytes read after the task's end at most: who else holds the pipe may go on for ever


class CappedLog:
    """`writer`: the end of the pipe that the task prints into. The file is made with the first byte; an older one is gone at
    once. The first bytes are in it as they come, the last ones when it is closed. `trouble`: why it could not be written; the
    task goes on without."""

    def __init__(self, file: str) -> None:
        self.trouble = ""
        self.open = True  # whether more may come
        self._file = Path(file)
        self._written: int | None = None  # descriptor
        self._room = ENDS  # for the first bytes
        self._tail = bytearray()
        self._left_out = 0
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def read(self) -> int:
        """Take what is there, up to a portion of it; how many bytes."""
        try:
            data = os.read(self.reader, _ONCE)
        except BlockingIOError:
            return 0
        self.open = bool(data)
        head, rest = data[: self._room], data[self._room :]
        if head:
            self._write(head)
            self._room -= len(head)
        self._tail += rest
        if len(self._tail) > 2 * ENDS:
            self._forget()
        return len(data)

    def close(self) -> None:
        """Take what is left, and finish the file."""
        taken = 0
        while taken < _LAST and (portion := self.read()):
            taken += portion
        self._forget()
        if self._left_out:
            self._write(f"\n[{self._left_out:,} bytes left out]\n".encode())
        self._write(bytes(self._tail))
        os.close(self.reader)
        if self._written is not None:
            os.close(self._written)

    def _forget(self) -> None:
        """All but the last bytes."""
        surplus = max(0, len(self._tail) - ENDS)
        self._left_out += surplus
        del self._tail[:surplus]

    def _write(self, data: bytes) -> None:
        if self.trouble or not data:
            return
        try:
            if self._written is None:
                self._written = self._made()
            while data:
                data = data[os.write(self._written, data) :]
        except OSError as error:
            self.trouble = error.strerror or str(error)

    def _made(self) -> int:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.unlink(missing_ok=True)  # of another run that does the same step
        return os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
