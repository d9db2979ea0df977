"""Records and manifests of older schemas, as this version has them.

Schema 1 kept what a trial came to as `status`, `reason` and `traceback`, and marked failed records by their names."""

from __future__ import annotations

from typing import Any

__all__ = ["upgraded_manifest", "upgraded_record"]

_FAILED = "-failed"


def upgraded_record(record: dict[str, Any]) -> dict[str, Any]:
    """What was read, with `outcome` in place of what schema 1 had."""
    if "outcome" in record:
        return record
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
    """What was read, with a `primary` and with a status for each trial's record."""
    trials = [{"status": _status(trial["record"]), **trial} for trial in manifest["trials"]]
    return {"primary": "logloss", **manifest, "trials": trials}


def _status(record: str | None) -> str | None:
    if record is None:
        return None
    return "error" if record.endswith(_FAILED) else "ok"
