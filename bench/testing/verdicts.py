"""How a check ends where the plugin does not pass it."""

from __future__ import annotations

__all__ = ["Failed", "NotApplicable"]


class Failed(Exception):  # noqa: N818 - a verdict, not an error
    """A check's verdict."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.reason, self.fix = reason, fix


class NotApplicable(Exception):  # noqa: N818
    """A check has no say of this kind of plugin."""
