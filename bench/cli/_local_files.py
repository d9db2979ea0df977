"""Whether the files that a suite names are where a run would look for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.errors import BenchError, DataError
from bench.interfaces import Model, Source
from bench.registry import Registry
from bench.suite import Suite

__all__ = ["missing_files"]

_FIX = "put it there, or give its folder as --data-dir or BENCH_DATA when the suite is run"


def missing_files(suite: Suite, registry: Registry) -> Iterator[str]:
    """A note for each dataset that is read from local files alone, and each base model that reads files, where they are not
    there: no fault, since a run may be told of another folder. Nothing is read."""
    for name, sources in _wanted(suite, registry):
        reasons = [_reason(source, suite.file.parent) for source in sources]
        if reasons and all(reasons):
            yield f"{name}: {'; '.join(dict.fromkeys(reasons))}; {_FIX}"


def _wanted(suite: Suite, registry: Registry) -> Iterator[tuple[str, Sequence[Source]]]:
    """What is read, and the sources of which any will do."""
    for name, dataset in suite.datasets.items():
        sources = _asked(registry, "datasets", dataset, "sources")
        if all(not source.url for source in sources):
            yield f"dataset {name!r}", sources
    for name, model in suite.base_models.items():
        if files := _asked(registry, "models", model, "files"):
            yield f"base model {name!r}", [Source("", "", "", tuple(files))]


def _asked(registry: Registry, kind: str, spec: Any, method: str) -> Sequence[Any]:
    """What the plugin says; nothing of one that is unavailable, or that reads no files."""
    try:
        plugin = registry.load(kind, spec.use)
    except BenchError:
        return ()
    if kind == "models" and not issubclass(plugin, Model):
        return ()
    made = plugin(plugin.Params.model_validate_json(json.dumps(dict(spec.params))))
    asked: Sequence[Any] = getattr(made, method)()
    return asked


def _reason(source: Source, base: Path) -> str:
    """In words, what is missing and where it was looked for."""
    from bench.data.prepared.locate import find, roots  # here, since it is slow to import

    try:
        found = find(source, [folder.resolve() for folder in roots(base, None)])
    except DataError as error:
        return str(error)
    return found if isinstance(found, str) else ""
