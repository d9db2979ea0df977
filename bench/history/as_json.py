"""A history as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.history.model import History

__all__ = ["to_json"]

_SCHEMA = 1


def to_json(found: History) -> dict[str, Any]:
    """Every figure unrounded; runs are told of by their place in `runs`, from 0."""
    return {
        "schema": _SCHEMA,
        "runs": [
            {"name": name, "started": started}
            for name, started in zip(found.runs, found.started, strict=True)
        ],
        "exit_code": found.exit_code,
        "unreadable": [
            {"folder": str(one.folder), "reason": one.reason} for one in found.unreadable
        ],
        "looked_for_changes": found.looked,
        "notes": list(found.notes),
        "left_out": found.left_out,
        "series": [
            asdict(one)
            | {"changes": [asdict(change) | {"share": change.share} for change in one.changes]}
            for one in found.series
        ],
    }
