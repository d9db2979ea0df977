"""Every module says what is public: a sorted `__all__` whose names exist, and nothing that others import beside it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import re
from pathlib import Path

import pytest

import bench
import bench_baselines
import bench_ctr
import bench_data
import bench_executors
import bench_metaselector

PLUGINS = (bench_baselines, bench_ctr, bench_data, bench_executors, bench_metaselector)
WITHOUT = {
    "bench.cli.__main__",
    "bench.hookspecs",
    "bench.builtin",
}  # a script, and the hooks themselves


def _modules(package) -> list[str]:
    return [
        package.__name__,
        *(
            module.name
            for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        ),
    ]


def _source(name: str) -> str:
    return Path(importlib.util.find_spec(name).origin).read_text("utf-8")


def _says_something(name: str) -> bool:
    """Whether there is more than a docstring: the `__init__` of a package of modules has no names of its own."""
    return len(ast.parse(_source(name)).body) > 1


HARNESS = [name for name in _modules(bench) if name not in WITHOUT and _says_something(name)]
ALL = [*HARNESS, *(package.__name__ for package in PLUGINS)]


@pytest.mark.parametrize("name", ALL)
def test_all_is_sorted_and_each_name_exists(name):
    module = importlib.import_module(name)
    public = list(module.__all__)
    assert public == sorted(set(public), key=_constants_classes_functions)
    assert [entry for entry in public if not hasattr(module, entry)] == []


def _constants_classes_functions(name: str) -> tuple[int, str]:
    """The order in which the linter sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@pytest.mark.parametrize("name", HARNESS)
def test_what_others_import_is_public(name):
    module = importlib.import_module(name)
    defined = {
        node.name
        for node in ast.parse(_source(name)).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert (defined - set(module.__all__)) & IMPORTED[name] == set()


@pytest.mark.parametrize(
    "name", [name for name in HARNESS if hasattr(importlib.import_module(name), "__path__")]
)
def test_a_package_makes_public_all_that_it_takes_from_its_public_modules(name):
    taken = {
        alias.name
        for node in ast.parse(_source(name)).body
        if isinstance(node, ast.ImportFrom)
        and re.match(re.escape(name) + r"\.[^_]", node.module or "")
        for alias in node.names
    }
    assert taken <= set(importlib.import_module(name).__all__)


def _imports(name: str) -> set[tuple[str, str]]:
    """(module, name) of each `from module import name`."""
    nodes = [
        node for node in ast.walk(ast.parse(_source(name))) if isinstance(node, ast.ImportFrom)
    ]
    return {(node.module or "", alias.name) for node in nodes for alias in node.names}


_TAKEN = set().union(*(_imports(name) for name in _modules(bench)))
IMPORTED = {name: {alias for module, alias in _TAKEN if module == name} for name in HARNESS}
