"""The digest that a file holds of its own content: what was edited since says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import RecordError
from bench.records.canonical import digest

__all__ = ["check_seal", "sealed"]

_SEALED_SINCE = (
    3  # the first schema of which manifests and analyses are sealed; records always were
)


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the digest of all the rest as `digest`, in place of an older one."""
    return {**value, "digest": _digest(value)}


def check_seal(path: Path, value: Mapping[str, Any], *, always: bool = False) -> None:
    """RecordError where the content has another digest. `always`: of an older schema too a seal has to be there."""
    if "digest" not in value and not always and value["schema"] < _SEALED_SINCE:
        return
    if value.get("digest") != _digest(value):
        raise RecordError(
            f"{path}: truncated or edited, its content has another digest; restore it from git, or remove it and run again"
        )


def _digest(value: Mapping[str, Any]) -> str:
    return digest({key: item for key, item in value.items() if key != "digest"})
