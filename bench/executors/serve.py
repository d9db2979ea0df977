"""`python -m bench.executors.serve`: runs the steps that come in as lines of JSON on stdin, one after the other, each in a
process of its own as `local` does. On stdout it says what becomes of it, a line of JSON each: [kind, detail] of a StepEvent.

By this a step runs behind whatever brings a line here and its answers back: ssh, a queue, an engine. It ends when its stdin
does, and takes what runs along. What plugins print goes to steps' logs; what the program itself has to say, to stderr."""

from __future__ import annotations

import json
import os
import sys
from queue import SimpleQueue
from threading import Thread

from bench.executors.local import LocalExecutor
from bench.interfaces import PluginParams

__all__: list[str] = []


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nobody else's words are answers
    steps: SimpleQueue[str] = SimpleQueue()
    Thread(target=_read, args=(steps,), daemon=True).start()
    executor = LocalExecutor(PluginParams())
    while True:
        executor.submit(steps.get())
        for event in executor.events():
            answers.write(json.dumps([event.kind, event.detail]) + "\n")
            answers.flush()


def _read(steps: SimpleQueue[str]) -> None:
    """Until nobody asks any more: then all ends at once, the processes of a step with the server that they are forked from."""
    for line in sys.stdin:
        steps.put(line)
    os._exit(0)


if __name__ == "__main__":
    _serve()
