"""What the plugins of a suite say of themselves: kept with the run, so that a report needs no plugin."""

from __future__ import annotations

import inspect
from typing import Any

from bench.errors import PluginError
from bench.registry import Registry, summary
from bench.suite import Suite, used_plugins

__all__ = ["citations", "summaries"]

_MOST = 20_000  # characters of one plugin's
_OF_METHODS = ("models", "selectors", "meta_learners")


def citations(suite: Suite, registry: Registry) -> list[dict[str, str]]:
    """Of each plugin that declares any: its kind, name and entries as they are written, in the order of the suite; metrics
    come last."""
    metrics = dict.fromkeys(("metrics", spec.use) for spec in suite.computed.values())
    found = [
        {"kind": kind, "name": name, "citation": _kept(inspect.cleandoc(plugin.citation))}
        for kind, name in (*used_plugins(suite), *metrics)
        if (plugin := _loaded(registry, kind, name)) is not None
    ]
    return [one for one in found if one["citation"]]


def summaries(suite: Suite, registry: Registry) -> list[dict[str, str]]:
    """Of each plugin that a base model or a method is made of: its kind, name and the first line of its docstring."""
    return [
        {"kind": kind, "name": name, "summary": _kept(summary(plugin))}
        for kind, name in used_plugins(suite)
        if kind in _OF_METHODS and (plugin := _loaded(registry, kind, name)) is not None
    ]


def _loaded(registry: Registry, kind: str, name: str) -> Any:
    """None of one that can't be loaded: its trials say so."""
    try:
        return registry.load(kind, name)
    except PluginError:
        return None


def _kept(text: str) -> str:
    """JSON holds no half of a character."""
    return text[:_MOST].encode("utf-8", "backslashreplace").decode("utf-8")
