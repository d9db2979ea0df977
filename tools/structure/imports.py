"""Which file imports which, by the import statements of both."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tools.structure.sources import Source

__all__ = ["imports"]

SOURCE_ROOT = (
    "plugins"  # its folders are imported without it: plugins/bench_ctr/fm.py is bench_ctr.fm
)

Module = tuple[str, ...]  # bench.data is ("bench", "data")


def imports(sources: Mapping[str, Source]) -> set[tuple[str, str]]:
    """Pairs of the path that imports and another path that it imports."""
    files = {_module(path): path for path in sources}
    found = set()
    for path, source in sources.items():
        targets = {_file(name, files) for name in _imported_names(path, source.tree)}
        found |= {(path, target) for target in targets if target and target != path}
    return found


def _module(path: str) -> Module:
    parts = PurePosixPath(path).with_suffix("").parts
    parts = parts[1:] if parts[0] == SOURCE_ROOT else parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _imported_names(path: str, tree: ast.Module) -> Iterator[Module]:
    """Absolute ones; the last part of each may be a name in a module rather than a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            yield from ((*_base(path, node.level), *module, alias.name) for alias in node.names)


def _base(path: str, dots: int) -> Module:
    """The package that the dots of a relative import mean: one is the package of the file itself."""
    package = _module(str(PurePosixPath(path).parent / "__init__.py"))
    return package[: len(package) + 1 - dots] if dots else ()


def _file(name: Module, files: Mapping[Module, str]) -> str | None:
    """Of the longest start of the name that is a module; none where it is not of the project."""
    while name and name not in files:
        name = name[:-1]
    return files.get(name)
