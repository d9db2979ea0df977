"""Names for what a validation error is about: the suite's own keys by their dotted path, a plugin's as its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bench.registry import KINDS, did_you_mean
from bench.suite.places.text import quoted
from bench.suite.places.yaml_document import KeyPath

__all__ = ["OwnKeys", "PluginParameters", "Wording"]


class Wording(Protocol):
    """How to speak of keys; a path is below what was validated."""

    def thing(self, path: KeyPath) -> str:
        """The value at a path."""
        ...

    def unknown(self, path: KeyPath, known: Iterable[str]) -> str:
        """A key that nothing reads."""
        ...

    def missing(self, path: KeyPath) -> str:
        """A key that has to be there."""
        ...


@dataclass(frozen=True)
class OwnKeys:
    """Keys that the harness reads. `written`: what the file calls an entry that the grid has expanded."""

    written: Mapping[KeyPath, str] = field(default_factory=dict)

    def thing(self, path: KeyPath) -> str:
        if path[:2] in self.written:
            path = (path[0], self.written[path[:2]], *path[2:])
        return _dotted(path) or "the suite"

    def unknown(self, path: KeyPath, known: Iterable[str]) -> str:
        return f"unknown key {quoted(path[-1])} in {self.thing(path[:-1])}{did_you_mean(str(path[-1]), known)}"

    def missing(self, path: KeyPath) -> str:
        return f"{self.thing(path[:-1])} lacks the key {quoted(path[-1])}; add it"


@dataclass(frozen=True)
class PluginParameters:
    """Keys that a plugin's Params read."""

    kind: str
    name: str

    def thing(self, path: KeyPath) -> str:
        owner = f"{KINDS[self.kind]} {quoted(self.name)}"
        return f"parameter {quoted(_dotted(path))} of {owner}" if path else owner

    def unknown(self, path: KeyPath, known: Iterable[str]) -> str:
        return f"unknown {self.thing(path)}{did_you_mean(str(path[-1]), known)}"

    def missing(self, path: KeyPath) -> str:
        return f"{self.thing(())} needs the parameter {quoted(_dotted(path))}; add it"


def _dotted(path: KeyPath) -> str:
    return ".".join(
        str(part) if str(part).isprintable() and len(str(part)) < 60 else quoted(part)
        for part in path
    )
