"""Runs side by side as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.report import Report
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
            | _analysed(one.report)
            for one in several.runs
        ],
        "left_out": [{"folder": str(one.folder), "reason": one.reason} for one in several.left_out],
        "differing": [asdict(one) for one in several.differing],
        "places": [asdict(place) for place in several.places],
    }


def _analysed(report: Report) -> dict[str, Any]:
    """Where no analysis can be used, so that no test stands behind the run's marks; and why."""
    without = [
        f"{section.dataset}/{section.protocol}"
        for section in report.sections
        if section.analysis is None
    ]
    return {"without_analysis": without, "analysis_fault": report.analysis_fault}
