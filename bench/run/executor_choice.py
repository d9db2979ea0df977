"""The executor that a command line asks for: `--executor NAME --executor-set KEY=VALUE`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from bench.errors import PluginError
from bench.interfaces import Executor, PluginParams
from bench.registry import Registry, did_you_mean
from bench.suite import read_value
from bench.suite.check.validation import reason_of

__all__ = ["make_executor"]

_OPTION = "--executor-set"


def make_executor(registry: Registry, name: str, settings: Sequence[str], workers: int) -> Executor:
    """`settings`: `a.b=1` each, values as YAML has them. Raises PluginError for an executor or a parameter that there is
    none of, SuiteError for a value that is no YAML."""
    plugin: type[Executor] = registry.load("executors", name)
    params: dict[str, Any] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise PluginError(f"{_OPTION} {text}: write {_OPTION} KEY=VALUE")
        _put(params, key.split("."), read_value(value, f"{_OPTION} {text}"))
    return plugin(_validated(plugin.Params, name, params), workers)


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
