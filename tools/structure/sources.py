"""The project's Python files, of the working tree or a revision: syntax trees, and which lines have code or a comment."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tarfile
import tokenize
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Source", "parse_all", "read_revision", "read_working_tree", "span"]

FOLDERS = ("bench", "plugins")
LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


class Source(NamedTuple):
    tree: ast.Module  # without docstrings
    code: set[int]  # numbers of the lines with code, docstrings left out
    comments: set[int]  # numbers of the lines with a comment


def read_working_tree() -> dict[str, str]:
    """Texts by path from the repository root, which is the current folder. Exits where there are none."""
    files = sorted(file for folder in FOLDERS for file in Path(folder).rglob("*.py"))
    if not files:
        sys.exit(f"no .py file below {' or '.join(FOLDERS)}: run this from the repository root")
    return {file.as_posix(): file.read_text("utf-8") for file in files}


def read_revision(revision: str) -> dict[str, str]:
    """The same, out of git. Exits with git's message where it knows no such revision or folder."""
    done = subprocess.run(
        ["git", "archive", "--format=tar", revision, *FOLDERS], capture_output=True
    )
    if done.returncode:
        sys.exit(f"revision {revision}: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        opened = {
            name: archive.extractfile(name)
            for name in sorted(archive.getnames())
            if name.endswith(".py")
        }
        return {name: file.read().decode("utf-8") for name, file in opened.items() if file}


def parse_all(texts: Mapping[str, str]) -> dict[str, Source]:
    return {path: _parse(text, path) for path, text in texts.items()}


def span(statements: Sequence[ast.stmt]) -> set[int]:
    """Numbers of the lines from the first statement to the end of the last."""
    first, last = statements[0], statements[-1]
    # they stand above what they decorate
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    start = min([first.lineno, *(decorator.lineno for decorator in decorators)])
    return set(range(start, (last.end_lineno or last.lineno) + 1))


def _parse(text: str, path: str) -> Source:
    tree = ast.parse(text, path)
    code, comments = _lines(text)
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            code -= _take_docstring(scope)
    return Source(tree, code, comments)


def _take_docstring(
    scope: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> set[int]:
    """Out of the tree; the lines that it stood on."""
    if ast.get_docstring(scope, clean=False) is None:
        return set()
    return span([scope.body.pop(0)])


def _lines(text: str) -> tuple[set[int], set[int]]:
    code: set[int] = set()
    comments: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments.add(token.start[0])
        elif token.type not in LAYOUT:
            code.update(range(token.start[0], token.end[0] + 1))
    blank = {number for number, line in enumerate(text.split("\n"), start=1) if not line.strip()}
    return code - blank, comments  # a string of many lines may have blank ones
