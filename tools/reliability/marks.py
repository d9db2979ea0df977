"""Which tests bear a row, `@pytest.mark.fault(ROW, ...)`, read from their sources: nothing is imported or run."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["MarkError", "by_row", "marked_tests"]

MARK = "pytest.mark.fault"


class MarkError(ValueError):
    """A mark that is not the decorator of a test function, with numbers of rows."""


def marked_tests(root: Path) -> dict[str, list[str]]:
    """`tests/FOLDER/test_FILE.py::test_NAME` to its rows, sorted. Raises MarkError."""
    files = sorted((root / "tests").rglob("test_*.py"))
    found = {
        f"{file.relative_to(root).as_posix()}::{test}": rows
        for file in files
        for test, rows in _of_file(file).items()
    }
    return dict(sorted(found.items()))


def by_row(marked: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The tests of each row that has some, sorted."""
    tests: dict[str, list[str]] = defaultdict(list)
    for test, rows in sorted(marked.items()):
        for row in rows:
            tests[row].append(test)
    return dict(tests)


def _of_file(file: Path) -> dict[str, list[str]]:
    text = file.read_text("utf-8")
    if MARK not in text:
        return {}
    tree = ast.parse(text)
    marks = {
        function.name: [call for call in map(_fault_mark, function.decorator_list) if call]
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
    }
    if sum(map(len, marks.values())) != sum(_is_mark(node) for node in ast.walk(tree)):
        raise MarkError(
            f"{file}: {MARK} is no decorator of a test function; write it above the function, as {MARK}(ROW)"
        )
    rows = {
        test: [row for call in calls for row in _rows(file, call)] for test, calls in marks.items()
    }
    return {test: found for test, found in rows.items() if found}


def _fault_mark(decorator: ast.expr) -> ast.Call | None:
    return decorator if isinstance(decorator, ast.Call) and _is_mark(decorator.func) else None


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == MARK


def _rows(file: Path, call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        if not isinstance(argument, ast.Constant):
            raise MarkError(f"{file}:{call.lineno}: {ast.unparse(argument)} is no number of a row")
        yield str(argument.value)
