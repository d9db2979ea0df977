"""Datasets and protocols of strangers run in the harness's own process, where the labels are. They are tried on the very data
in a process that may die first; a dataset is prepared there, and found in the cache afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.data import prepare
from bench.data.splits.split import divide
from bench.data.views.interactions import Interactions, timeline
from bench.registry import Registry
from bench.registry.rehearsal import survive
from bench.registry.used import UsedPlugins
from bench.registry.used_plugin import UsedPlugin

__all__ = ["try_protocol", "try_reading"]


def try_reading(
    name: str,
    params: Mapping[str, Any],
    registry: Registry,
    data_dir: Path | None,
    cache: Path,
    base: Path,
) -> None:
    """Raises PluginError where reading ends the process."""
    if not registry.is_own("datasets", name):
        places = {"data_dir": data_dir, "cache": cache, "base": base}
        absolute = {key: str(path.absolute()) if path else None for key, path in places.items()}
        argument = {"plugin": _plugin(registry, "datasets", name, params), **absolute}
        survive(f"dataset {name!r}: reading", f"{__name__}:read", argument)


def try_protocol(
    name: str, params: Mapping[str, Any], registry: Registry, interactions: Interactions, seed: int
) -> None:
    """Raises PluginError where dividing ends the process."""
    if not registry.is_own("protocols", name):
        argument = {
            "plugin": _plugin(registry, "protocols", name, params),
            "folder": str(interactions.folder.absolute()),
            "seed": seed,
        }
        survive(f"protocol {name!r}: dividing", f"{__name__}:divide_by", argument)


def _plugin(registry: Registry, kind: str, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    paths = [str(path.absolute()) for path in registry.paths]
    return {"used": list(registry.used(kind, name)), "paths": paths, "params": dict(params)}


# -- in the process that may die


def read(plugin: Mapping[str, Any], data_dir: str | None, cache: str, base: str | None) -> None:
    prepare(
        _made(plugin),
        data_dir=Path(data_dir) if data_dir else None,
        cache=Path(cache),
        base=Path(base) if base else None,
    )


def divide_by(plugin: Mapping[str, Any], folder: str, seed: int) -> None:
    divide(_made(plugin), timeline(Interactions.open(Path(folder))), seed)


def _made(plugin: Mapping[str, Any]) -> Any:
    used = UsedPlugin(*plugin["used"])
    found = UsedPlugins([used], list(map(Path, plugin["paths"]))).load_unchecked(used)
    return found(found.Params.model_validate_json(json.dumps(plugin["params"])))
