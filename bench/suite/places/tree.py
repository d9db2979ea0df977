"""A document as a tree, so that parts of it can be merged, replaced and copied together with their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.suite.places.scalars import Scalar
from bench.suite.places.yaml_document import Document, KeyPath, Place

__all__ = ["Node", "document_of", "plain", "put", "size", "tree_of"]


@dataclass(frozen=True)
class Node:
    """A value where it is written; `key`: where the key that leads to it is; `written`: how an unquoted scalar was spelt."""

    content: Mapping[str, Node] | tuple[Node, ...] | Scalar
    place: Place
    key: Place | None = None
    written: str | None = None

    def get(self, key: str) -> Node | None:
        """What a mapping has there; None where this is no mapping, or has no such key."""
        return self.content.get(key) if isinstance(self.content, Mapping) else None


def tree_of(document: Document) -> Node:
    """A document that holds a value (an empty file holds none)."""

    def node(value: Any, path: KeyPath) -> Node:
        content = value
        if isinstance(value, dict):
            content = {key: node(item, (*path, key)) for key, item in value.items()}
        elif isinstance(value, list):
            content = tuple(node(item, (*path, position)) for position, item in enumerate(value))
        return Node(
            content, document.values[path], document.keys.get(path), document.written.get(path)
        )

    return node(document.data, ())


def document_of(root: Node, file: str) -> Document:
    """The tree as a document of `file`, places kept."""
    values: dict[KeyPath, Place] = {}
    keys: dict[KeyPath, Place] = {}
    written: dict[KeyPath, str] = {}

    def walk(node: Node, path: KeyPath) -> Any:
        values[path] = node.place
        if node.key is not None:
            keys[path] = node.key
        if node.written is not None:
            written[path] = node.written
        if isinstance(node.content, Mapping):
            return {key: walk(child, (*path, key)) for key, child in node.content.items()}
        if isinstance(node.content, tuple):
            return [walk(child, (*path, position)) for position, child in enumerate(node.content)]
        return node.content

    return Document(file, walk(root, ()), values, keys, written)


def plain(node: Node) -> Any:
    """The value as dicts, lists and scalars."""
    if isinstance(node.content, Mapping):
        return {key: plain(child) for key, child in node.content.items()}
    return (
        [plain(child) for child in node.content]
        if isinstance(node.content, tuple)
        else node.content
    )


def size(node: Node) -> int:
    """How many values it holds, itself among them."""
    if isinstance(node.content, Mapping):
        return 1 + sum(map(size, node.content.values()))
    return 1 + (sum(map(size, node.content)) if isinstance(node.content, tuple) else 0)


def put(root: Node, path: Sequence[str], value: Node) -> Node:
    """A tree with `value` at the end of a path of keys; mappings that are not there yet are made where `value` is written."""
    if not path:
        return replace(value, key=value.key or root.key)
    key, *rest = path
    content = root.content if isinstance(root.content, Mapping) else {}
    child = content.get(key) or Node({}, value.place, value.place)
    return replace(root, content={**content, key: put(child, rest, value)})
