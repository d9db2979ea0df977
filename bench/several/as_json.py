"""Runs side by side as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.several.model import Several

__all__ = ["to_json"]

_SCHEMA = 1


def to_json(several: Several) -> dict[str, Any]:
    """Every figure unrounded, None where there is none; each run's whole report is `bench report RUN --json`."""
    return {
        "schema": _SCHEMA,
        "exit_code": several.exit_code,
        "runs": [
            {
                "head": one.head,
                "name": one.name,
                "suite": one.report.suite,
                "status": one.report.status,
            }
            | {"seeds": one.report.seeds, "failures": len(one.report.failures)}
            for one in several.runs
        ],
        "differing": [asdict(one) for one in several.differing],
        "places": [asdict(place) for place in several.places],
    }
