"""Servers that are idle, kept for whoever asks next in this program."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from bench.processes.client import Server
from bench.processes.messages import Answer, Ended, Said, Task

__all__ = ["ask", "borrow", "close_idle", "give_back", "taken"]

_MOST_IDLE = 2  # each has torch in memory
_idle: list[Server] = []
_lent: dict[Server, int] = {}  # to the thread that borrowed it


@contextmanager
def taken(environment: Mapping[str, str], preload: Sequence[str] = ()) -> Iterator[Server]:
    """A server for this caller alone, started if none is idle. It is kept afterwards, or ended where something goes on."""
    server = borrow(environment, preload)
    try:
        yield server
    finally:
        give_back(server)


def borrow(environment: Mapping[str, str], preload: Sequence[str] = ()) -> Server:
    """A server with that very environment that has imported at least these modules, or does so now."""
    fitting = [server for server in _idle if server.serves(environment)]
    if fitting:
        server = next((one for one in fitting if one.serves(environment, preload)), fitting[0])
        _idle.remove(server)
        server.environment = dict(environment)
        server.preload_too(preload)
    else:
        server = Server(environment, preload)
    _lent[server] = threading.get_ident()
    return server


def ask(
    task: Task, environment: Mapping[str, str], preload: Sequence[str], *, again: bool = False
) -> Answer:
    """Have one task done now, beside whatever else runs: in a server that this thread has borrowed where one will do. A
    server that somebody else's task ended is replaced, once. `again`: by the process that did the last one of that name,
    for what leaves nothing behind."""
    said, ended = _ask(task, environment, preload, again)
    if ended is not None and (again or ended.with_server):  # it may have been killed as it waited
        said, ended = _ask(task, environment, preload, again=False)
    return Answer(
        tuple(one.text for one in said if not one.result),
        next((one.text for one in said if one.result), None),
        ended,
    )


def _ask(
    task: Task, environment: Mapping[str, str], preload: Sequence[str], again: bool
) -> tuple[list[Said], Ended | None]:
    thread = threading.get_ident()
    for server, borrower in _lent.items():
        if borrower == thread and server.serves(environment, preload):
            lenders, server.environment = server.environment, dict(environment)
            try:
                return _answered(server, task, again)
            finally:
                server.environment = lenders
    with taken(environment, preload) as server:
        return _answered(server, task, again)


def _answered(server: Server, task: Task, again: bool) -> tuple[list[Said], Ended | None]:
    return server.answer_again(task) if again else server.answer(task)


def give_back(server: Server) -> None:
    """Keep it for who borrows next, unless something runs in it or it is gone."""
    _lent.pop(server, None)
    if server.alive and not server.running:
        _idle.append(server)
        while len(_idle) > _MOST_IDLE:
            _idle.pop(0).close()
        atexit.unregister(close_idle)
        atexit.register(close_idle)
    else:
        server.close()


def close_idle() -> None:
    """At the program's end: each would end by itself as well, when it hears no more."""
    while _idle:
        server = _idle.pop()
        if server.own:
            server.close()
