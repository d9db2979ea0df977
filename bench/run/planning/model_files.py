"""Files that a base model reads (`Model.files`): found, and known by their content."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bench.data.prepared.cache import file_digest
from bench.data.prepared.locate import find
from bench.errors import DataError, PluginUnavailable
from bench.interfaces import Model, Source
from bench.job.spec import BaseModelSpec
from bench.job.steps import ReadFile
from bench.registry import Registry

__all__ = ["model_files"]


def model_files(
    spec: BaseModelSpec, registry: Registry, roots: Sequence[Path]
) -> dict[str, ReadFile]:
    """The files of a base model by its names, none where it reads none. They are looked for below the roots: the suite's
    folder, then the data folder. Raises DataError."""
    try:
        plugin = registry.load("models", spec.use)
    except PluginUnavailable:
        return {}
    if not issubclass(plugin, Model):
        return {}
    names = tuple(plugin(plugin.Params.model_validate_json(json.dumps(dict(spec.params)))).files())
    if not names:
        return {}
    found = find(Source("", "", "", names), roots)
    if isinstance(found, str):
        raise DataError(
            f"base model {spec.use!r}: {found}; put the file there, or give its folder as --data-dir DIR"
        )
    return {name: ReadFile(path, file_digest(path)) for name, path in found.items()}
