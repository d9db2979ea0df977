"""What the plugins of a suite ask to be cited as: kept with the run, so that a report needs no plugin."""

from __future__ import annotations

import inspect

from bench.errors import PluginError
from bench.registry import Registry
from bench.suite import Suite, used_plugins

__all__ = ["citations"]

_MOST = 20_000  # characters of one plugin's


def citations(suite: Suite, registry: Registry) -> list[dict[str, str]]:
    """Of each plugin that declares any: its kind, name and entries as they are written, in the order of the suite; metrics
    come last."""
    metrics = dict.fromkeys(("metrics", spec.use) for spec in suite.computed.values())
    found = [
        {"kind": kind, "name": name, "citation": _citation(registry, kind, name)}
        for kind, name in (*used_plugins(suite), *metrics)
    ]
    return [one for one in found if one["citation"]]


def _citation(registry: Registry, kind: str, name: str) -> str:
    try:
        declared: str = registry.load(kind, name).citation
    except PluginError:  # its trials say so
        return ""
    # JSON holds no half of a character
    return inspect.cleandoc(declared[:_MOST]).encode("utf-8", "backslashreplace").decode("utf-8")
