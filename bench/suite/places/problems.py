"""What is wrong with a suite, one line a fault, all of them at once and in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bench.errors import Fault, SuiteError
from bench.suite.places.yaml_document import Document, KeyPath, Place

__all__ = ["Problem", "as_error", "at_key", "at_value"]

_MOST = 50  # lines behind the first; who sees more reads none


class Problem(NamedTuple):
    """A fault and its place."""

    place: Place
    message: str


def at_value(document: Document, path: KeyPath, message: str) -> Problem:
    """A fault of the value at a path, or of the nearest that holds it where the file has none."""
    while path not in document.values and path:
        path = path[:-1]
    return Problem(document.values.get(path, Place(document.file, 1, 1)), message)


def at_key(document: Document, path: KeyPath, message: str) -> Problem:
    """A fault of the last key of a path."""
    return (
        Problem(document.keys[path], message)
        if path in document.keys
        else at_value(document, path, message)
    )


def as_error(file: str, problems: Iterable[Problem]) -> SuiteError:
    """One error of all problems, each on a line with its own place: those of `file`, the suite's own, first."""
    first, *rest = sorted(set(problems), key=lambda problem: (problem.place.file != file, problem))
    lines = [str(problem.place.error(problem.message)) for problem in rest]
    if len(lines) > _MOST:
        lines = [*lines[:_MOST], f"{file}: and {len(lines) - _MOST} more"]
    error = first.place.error("\n".join([first.message, *lines]))
    error.faults = tuple(Fault(*problem.place, problem.message) for problem in (first, *rest))
    return error
