"""Every module says what is public: a sorted `__all__` whose names exist, and nothing that others import beside it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

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


@cache
def _harness() -> list[str]:
    return [name for name in _modules(bench) if name not in WITHOUT and _says_something(name)]


def test_all_is_sorted_and_each_name_exists():
    wrong = {}
    for name in (*_harness(), *(package.__name__ for package in PLUGINS)):
        module = importlib.import_module(name)
        public = list(module.__all__)
        missing = [entry for entry in public if not hasattr(module, entry)]
        if missing or public != sorted(set(public), key=_constants_classes_functions):
            wrong[name] = missing or public
    assert wrong == {}


def _constants_classes_functions(name: str) -> tuple[int, str]:
    """The order in which the linter sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_what_others_import_is_public():
    hidden = {}
    for name in _harness():
        module = importlib.import_module(name)
        defined = {
            node.name
            for node in ast.parse(_source(name)).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        }
        hidden[name] = (defined - set(module.__all__)) & _taken()[name]
    assert {name: those for name, those in hidden.items() if those} == {}


def test_a_package_makes_public_all_that_it_takes_from_its_public_modules():
    lacking = {}
    for name in _harness():
        module = importlib.import_module(name)
        if not hasattr(module, "__path__"):
            continue
        taken = {
            alias.name
            for node in ast.parse(_source(name)).body
            if isinstance(node, ast.ImportFrom)
            and re.match(re.escape(name) + r"\.[^_]", node.module or "")
            for alias in node.names
        }
        lacking[name] = taken - set(module.__all__)
    assert {name: those for name, those in lacking.items() if those} == {}


def _imports(name: str) -> set[tuple[str, str]]:
    """(module, name) of each `from module import name`."""
    nodes = [
        node for node in ast.walk(ast.parse(_source(name))) if isinstance(node, ast.ImportFrom)
    ]
    return {(node.module or "", alias.name) for node in nodes for alias in node.names}


@cache
def _taken() -> dict[str, set[str]]:
    """Module to the names that others import from it."""
    taken = defaultdict(set)
    for module, alias in set().union(*(_imports(name) for name in _modules(bench))):
        taken[module].add(alias)
    return taken
