"""The source files behind a plugin, and their digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

__all__ = ["digest", "package_sources", "plugin_sources", "top_level_sources"]

_HARNESS = __name__.partition(".")[0]


def plugin_sources(module: str) -> tuple[Path, ...]:
    """The .py files that a plugin's digest is of: its top-level package. Of one of the harness's own, its room alone: what
    else a result depends on of the harness has a digest of its own (bench.job.code)."""
    if module.partition(".")[0] != _HARNESS:
        return top_level_sources(module)
    spec = find_spec(module.rpartition(".")[0])
    folders = () if spec is None else spec.submodule_search_locations or ()
    return tuple(path for folder in folders for path in package_sources(Path(folder)))


def top_level_sources(module: str) -> tuple[Path, ...]:
    """The .py files of the top-level package (or module) that a module belongs to, found without importing it; none where
    it can't be found."""
    try:
        spec = find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return ()
    if spec is None:
        return ()
    if spec.submodule_search_locations is not None:
        return tuple(
            path
            for folder in spec.submodule_search_locations
            for path in package_sources(Path(folder))
        )
    return (Path(spec.origin),) if spec.origin else ()


def package_sources(folder: Path) -> tuple[Path, ...]:
    """The .py files of a package in sorted order."""
    return tuple(sorted(folder.rglob("*.py")))


def digest(files: Sequence[Path]) -> str:
    """sha256 over the names (below the folder that they share) and contents of files; where they lie does not matter."""
    total = hashlib.sha256()
    root = Path(os.path.commonpath([path.parent for path in files])) if files else Path()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
