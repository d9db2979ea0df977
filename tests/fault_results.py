"""What the tests came to that provoke a fault for real: `pytest -m fault --faults=FILE` leaves it as JSON, which
`python -m tools.reliability` reads. Under xdist too: workers tell a test's rows with its result."""

from __future__ import annotations

import json
import platform
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import bench

ROWS = "fault rows"


class FaultResults:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.rows: dict[str, list[str]] = {}  # test -> rows
        self.cases: dict[str, dict[str, str]] = defaultdict(dict)  # test -> case -> result

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            rows = [str(row) for mark in item.iter_markers("fault") for row in mark.args]
            if rows:
                item.user_properties.append((ROWS, rows))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        rows = dict(report.user_properties).get(ROWS)
        if rows is None or (report.when != "call" and report.passed):
            return
        test = report.nodeid.partition("[")[0]
        self.rows[test] = rows
        self.cases[test][report.nodeid] = _result(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput"):
            self.file.write_text(json.dumps(self.told(), indent=1) + "\n", "utf-8")

    def told(self) -> dict[str, Any]:
        tests = {
            test: {"rows": rows, "cases": self.cases[test]} for test, rows in self.rows.items()
        }
        return {"made": _made(), "tests": dict(sorted(tests.items()))}


def _result(report: pytest.TestReport) -> str:
    """passed, failed, or why it was skipped."""
    if not report.skipped:
        return report.outcome
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.lower() if reason.startswith("Skipped") else f"skipped: {reason}"


def _made() -> dict[str, str]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "version": bench.__version__,
        "python": platform.python_version(),
        "torch": version("torch"),
        "system": f"{platform.system()} on {platform.machine()}",
    }
