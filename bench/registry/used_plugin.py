"""A plugin as a step names it: plain data that crosses to the process that loads it."""

from __future__ import annotations

from typing import NamedTuple

from bench.registry.kinds import KINDS

__all__ = ["UsedPlugin"]


class UsedPlugin(NamedTuple):
    """A plugin's name and address, where it comes from, and the digest of its code when the step was planned."""

    kind: str
    name: str
    address: str
    origin: str
    digest: str

    @property
    def module(self) -> str:
        return self.address.partition(":")[0]

    def __str__(self) -> str:
        return f"{KINDS[self.kind]} {self.name!r} ({self.address} from {self.origin})"
