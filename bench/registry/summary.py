"""What a plugin is, in a line."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["summary"]


def summary(plugin: type[Any]) -> str:
    """The first line of its docstring."""
    return (inspect.getdoc(plugin) or "").partition("\n")[0]
