"""The executor that a command line asks for: `--executor NAME --executor-set KEY=VALUE`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bench.errors import PluginError
from bench.interfaces import Executor, PluginParams, StepEvent
from bench.registry import Registry, did_you_mean
from bench.suite import read_value
from bench.suite.check.validation import reason_of

__all__ = ["ChosenExecutor", "choose_executor"]

_OPTION = "--executor-set"


class ChosenExecutor:
    """What a run hands its steps to: an executor that is made with the first of them. `workers`: as many as were asked for;
    0 where nobody said and the executor counts them itself."""

    def __init__(self, plugin: type[Executor], params: PluginParams, workers: int) -> None:
        self.plugin, self.params = plugin, params
        self._asked = workers
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
        return self._made

    def events(self) -> Iterator[StepEvent]:
        """None where nothing was handed over yet."""
        return iter(()) if self._made is None else self._made.events()

    def close(self, *, kill: bool = False) -> None:
        if self._made is not None:
            self._made.close(kill=kill)


def choose_executor(
    registry: Registry, name: str, settings: Sequence[str], workers: int | None = None
) -> ChosenExecutor:
    """`settings`: `a.b=1` each, values as YAML has them. `workers`: None where nobody said.

    Raises PluginError for an executor or a parameter that there is none of, SuiteError for a value that is no YAML."""
    plugin: type[Executor] = registry.load("executors", name)
    params: dict[str, Any] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise PluginError(f"{_OPTION} {text}: write {_OPTION} KEY=VALUE")
        _put(params, key.split("."), read_value(value, f"{_OPTION} {text}"))
    if workers is None:
        workers = 0 if plugin.counts_workers else 1
    return ChosenExecutor(plugin, _validated(plugin.Params, name, params), workers)


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
        what = error.errors()[0]
        key = ".".join(map(str, what["loc"]))
        if what["type"] == "extra_forbidden":
            hint = did_you_mean(key, model.model_fields) if model.model_fields else "; it has none"
            raise PluginError(
                f"{_OPTION} {key}: unknown parameter of executor {executor!r}{hint}"
            ) from error
        fix = f"`bench describe {executor}` has its parameters"
        raise PluginError(
            f"{_OPTION} {key}: executor {executor!r}: {reason_of(what)}; {fix}"
        ) from error
