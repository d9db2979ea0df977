"""A stranger's code runs in a process that may die before it runs in the harness's: what ends that process, at import or
when a plugin is made, is known by name and left out. What went well is remembered as long as this process lives: what a
plugin finds around it may be another thing in the next."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from bench.errors import PluginError
from bench.processes import Ended, Task, taken
from bench.processes.workers import REHEARSAL, worker_environment
from bench.registry.contained import Standing

__all__ = ["Act", "deaths", "survive"]

_TASK = "rehearsal"
_PATIENCE_S = 120.0  # with one act: an import of much takes a while from a slow disk
_LOOK_S = 5.0  # after so long it is looked whether that is over
_went_well: set[str] = set()


class Act(NamedTuple):
    """Something to try. `function`: "package.module:name", called with `argument`, which is JSON; what it raises is nobody's
    business here. `code`: the digest of what it runs."""

    name: str
    function: str
    argument: Mapping[str, Any]
    code: str


def deaths(acts: Sequence[Act]) -> dict[str, str]:
    """Names of the acts that ended their process, each with how."""
    waiting = [act for act in acts if _key(act) not in _went_well]
    dead: dict[str, str] = {}
    while waiting:
        done, how = _try(waiting, _PATIENCE_S)
        _went_well.update(map(_key, waiting[:done]))
        if done < len(waiting):
            dead[waiting[done].name] = how
        waiting = waiting[done + 1 :]
    return dead


def survive(what: str, function: str, argument: Mapping[str, Any]) -> None:
    """Have something tried, each time anew, however long it takes; PluginError where it ends its process. What it raises is
    as above."""
    done, how = _try([Act(what, function, argument, "")], math.inf)
    if not done:
        raise PluginError(f"{what}: {how}")


def _try(acts: Sequence[Act], patience_s: float) -> tuple[int, str]:
    """Try them in one process, each so long at most; how many went well, and how the next one ended it."""
    argument = json.dumps([[act.function, act.argument] for act in acts])
    done, how = 0, ""
    with taken(worker_environment(), REHEARSAL) as server:
        server.start(Task(_TASK, f"{__name__}:play", argument))
        heard = time.monotonic()
        while server.running:
            if not how and time.monotonic() - heard >= patience_s:
                how = f"it still ran after {patience_s:g} s"
                server.end(_TASK)
            for event in server.events(_LOOK_S):
                heard = time.monotonic()
                if isinstance(event, Ended):
                    how = how or _how(event)
                elif event.text:
                    how = event.text
                else:
                    done += not event.result
    return done, how


def _how(ended: Ended) -> str:
    if ended.malformed:
        return f"it wrote {ended.malformed} where the harness listens"
    return f"it ended the process ({ended.how})"


def play(argument: str, say: Callable[[str], None]) -> str:
    """In the process that may die: each in turn, a line for each that did not end it."""
    for function, arguments in json.loads(argument):
        module, _, name = function.partition(":")
        before = Standing.now()
        try:
            getattr(import_module(module), name)(**arguments)
        except (Exception, SystemExit):
            pass  # it is met again, and told of, where the act is in earnest
        except BaseException as error:
            say(f"it raised {type(error).__name__}, which is no Exception")
            return ""
        if undone := before.undone():
            say(undone)
            return ""
        say("")
    return ""


def _key(act: Act) -> str:
    return json.dumps([act.function, act.argument, act.code])
