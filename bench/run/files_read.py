"""Where the files that a suite reads may lie: its datasets' and its base models'."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.data.prepared.locate import is_local, roots
from bench.errors import PluginUnavailable
from bench.interfaces import Dataset, Model
from bench.registry import Registry
from bench.suite import Suite

__all__ = ["places_of_files"]


def places_of_files(suite: Suite, registry: Registry, data_dir: Path | None) -> list[Path]:
    """Below every root, whether there is a file or not: one that comes may be read in place of another."""
    names = dict.fromkeys(_names(suite, registry))
    return [root.resolve() / name for root in roots(suite.file.parent, data_dir) for name in names]


def _names(suite: Suite, registry: Registry) -> Iterator[Path]:
    for spec in suite.datasets.values():
        dataset = _made(registry, "datasets", spec.use, spec.params)
        for source in dataset.sources() if isinstance(dataset, Dataset) else ():
            if is_local(source):
                yield from (Path(source.name) / member for member in source.members)
    for model_spec in suite.base_models.values():
        model = _made(registry, "models", model_spec.use, model_spec.params)
        if isinstance(model, Model):
            yield from map(Path, model.files())


def _made(registry: Registry, kind: str, name: str, params: Any) -> object:
    try:
        plugin = registry.load(kind, name)
    except PluginUnavailable:
        return None
    return plugin(plugin.Params.model_validate_json(json.dumps(dict(params))))
