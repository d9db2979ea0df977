"""Checks run in processes that the plugin may end, and those that compare processes.

Two servers are kept for them (bench.processes): one whose order of hashes is that of a run's workers, one with another. Checks
follow one another in one process; one that ends it has failed, and the others go on in the next."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bench.errors import PluginError, PluginUnavailable
from bench.processes import Ended, Server, Task, taken
from bench.processes.workers import PRELOAD, worker_environment
from bench.registry.preload import preload_for
from bench.registry.used_plugin import UsedPlugin
from bench.testing.by_kind import BY_HASH, BY_PROCESS, CHECKS, IMPORT, check_names
from bench.testing.sampled import apart
from bench.testing.verdicts import CheckResult

__all__ = ["Target", "check_apart", "named_apart"]

# Chosen among many: with it any two of the kit's fields, and most pairs of words that plugins have sets of, come in the
# other order than in a run. With another one of two words half do.
_OTHER_HASHES = 823
# What libraries set when they are first imported, and a plugin's author can't help.
_OF_LIBRARIES = {
    "the environment",
    "warning filters",
    "python's random state",
    "numpy's random state",
}
_ENDS = "raise an exception instead; what ends the process (os._exit, a signal, a crash in C) takes the harness along"
_IMPORT = "set and start nothing while being imported; what fit needs, it makes for itself"
_PROCESS = "let nothing follow from the process's id, the time, the name of a temporary file or an address (id(), hash())"
_HASHES = "sort before you iterate over a set (sorted(...)), and order nothing by hash() or id()"

Tell = Callable[[CheckResult], None]
Order = Mapping[str, Any]  # to a function of bench.testing.played


class Target(NamedTuple):
    """`used`: the plugin by address (its digest does not matter here); `paths`: as in UsedPlugins; `params`: its settings as
    JSON, or None for the defaults."""

    used: UsedPlugin
    paths: tuple[str, ...]
    params: str | None = None


def check_apart(target: Target, tell: Tell = lambda _: None) -> list[CheckResult]:
    """All checks of its kind, each told of as it ends. PluginUnavailable where it does not import; PluginError where it breaks
    the contract, or has a parameter without a default."""
    kind = target.used.kind
    preload = preload_for([target.used])
    usual, other = (worker_environment(hash_seed=seed) for seed in (0, _OTHER_HASHES))
    with (
        taken(usual, preload) as server,
        taken(other, preload) as other_server,
        tempfile.TemporaryDirectory() as folder,
    ):
        order = {**target._asdict(), "folder": folder}
        found, sample = _in_turn(server, order, list(CHECKS[kind]), tell)
        between = _across(server, other_server, order, found, sample)
        for result in between.values():
            tell(result)
        found |= between
    return [found[name] for name in check_names(kind)]


def named_apart(origin: str) -> list[UsedPlugin]:
    """The plugins of a file or package folder, by its hooks; none where its import ends the process or it registers none."""
    with taken(worker_environment(), PRELOAD) as server:
        named = _ask(server, "play_names", {"origin": origin}).result or []
    return [UsedPlugin(kind, name, address, where, "") for kind, name, address, where in named]


# -- one after the other


def _in_turn(
    server: Server, order: Order, names: list[str], tell: Tell
) -> tuple[dict[str, CheckResult], _Answer]:
    """The import and the named checks, all in one process, after one that ends it the rest in another; and the last one's
    answer."""
    found: dict[str, CheckResult] = {}
    while True:
        waiting = [name for name in names if name not in found]
        answer = _ask(server, "play_checks", {**order, "names": waiting}, tell)
        if not answer.lines:
            ended = CheckResult(IMPORT, "failed", answer.how, _ENDS)
            return {IMPORT: ended, **_not_asked(names, ended)}, answer
        imported, *lines = answer.lines
        if IMPORT not in found:
            found[IMPORT] = _import_verdict(server, order, imported)
            tell(found[IMPORT])
        found |= {result.name: result for result in map(_result, lines)}
        at_its_end = [name for name in waiting if name not in found][:1]
        found |= {name: CheckResult(name, "failed", answer.how, _ENDS) for name in at_its_end}
        if found.keys() >= set(names):
            return found, answer


def _result(line: Mapping[str, Any]) -> CheckResult:
    if "error" in line:
        raise PluginError(line["error"])
    return CheckResult(**line)


def _import_verdict(server: Server, order: Order, imported: Mapping[str, Any]) -> CheckResult:
    """By what `play_import` returns."""
    if "unavailable" in imported:
        raise PluginUnavailable(imported["unavailable"])
    changed, libraries = imported["changed"], imported["libraries"]
    if _OF_LIBRARIES.intersection(changed) and libraries:
        after = _ask(server, "play_import", {**order, "libraries": libraries})
        own = (after.result or {}).get("changed", ())
        changed = [name for name in changed if name not in _OF_LIBRARIES or name in own]
    if changed:
        return CheckResult(IMPORT, "failed", f"importing it changed {', '.join(changed)}", _IMPORT)
    return CheckResult(IMPORT, "passed")


# -- between processes


def _across(
    server: Server,
    other_server: Server,
    order: Order,
    found: Mapping[str, CheckResult],
    sample: _Answer,
) -> dict[str, CheckResult]:
    """Of what gives the same twice in one process. `sample`: of that process."""
    same = next(result for name, result in found.items() if name.startswith("determinism"))
    if same.status == "n/a":
        return {name: same._replace(name=name) for name in (BY_PROCESS, BY_HASH)}
    if same.status == "failed":
        return _not_asked([BY_PROCESS, BY_HASH], same)
    second = _ask(server, "play_sample", order)
    by_process = _compared(BY_PROCESS, sample, second, "asked in another process", _PROCESS)
    if by_process.status != "passed":
        return {BY_PROCESS: by_process, **_not_asked([BY_HASH], by_process)}
    other = _ask(other_server, "play_sample", order)
    where = f"asked in a process with another order of hashes (PYTHONHASHSEED={_OTHER_HASHES})"
    return {BY_PROCESS: by_process, BY_HASH: _compared(BY_HASH, sample, other, where, _HASHES)}


class _Answer(NamedTuple):
    """What a process said (`lines`), what it returned (None: nothing), and how it ended."""

    lines: list[Any]
    result: Any
    how: str


def _compared(name: str, one: _Answer, other: _Answer, where: str, fix: str) -> CheckResult:
    for answer in (one, other):
        wrong = answer.how if answer.result is None else answer.result.get("error")
        if wrong:
            return CheckResult(name, "failed", f"{where}, it gives nothing: {wrong}", fix)
    difference = apart(_array(one.result), _array(other.result))
    if difference:
        return CheckResult(name, "failed", f"{where}, it gives {difference}", fix)
    return CheckResult(name, "passed")


def _array(said: Mapping[str, Any]) -> np.ndarray:
    flat = np.frombuffer(bytes.fromhex(said["bytes"]), said["dtype"])
    return flat.reshape(said["shape"])


def _not_asked(names: list[str], why: CheckResult) -> dict[str, CheckResult]:
    return {name: CheckResult(name, "n/a", f"see the check {why.name!r}") for name in names}


# -- asking


def _ask(server: Server, function: str, order: Order, tell: Tell = lambda _: None) -> _Answer:
    """Of a function of bench.testing.played, in a process of its own; a check's result is told as it is said."""
    task = Task("check", f"bench.testing.played:{function}", json.dumps(order))
    lines, result, how = [], None, ""
    server.start(task)
    while server.running:
        for event in server.events():
            if isinstance(event, Ended):
                how = _how(event)
            elif event.result:
                result = json.loads(event.text)
            else:
                lines.append(json.loads(event.text))
                if "status" in lines[-1]:
                    tell(CheckResult(**lines[-1]))
    return _Answer(lines, result, how)


def _how(ended: Ended) -> str:
    if ended.malformed:
        return f"it wrote {ended.malformed} where the harness listens"
    return f"it ended the process ({ended.how})"
