"""One setting that all code of a process shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Partly", "Setting"]


class Setting(NamedTuple):
    """`needs`: the module without which there is nothing to look at; `start`: what is then expected of it."""

    name: str
    get: Callable[[], Any]
    put: Callable[[Any], object]
    needs: str = "sys"
    start: Any = None


class Partly(dict[Any, Any]):
    """Values by name: another state is the same where none of these differs, whatever else it has or lacks."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and all(
            other.get(name, value) == value for name, value in self.items()
        )

    __hash__ = None
