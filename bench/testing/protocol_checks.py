"""The checks of a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.data.splits.split import divide
from bench.errors import DataError
from bench.interfaces import Cut, SplitProtocol, Timeline
from bench.testing.protocol_subject import ProtocolSubject
from bench.testing.verdicts import Failed

__all__ = ["roles_and_cuts"]

_FIX = "hand back a Cut: a role (0 train, 1 valid, 2 test) and the absolute row of the cut, whole numbers, one a user"
_ALLOWED: Mapping[str, tuple[Any, ...]] = {
    "kind": ("user-holdout", "blocks"),
    "setting": ("warm", "cold"),
}


def roles_and_cuts(subject: ProtocolSubject) -> None:
    """Each cut has the form of one, and leaves every role somebody to train, choose or be tested on."""
    _check_settings(subject.made)
    cuts = subject.cuts()
    for (what, seed), cut in cuts.items():
        if not isinstance(cut, DataError):
            where = f"of data with {what}, seed {seed}"
            _check_form(subject.made.kind, cut, where)
            _check_division(subject.made, subject.timelines[what], cut, where)
    refused = [f"{cut}" for cut in cuts.values() if isinstance(cut, DataError)]
    if len(refused) == len(cuts):
        raise Failed(
            f"it refuses all data, with times, without, and with a division of their own: {refused[0]}",
            "divide 60 users of 1 to 24 rows under the settings that you check; raise DataError where something is missing",
        )


def _check_settings(protocol: SplitProtocol) -> None:
    for name, allowed in _ALLOWED.items():
        found = getattr(protocol, name)
        if found not in allowed:
            raise Failed(f"{name} is {found!r}", f"{name} is {' or '.join(map(repr, allowed))}")
    if not 0 <= protocol.id_dropout < 1:
        raise Failed(
            f"id_dropout is {protocol.id_dropout!r}", "it is a chance, from 0 to less than 1"
        )


def _check_form(kind: str, cut: Any, where: str) -> None:
    if not isinstance(cut, Cut):
        raise Failed(f"split {where} gives {type(cut).__name__}", _FIX)
    for name, values in cut._asdict().items():
        if values is not None and np.asarray(values).dtype.kind not in "iu":
            raise Failed(f"{name} {where} is {np.asarray(values).dtype}", _FIX)
    roles = np.unique(cut.role)
    if roles.size and not 0 <= roles.min() <= roles.max() <= 2:
        raise Failed(f"a role {where} is {roles[(roles < 0) | (roles > 2)][0]}", _FIX)
    if (cut.train_cut is not None) != (kind == "blocks"):
        raise Failed(
            f"kind is {kind!r}, and the cut {where} has {'a' if kind == 'user-holdout' else 'no'} train_cut",
            "kind 'blocks' is with train_cut, 'user-holdout' without",
        )


def _check_division(protocol: SplitProtocol, timeline: Timeline, cut: Cut, where: str) -> None:
    """As the harness does."""
    try:
        divide(_Made(protocol, cut), timeline, 0)
    except DataError as error:
        raise Failed(f"{error} ({where})", _FIX) from error


class _Made(SplitProtocol):
    """A protocol that has made its cut."""

    def __init__(self, protocol: SplitProtocol, cut: Cut) -> None:
        super().__init__(protocol.params)
        self.name, self._protocol, self._cut = protocol.name, protocol, cut  # type: ignore[misc]

    @property
    def setting(self) -> Any:
        return self._protocol.setting

    def split(self, timeline: Timeline, seed: int) -> Cut:  # noqa: ARG002
        return self._cut
