"""Files that a base model reads (`Model.files`): found, and known by their content."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.data.prepared.cache import file_digest
from bench.data.prepared.locate import find
from bench.errors import DataError, PluginUnavailable
from bench.interfaces import Model, Source
from bench.job.spec import BaseModelSpec
from bench.registry import Registry

__all__ = ["ModelFiles", "model_files"]


class ModelFiles(NamedTuple):
    """By the name that the model has for each; both empty where it reads none."""

    paths: dict[str, Path]
    sha256: dict[str, str]


def model_files(spec: BaseModelSpec, registry: Registry, roots: Sequence[Path]) -> ModelFiles:
    """Look for the files of a base model below the roots: the suite's folder, then the data folder. Raises DataError."""
    try:
        plugin = registry.load("models", spec.use)
    except PluginUnavailable:
        return ModelFiles({}, {})
    if not issubclass(plugin, Model):
        return ModelFiles({}, {})
    names = tuple(plugin(plugin.Params.model_validate_json(json.dumps(dict(spec.params)))).files())
    if not names:
        return ModelFiles({}, {})
    found = find(Source("", "", "", names), roots)
    if isinstance(found, str):
        raise DataError(
            f"base model {spec.use!r}: {found}; put the file there, or give its folder as --data-dir DIR"
        )
    return ModelFiles(dict(found), {name: file_digest(path) for name, path in found.items()})
