"""What a running task says, as it comes through its socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from bench.processes.child import MESSAGE_END
from bench.processes.messages import Said

__all__ = ["Running"]

_LONGEST = 64 * 2**20  # bytes of one message of a task; more is not what the harness sends


@dataclass
class Running:
    """A task that is running. `malformed`: what came and is no message, for people; nothing after it is read."""

    name: str
    pid: int
    channel: socket.socket
    received: bytearray = field(default_factory=bytearray)
    malformed: str = ""

    @property
    def open(self) -> bool:
        return self.channel.fileno() >= 0

    def tell(self, order: bytes) -> None:
        """Have it read more; that it has ended is heard later."""
        self.channel.setblocking(True)
        with suppress(OSError):
            self.channel.sendall(order)
        self.channel.setblocking(False)

    def said(self) -> Iterator[Said]:
        """All that is there to read. Closes the channel at its end, and where what comes is no message."""
        while self.open:
            try:
                data = self.channel.recv(65_536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.channel.close()
            self.received += data
            yield from self._messages()

    def _messages(self) -> Iterator[Said]:
        *lines, rest = bytes(self.received).split(MESSAGE_END)
        self.received = bytearray(rest)
        if len(rest) > _LONGEST:
            self._refuse(rest)
        for line in lines:
            said = _message(line)
            if said is None:
                self._refuse(line)
            if self.malformed or said is None:
                return
            yield Said(self.name, said[1], said[0] == "result")

    def _refuse(self, line: bytes) -> None:
        self.malformed = repr(bytes(line[:60]))
        self.channel.close()


def _message(line: bytes) -> tuple[str, str] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match said:
        case ["progress" | "result" as kind, str(text)]:
            return kind, text
    return None
