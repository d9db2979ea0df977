"""`--set PATH=VALUE`: a suite's values replaced from the command line, read as the file is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.errors import SuiteError
from bench.suite.compose.dotted import resolve
from bench.suite.places.problems import Problem
from bench.suite.places.tree import Node, put, tree_of
from bench.suite.places.yaml_document import Place, parse

__all__ = ["is_override", "override", "read_value"]

_OPTION = "--set "
_LONGEST = 80  # characters of an option in a message


def override(root: Node, overrides: Sequence[str]) -> tuple[Node, list[Problem]]:
    """The tree with each `a.b=VALUE` in turn put in, and what is wrong with those that can't be."""
    problems = []
    for text in overrides:
        place = _place(text)
        try:
            root = _put(root, text, place)
        except SuiteError as error:
            problems.append(Problem(place, error.message))
        except ValueError as error:
            problems.append(Problem(place, str(error)))
    return root, problems


def is_override(place: Place) -> bool:
    """Whether what is there was put there by the command line."""
    return not place.line and place.file.startswith(_OPTION)


def read_value(text: str, option: str) -> Any:
    """What a value of an option means, read as the suite's are. SuiteError, which names the option, for what is no YAML."""
    return parse(text.encode("utf-8", "surrogateescape"), option).data


def _put(root: Node, text: str, place: Place) -> Node:
    dotted, equals, value = text.partition("=")
    if not equals:
        raise ValueError("no '='; write --set PATH=VALUE")
    path = resolve(root, dotted)
    if path == ("include",):
        raise ValueError("include can't be set; write it in the suite")
    return put(root, path, _value(value, place))


def _value(text: str, place: Place) -> Node:
    document = parse(text.encode("utf-8", "surrogateescape"), place.file)
    if not document.values:
        raise ValueError("no value behind the '='; write null or '' if that is meant")
    return _placed(tree_of(document), place)


def _placed(node: Node, place: Place) -> Node:
    """All of it at one place."""
    content: Any = node.content
    if isinstance(content, dict):
        content = {key: _placed(child, place) for key, child in content.items()}
    elif isinstance(content, tuple):
        content = tuple(_placed(child, place) for child in content)
    return replace(node, content=content, place=place, key=place)


def _place(text: str) -> Place:
    shown = " ".join(text.split())
    return Place(_OPTION + (shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"))
