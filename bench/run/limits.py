"""The bounds of numbers that a meta-learner chooses from: kept with the run, so that a report needs no plugin to say whether a
list can be made wider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.errors import PluginError
from bench.registry import Registry
from bench.suite import Suite, used_plugins

__all__ = ["limits"]


def limits(suite: Suite, registry: Registry) -> dict[str, dict[str, list[float | None]]]:
    """Meta-learner -> parameter that is a list of numbers -> the lowest and the highest value that it may hold; None where
    there is none, or where it itself is not allowed."""
    used = dict.fromkeys(name for kind, name in used_plugins(suite) if kind == "meta_learners")
    found = {name: _of_plugin(registry, name) for name in used}
    return {name: bounds for name, bounds in found.items() if bounds}


def _of_plugin(registry: Registry, name: str) -> dict[str, list[float | None]]:
    try:
        schema = registry.load("meta_learners", name).Params.model_json_schema()
    except PluginError:  # its trials say so
        return {}
    items = {
        parameter: told.get("items", {}) for parameter, told in schema.get("properties", {}).items()
    }
    return {
        parameter: [_number(of.get("minimum")), _number(of.get("maximum"))]
        for parameter, of in items.items()
        if isinstance(of, Mapping) and of.get("type") in ("integer", "number")
    }


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) else None
