"""A task's own process, from the fork to its end."""

from __future__ import annotations

import faulthandler
import io
import json
import os
import signal
import socket
import sys
from importlib import import_module
from typing import Any, NoReturn

from bench.processes.system import adopt_orphans, be_killed_first, die_with_parent

__all__ = ["MESSAGE_END", "run_task"]

MESSAGE_END = b"\n"


def run_task(
    channel: int, output: int, server: int, *, logged: bool, time_s: float | None
) -> NoReturn:
    """Read what to call from the channel, call it, say what it returned, and end: with whatever threads, exit handlers and
    children it has left. `output`: where all goes that is printed; `logged`: into a log; `time_s`: after which it says
    there where it is."""
    code = 1
    try:
        _isolate(output, server)
        if logged:
            _tell_the_log(time_s)
        code = _call(socket.socket(fileno=channel))
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _flush()
        os._exit(code & 255)


def _isolate(output: int, server: int) -> None:
    """A session of its own, so that signals to the group reach no other; no input; one place for what is printed."""
    os.setsid()
    die_with_parent(server)
    adopt_orphans()  # they are this task's as long as it lives
    be_killed_first()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _tell_the_log(time_s: float | None) -> None:
    """What is printed line by line, since whoever crashes flushes nothing; where a crash was; and where it is at its limit of
    time: by a thread of C, since a signal would end a call of the system early, and the step go on with half of it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    faulthandler.enable(2)
    if time_s is not None:
        faulthandler.dump_traceback_later(time_s, file=2)


def _call(channel: socket.socket) -> int:
    def send(kind: str, text: str) -> None:
        channel.sendall(json.dumps([kind, text]).encode() + MESSAGE_END)

    with channel.makefile("rb") as reader:
        for line in reader:  # no line where who asked is gone
            order = json.loads(line)
            _settle(order)
            module, _, attribute = order["function"].partition(":")
            function = getattr(import_module(module), attribute)
            send("result", function(order["argument"], lambda text: send("progress", text)))
            if not order["stands"]:
                break
    return 0


def _settle(order: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.path[:] = order["path"]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # a stranger's code may have closed or replaced it
            continue
