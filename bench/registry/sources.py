"""The source files behind a plugin, what they import, and the digest of both."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path

from bench.registry.distributions import installed_library

__all__ = ["digest", "package_sources", "plugin_digest", "plugin_sources", "top_level_sources"]

_HARNESS = __name__.partition(".")[0]
# A step's identity has the versions of these already (bench.job.environment), or they change no figure.
_NOT_FOLLOWED = {_HARNESS, "numpy", "scipy", "sklearn", "torch", "numba", "pluggy", "pydantic", "threadpoolctl"}  # fmt: skip
_NOT_SOURCES = {".pyc", ".pyo"}
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # where Python's statements lie


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
    return _files(_spec(module.partition(".")[0]))


def package_sources(folder: Path) -> tuple[Path, ...]:
    """The files of a package in sorted order, data files among them; without bytecode and what is hidden. Links to folders
    are followed, each folder once."""
    return tuple(sorted(_below(folder)))


def _below(folder: Path) -> Iterator[Path]:
    walked: set[str] = set()  # a link may lead back up
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        if (real := os.path.realpath(place)) in walked:
            folders.clear()
            continue
        walked.add(real)
        found = (Path(place, name) for name in names if not _is_hidden(name))
        yield from (path for path in found if path.suffix not in _NOT_SOURCES and path.is_file())


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"


def _files(spec: ModuleSpec | None) -> tuple[Path, ...]:
    if spec is None:
        return ()
    if spec.submodule_search_locations is not None:
        return tuple(
            path
            for folder in spec.submodule_search_locations
            for path in package_sources(Path(folder))
        )
    return (Path(spec.origin),) if spec.origin and spec.has_location else ()


def _spec(name: str) -> ModuleSpec | None:
    """Where a top-level module would come from. What is imported already does not matter: a digest has to be the same
    before and after the import."""
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(name, None)
        except (ImportError, ValueError):
            continue
        if spec is not None:
            return spec
    return None


# -- digests


def digest(files: Sequence[Path]) -> str:
    """sha256 over the names (below the folder that they share) and contents of files; where they lie does not matter. What
    they import counts: modules that belong to no installed distribution by their own files, distributions as
    `installed_library` tells them, and what lies beside a file under an imported name, which it may reach by a `sys.path` of
    its own. An import by a name that is put together while running is not seen."""
    return _digest(tuple(files), frozenset())


def _digest(files: tuple[Path, ...], seen: frozenset[str]) -> str:
    total = hashlib.sha256()
    root = Path(os.path.commonpath([path.parent for path in files])) if files else Path()
    seen = seen | set(_real(files))
    imported: dict[
        str, set[str]
    ] = {}  # a module, and folders below the root of files that import it
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
        if path.suffix == ".py":
            folder = path.parent.relative_to(root).as_posix()
            for name in _imports(content):
                imported.setdefault(name, set()).add(folder)
    for name in sorted(imported):
        folders = [root / folder for folder in sorted(imported[name])]
        if text := _depends_on(name, folders, seen):
            total.update(f"\0{name}\0{text}".encode())
    return total.hexdigest()


def _depends_on(name: str, folders: Sequence[Path], seen: frozenset[str]) -> str:
    """What stands in a digest for a module that files of these folders import; nothing for what is counted elsewhere or
    not there."""
    from bench.registry.local import NAMESPACE, local_sources  # which needs this module

    if name.partition(".")[0] == NAMESPACE:
        return _of_unseen(local_sources(name), seen)
    if name in _NOT_FOLLOWED or name in sys.stdlib_module_names:
        return ""
    elsewhere = _library(name) or _of_unseen(top_level_sources(name), seen)
    beside = (_of_unseen(_beside(name, folder), seen) for folder in folders)
    return elsewhere + "".join(beside)


def _of_unseen(files: Sequence[Path], seen: frozenset[str]) -> str:
    followed = tuple(
        path for path, real in zip(files, _real(files), strict=True) if real not in seen
    )
    return _digest(followed, seen) if followed else ""


def _real(files: Sequence[Path]) -> list[str]:
    """Where files lie, links followed: those on the way to a folder once for all of its files."""
    folders: dict[str, str] = {}
    found = []
    for path in map(os.fspath, files):
        folder, name = os.path.split(path)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        real = os.path.join(folders[folder], name)
        found.append(os.path.realpath(real) if os.path.islink(real) else real)
    return found


def _beside(name: str, folder: Path) -> tuple[Path, ...]:
    """The files of a module in a folder; of one without `__init__.py`, which may be any folder, code alone."""
    spec = PathFinder.find_spec(name, [str(folder)])
    files = _files(spec)
    package = spec is not None and spec.has_location
    return files if package else tuple(path for path in files if path.suffix == ".py")


@cache
def _imports(source: bytes) -> frozenset[str]:
    """Top-level names of the modules that a file imports; those beside a plugin of a single file as `bench_local.NAME`."""
    from bench.registry.local import NAMESPACE

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset()
    found = set()
    for statement in _statements(tree):
        for name in _named(statement):
            top, _, rest = name.partition(".")
            found.add(f"{top}.{rest.partition('.')[0]}" if top == NAMESPACE else top)
    return frozenset(found)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All of a tree, at any depth. Expressions, most of it, hold none and are passed over."""
    left: list[ast.AST] = [tree]
    while left:
        statement = left.pop()
        yield statement
        left.extend(below for block in _BLOCKS for below in getattr(statement, block, ()))


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


@cache
def _library(name: str) -> str:
    """What a top-level name is installed by; nothing for modules that lie elsewhere."""
    spec = _spec(name)
    if spec is None:
        return ""
    return installed_library(name, [spec.origin or "", *(spec.submodule_search_locations or ())])
