"""How a check ends."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["CheckResult", "Failed", "NotApplicable"]


class CheckResult(NamedTuple):
    """`reason`: why it failed or does not apply, or what a check that passed has to say; `fix`: what to do about a failure."""

    name: str
    status: Literal["passed", "failed", "n/a"]
    reason: str = ""
    fix: str = ""


class Failed(Exception):  # noqa: N818 - a verdict, not an error
    """A check's verdict."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.reason, self.fix = reason, fix


class NotApplicable(Exception):  # noqa: N818
    """A check has no say of this kind of plugin."""
