"""A process of one side that runs blocks when it is asked to."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from bench.errors import CompareError
from bench.gate.speed.side import Side

__all__ = ["Executor", "Launch", "TimeIsUp"]

Executor = Literal["inline", "local"]
_WORKER = Path(__file__).with_name("worker.py")


class TimeIsUp(Exception):  # noqa: N818, it is no error
    """The gate's time limit was reached within a block."""


class Launch:
    """`with Launch(...) as launch:` asks and answers come in turns; the process ends with the block. `room`: a folder of its
    side, in which its cache is."""

    def __init__(self, side: Side, room: Path, threads: int) -> None:
        self.side, self._room, self._blocks = side, room, 0
        self._unread = b""
        room.mkdir(parents=True, exist_ok=True)
        settings = {
            "suite": str(side.suite.resolve()),
            "plugins": [str(path.resolve()) for path in side.plugins],
            "data_dir": None if side.data_dir is None else str(side.data_dir.resolve()),
            "cache": str(room / "cache"),
            "threads": threads,
        }
        self._log = room / "log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                # -P: this folder is not on its path
                [str(side.python), "-P", str(_WORKER), json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=side.suite.resolve().parent,
                env=side.environment(threads),
                start_new_session=True,
            )

    def __enter__(self) -> Launch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def ask(self, executor: Executor, only: Sequence[str]) -> None:
        """For one block, without waiting for it."""
        self._blocks += 1
        out = self._room / f"out-{self._process.pid}-{self._blocks}"
        request = {"executor": executor, "only": list(only), "out": str(out)}
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the answer tells
            self._process.stdin.write((json.dumps(request) + "\n").encode())
            self._process.stdin.flush()

    def answer(self, deadline: float | None) -> dict[str, Any]:
        """Of the last question. Raises CompareError where there is none, TimeIsUp at the deadline (time.monotonic)."""
        while b"\n" not in self._unread:
            self._read(deadline)
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise CompareError(f"{self.side.name} can't run the suite: {answer['error']}")
        return answer

    def _read(self, deadline: float | None) -> None:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([pipe], [], [], left)[0]:
            raise TimeIsUp
        if not (read := os.read(pipe, 1 << 20)):
            raise CompareError(f"{self.side.name}: {self._ended()}")
        self._unread += read

    def _ended(self) -> str:
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        lines = self._log.read_text("utf-8", errors="replace").strip().splitlines()
        last = lines[-1] if lines else "it said nothing"
        return f"its process ended with {how} in the middle of a block: {last}"
