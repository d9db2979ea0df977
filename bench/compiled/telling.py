"""Who is told that something is compiled, which may take a minute, rather than read from disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["compiles", "telling"]

_listeners: list[Callable[[], None]] = []


@contextmanager
def telling(listener: Callable[[], None]) -> Iterator[None]:
    """Inside, `listener` is called once, where the first function is compiled that is not kept yet; not where none is."""
    _listeners.append(listener)
    try:
        yield
    finally:
        if listener in _listeners:
            _listeners.remove(listener)


def compiles() -> None:
    """A function is compiled now."""
    while _listeners:
        _listeners.pop()()
