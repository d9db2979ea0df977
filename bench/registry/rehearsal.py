"""A stranger's code runs in a process that may die before it runs in the harness's: what ends that process, at import or
when a plugin is made, is known by name and left out. What went well is remembered in the cache, by its code's digest."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from bench.cache_folder import cache_dir
from bench.errors import PluginError
from bench.processes import Ended, Said, Task, taken
from bench.processes.workers import PRELOAD, worker_environment

__all__ = ["Act", "deaths", "survive"]

_TASK = "rehearsal"
_of_process: set[Path] = set()  # what went well here, where there is no cache to remember it


class Act(NamedTuple):
    """Something to try. `function`: "package.module:name", called with `argument`, which is JSON; what it raises is nobody's
    business here. `code`: the digest of what it runs."""

    name: str
    function: str
    argument: Mapping[str, Any]
    code: str


def deaths(acts: Sequence[Act]) -> dict[str, str]:
    """Names of the acts that ended their process, each with how."""
    waiting = [act for act in acts if not _remembered(act)]
    dead: dict[str, str] = {}
    while waiting:
        done, how = _try(waiting)
        for act in waiting[:done]:
            _remember(act)
        if done < len(waiting):
            dead[waiting[done].name] = how
        waiting = waiting[done + 1 :]
    return dead


def survive(what: str, function: str, argument: Mapping[str, Any]) -> None:
    """Have something tried, each time anew; PluginError where it ends its process. What it raises is as above."""
    done, how = _try([Act(what, function, argument, "")])
    if not done:
        raise PluginError(f"{what}: {how}")


def _try(acts: Sequence[Act]) -> tuple[int, str]:
    """Try them in one process; how many went well, and how the next one ended it."""
    argument = json.dumps([[act.function, act.argument] for act in acts])
    done, how = 0, ""
    with taken(worker_environment(), PRELOAD) as server:
        server.start(Task(_TASK, f"{__name__}:play", argument))
        while server.running:
            for event in server.events():
                if isinstance(event, Said):
                    done += not event.result
                elif isinstance(event, Ended):
                    how = _how(event)
    return done, how


def _how(ended: Ended) -> str:
    if ended.malformed:
        return f"it wrote {ended.malformed} where the harness listens"
    return f"it ended the process ({ended.how})"


def play(argument: str, say: Callable[[str], None]) -> str:
    """In the process that may die: each in turn, a line for each that did not end it."""
    for function, arguments in json.loads(argument):
        module, _, name = function.partition(":")
        # what it raises is met again, and told of, where the act is in earnest
        with suppress(Exception, SystemExit):
            getattr(import_module(module), name)(**arguments)
        say("")
    return ""


def _memory(act: Act) -> Path:
    """The file that says that an act went well, with this code under this Python."""
    text = json.dumps([act.function, act.argument, act.code, platform.python_version()])
    return cache_dir(None) / "rehearsed" / hashlib.sha256(text.encode()).hexdigest()[:32]


def _remembered(act: Act) -> bool:
    memory = _memory(act)
    return memory in _of_process or memory.exists()


def _remember(act: Act) -> None:
    memory = _memory(act)
    _of_process.add(memory)
    with suppress(
        OSError
    ):  # it is tried again next time; a cache is made by what has something to keep in it
        memory.parent.mkdir(exist_ok=True)
        memory.touch()
