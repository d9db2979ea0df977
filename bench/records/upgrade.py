"""Records and manifests of older schemas, as this version has them.

Schema 1 kept what a trial came to as `status`, `reason` and `traceback`, and marked failed records by their names. Up to
schema 2 a manifest listed what the last command had asked for, and trials without a record had no id; neither it nor the
analysis was sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.errors import RecordError

__all__ = ["upgraded_manifest", "upgraded_record"]

_FAILED = "-failed"


def upgraded_record(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """What was read, with `outcome` in place of what schema 1 had. RecordError where it has neither."""
    if "outcome" in record:
        return record
    if not record.keys() >= {"status", "reason", "traceback"}:
        raise RecordError(
            f"{path}: no record: it does not say what its trial came to; restore it from git, or remove it and run again"
        )
    status, _, signal = str(record["status"]).partition(":")
    outcome = {
        "status": status,
        "reason": record["reason"],
        "traceback": record["traceback"],
        "signal": signal or None,
        "waited_for": None,
        "peak_rss_bytes": None,
    }
    rest = {
        key: value for key, value in record.items() if key not in ("status", "reason", "traceback")
    }
    return rest | {"outcome": outcome}


def upgraded_manifest(manifest: dict[str, Any]) -> dict[str, Any]:
    """What was read, with a `primary`, and for each trial its id, its record's status and whether it was asked for."""
    trials = [_line(trial) for trial in manifest["trials"]]
    return {"primary": "logloss", **manifest, "trials": trials}


def _line(trial: dict[str, Any]) -> dict[str, Any]:
    record = trial.get("record")
    return {"id": record, "asked": True, "record": record, "status": _status(record), **trial}


def _status(record: object) -> str | None:
    if not isinstance(record, str):
        return None
    return "error" if record.endswith(_FAILED) else "ok"
