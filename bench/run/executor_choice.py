"""The executor that a suite (`executor: {use: NAME}`) or a command line (`--executor`, `--executor-set`) asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bench.errors import PluginError
from bench.interfaces import Executor, PluginParams, StepEvent
from bench.interfaces.executors import unheard
from bench.registry import Registry, did_you_mean
from bench.suite import ExecutorSpec, read_value
from bench.suite.check.validation import keys_at, reason_of

__all__ = ["ChosenExecutor", "choose_executor"]

_OPTION = "--executor-set"
_ON_THIS_MACHINE = ExecutorSpec("local")


class ChosenExecutor:
    """What a run hands its steps to: an executor that is made with the first of them. `workers`: as many as were asked for;
    0 where nobody said and the executor counts them itself. `say`: tells people what the executor has to say."""

    def __init__(
        self,
        plugin: type[Executor],
        params: PluginParams,
        workers: int,
        say: Callable[[str], object],
    ) -> None:
        self.plugin, self.params = plugin, params
        self._asked, self._say = workers, say
        self._made: Executor | None = None

    @property
    def name(self) -> str:
        return self.plugin.name

    @property
    def workers(self) -> int:
        """How many steps may run at a time, as far as that is known by now."""
        return (self._asked if self._made is None else self._made.workers) or 1

    @property
    def processes(self) -> Mapping[str, int]:
        return {} if self._made is None else self._made.processes

    def made(self) -> Executor:
        """Raises ExecutorError where what it stands on is not there."""
        if self._made is None:
            self._made = self.plugin(self.params, self._asked)
            self._made.say = self._say
        return self._made

    def events(self) -> Iterator[StepEvent]:
        """None where nothing was handed over yet."""
        return iter(()) if self._made is None else self._made.events()

    def close(self, *, kill: bool = False) -> None:
        if self._made is not None:
            self._made.close(kill=kill)


def choose_executor(
    registry: Registry,
    name: str | None,
    settings: Sequence[str],
    workers: int | None = None,
    of_suite: ExecutorSpec | None = None,
    say: Callable[[str], object] = unheard,
) -> ChosenExecutor:
    """`name`: None where nobody said: the suite's, or `local`. `settings`: `a.b=1` each, values as YAML has them; they win
    over those of the suite, which are another executor's where `name` is not the suite's. `workers`: None where nobody said.

    Raises PluginError for an executor or a parameter that there is none of, SuiteError for a value that is no YAML."""
    spec = of_suite or _ON_THIS_MACHINE
    if name is not None and name != spec.use:
        spec = ExecutorSpec(name)
    plugin: type[Executor] = registry.load("executors", spec.use)
    params = _merged(spec.params, _set(settings))
    if workers is None:
        workers = 0 if plugin.counts_workers else 1
    return ChosenExecutor(plugin, _validated(plugin.Params, spec.use, params), workers, say)


def _set(settings: Sequence[str]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise PluginError(f"{_OPTION} {text}: write {_OPTION} KEY=VALUE")
        _put(params, key.split("."), read_value(value, f"{_OPTION} {text}"))
    return params


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Key by key; what is above wins."""
    both = below.keys() & above.keys()
    nested = {
        key: _merged(below[key], above[key])
        for key in both
        if isinstance(below[key], Mapping) and isinstance(above[key], Mapping)
    }
    return {**below, **above, **nested}


def _put(params: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for depth, key in enumerate(path[:-1], start=1):
        params = params.setdefault(key, {})
        if not isinstance(params, dict):
            dotted = ".".join(path[:depth])
            raise PluginError(
                f"{_OPTION} {'.'.join(path)}: {dotted} is set to a value already; set one of them"
            )
    params[path[-1]] = value


def _validated(model: type[PluginParams], executor: str, params: dict[str, Any]) -> PluginParams:
    try:
        return model.model_validate_json(json.dumps(params))
    except ValidationError as error:
        what = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")  # a slip first
        key = ".".join(map(str, what["loc"]))
        if what["type"] == "extra_forbidden":
            path = tuple(map(str, what["loc"]))
            known = [".".join((*path[:-1], name)) for name in keys_at(model, path[:-1])]
            hint = did_you_mean(key, known) if known else "; it has none"
            raise PluginError(
                f"{_OPTION} {key}: unknown parameter of executor {executor!r}{hint}"
            ) from error
        fix = f"`bench describe {executor}` has its parameters"
        reason = " needs it" if what["type"] == "missing" else f": {reason_of(what)}"
        where = f"{_OPTION} {key}" if key else _OPTION
        raise PluginError(f"{where}: executor {executor!r}{reason}; {fix}") from error
