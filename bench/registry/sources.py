"""The source files behind a plugin, what they import, and the digest of both."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

__all__ = ["digest", "package_sources", "plugin_digest", "plugin_sources", "top_level_sources"]

_HARNESS = __name__.partition(".")[0]
# A step's identity has the versions of these already (bench.job.environment), or they change no figure.
_NOT_FOLLOWED = {_HARNESS, "numpy", "scipy", "sklearn", "torch", "numba", "pluggy", "pydantic", "threadpoolctl"}  # fmt: skip
_NOT_SOURCES = {".pyc", ".pyo"}


def plugin_digest(module: str) -> str:
    """Of the code behind a module: see `digest`."""
    return digest(plugin_sources(module))


def plugin_sources(module: str) -> tuple[Path, ...]:
    """The files that a plugin's digest is of: its top-level package. Of one of the harness's own, its room alone: what
    else a result depends on of the harness has a digest of its own (bench.job.code)."""
    from bench.registry.local import NAMESPACE, local_sources  # which needs this module

    top = module.partition(".")[0]
    if top != _HARNESS:
        return local_sources(module) if top == NAMESPACE else top_level_sources(module)
    spec = find_spec(module.rpartition(".")[0])
    folders = () if spec is None else spec.submodule_search_locations or ()
    return tuple(path for folder in folders for path in package_sources(Path(folder)))


def top_level_sources(module: str) -> tuple[Path, ...]:
    """The files of the top-level package (or module) that a module belongs to, found without importing it; none where it
    can't be found."""
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
    return (Path(spec.origin),) if spec.origin and spec.has_location else ()


def package_sources(folder: Path) -> tuple[Path, ...]:
    """The files of a package in sorted order, data files among them; without bytecode and what is hidden."""
    return tuple(sorted(path for path in folder.rglob("*") if _is_source(path, folder)))


def _is_source(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return not hidden and path.suffix not in _NOT_SOURCES and path.is_file()


# -- digests


def digest(files: Sequence[Path]) -> str:
    """sha256 over the names (below the folder that they share) and contents of files; where they lie does not matter. What
    they import counts: modules that belong to no installed distribution by their own files, distributions by version.
    An import by a name that is put together while running is not seen."""
    return _digest(tuple(files), frozenset())


def _digest(files: tuple[Path, ...], seen: frozenset[Path]) -> str:
    total = hashlib.sha256()
    root = Path(os.path.commonpath([path.parent for path in files])) if files else Path()
    seen = seen | {path.resolve() for path in files}
    imported: set[str] = set()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
        if path.suffix == ".py":
            imported |= _imports(content)
    for name in sorted(imported):
        if text := _depends_on(name, seen):
            total.update(f"\0{name}\0{text}".encode())
    return total.hexdigest()


def _depends_on(name: str, seen: frozenset[Path]) -> str:
    """What stands for an imported module in a digest; nothing for what is counted elsewhere or not there."""
    from bench.registry.local import NAMESPACE, local_sources  # which needs this module

    if name.partition(".")[0] == NAMESPACE:
        files = local_sources(name)
    elif name in _NOT_FOLLOWED or name in sys.stdlib_module_names:
        return ""
    elif distribution := _distribution(name):
        return distribution
    else:
        files = top_level_sources(name)
    followed = tuple(path for path in files if path.resolve() not in seen)
    return _digest(followed, seen) if followed else ""


def _imports(source: bytes) -> set[str]:
    """Top-level names of the modules that a file imports; those beside a plugin of a single file as `bench_local.NAME`."""
    from bench.registry.local import NAMESPACE

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    found = set()
    for node in ast.walk(tree):
        for name in _named(node):
            top, _, rest = name.partition(".")
            found.add(f"{top}.{rest.partition('.')[0]}" if top == NAMESPACE else top)
    return found


def _named(node: ast.AST) -> Iterator[str]:
    from bench.registry.local import NAMESPACE

    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield node.module or ""
        if node.module == NAMESPACE:
            yield from (f"{NAMESPACE}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.ImportFrom):  # in a package these are among its own files
        beside = [node.module] if node.module else [alias.name for alias in node.names]
        yield from (f"{NAMESPACE}.{name}" for name in beside)


class _Installed(NamedTuple):
    """Where distributions are installed, and which one has a top-level name."""

    folders: tuple[str, ...]

    def has(self, origin: str) -> bool:
        return origin.startswith(self.folders)


@cache
def _installed() -> _Installed:
    paths = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    paths |= {path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")}
    return _Installed(tuple(sorted(f"{path}{os.sep}" for path in paths)))


@cache
def _distribution(name: str) -> str:
    """`name==version` of what a top-level name is installed by; nothing for modules that lie elsewhere."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return ""
    places = [] if spec is None else [spec.origin or "", *(spec.submodule_search_locations or ())]
    if not any(_installed().has(place) for place in places):
        return ""
    for distribution in (name, *packages_distributions().get(name, ())):
        try:
            return f"{distribution}=={version(distribution)}"
        except PackageNotFoundError:
            continue
    return ""
