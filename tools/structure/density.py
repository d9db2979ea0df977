"""How much a reader takes in with a line of a function, how much is commented, and who mentions a name."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tools.structure.sources import Source, span

__all__ = ["Function", "densest", "measure_functions", "mentions", "share_commented"]

KINDS = {
    ast.Attribute: "attribute",
    ast.keyword: "keyword",
    ast.Constant: "string",
}  # any other is an identifier


class Function(NamedTuple):
    name: str  # of a method `Class.method`
    place: str  # `path:line`
    nodes: int  # of the body
    lines: int  # with code, of the body

    @property
    def nodes_a_line(self) -> float:
        return self.nodes / self.lines


def measure_functions(sources: Mapping[str, Source]) -> list[Function]:
    """The outermost ones with a body beside the docstring."""
    return [
        _measure(node, name, path, source.code)
        for path, source in sources.items()
        for name, node in _outermost(source.tree)
        if node.body
    ]


def densest(functions: Iterable[Function], count: int = 10, least_lines: int = 8) -> list[Function]:
    """Those with the most nodes a line first."""
    long = [function for function in functions if function.lines >= least_lines]
    return sorted(long, key=lambda function: (-function.nodes_a_line, function.place))[:count]


def share_commented(sources: Iterable[Source]) -> float:
    """Lines with a comment in those with code or a comment."""
    pairs = [(len(source.comments), len(source.code | source.comments)) for source in sources]
    return sum(comments for comments, _ in pairs) / max(sum(lines for _, lines in pairs), 1)


def mentions(tree: ast.Module, name: str) -> Counter[str]:
    """How often by kind: identifier, attribute, keyword, string."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        found[KINDS.get(type(node), "identifier")] += sum(value == name for value in _values(node))
    return +found


def _outermost(
    scope: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _outermost(node, f"{prefix}{node.name}.")
        else:
            yield from _outermost(node, prefix)


def _measure(
    node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, path: str, code: set[int]
) -> Function:
    nodes = [inner for statement in node.body for inner in ast.walk(statement)]
    return Function(name, f"{path}:{node.lineno}", len(nodes), len(span(node.body) & code))


def _values(node: ast.AST) -> Iterator[object]:
    """Of a node's fields, and of those that are lists, as the names of `global`."""
    for _, field in ast.iter_fields(node):
        yield from field if isinstance(field, list) else [field]
