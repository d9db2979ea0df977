"""A report as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.report.content.model import Report

__all__ = ["to_json"]

_SCHEMA = 1


def to_json(report: Report) -> dict[str, Any]:
    """Every figure unrounded, None where there is none; names as they are. Values of an estimate are in the order of
    `seeds`; JSON holds it without NaN."""
    return {"schema": _SCHEMA, "exit_code": report.exit_code, **asdict(report)}
