"""Every package says what is public: a sorted `__all__` whose names exist, and nothing public beside it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
from pathlib import Path

import pytest

import bench

MODULES = sorted(module.name for module in pkgutil.walk_packages(bench.__path__, "bench."))
WITHOUT = {"bench.cli.__main__", "bench.hookspecs", "bench.builtin"}  # a script, and the hooks themselves


@pytest.mark.parametrize("name", [name for name in MODULES if name not in WITHOUT])
def test_all_is_there_and_true(name):
    module = importlib.import_module(name)
    if not Path(module.__file__).read_text("utf-8").strip().count("\n"):
        return  # a package of modules alone
    public = module.__all__
    assert len(set(public)) == len(public)
    assert [entry for entry in public if not hasattr(module, entry)] == []
    defined = {
        node.name
        for node in ast.parse(Path(module.__file__).read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    hidden = defined - set(public)
    assert hidden & _imported_from(name) == set(), "imported elsewhere, so it is public"


def _imported_from(name: str) -> set[str]:
    """What other modules of the harness import from this one."""
    return {alias for module, alias in _IMPORTS if module == name}


def _imports(other: str) -> set[tuple[str, str]]:
    tree = ast.parse(Path(importlib.util.find_spec(other).origin).read_text("utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {(node.module, alias.name) for node in nodes for alias in node.names}


_IMPORTS = set().union(*(_imports(module) for module in MODULES))
