"""What the suite said of a method, read back from a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.records import load
from bench.report.content.recorded_spec import recorded_spec

GOLDEN = Path(__file__).resolve().parents[2] / "results" / "golden"


def record(kind: str, settings: Any) -> dict[str, Any]:
    return {"kind": kind, "identity": {"settings": settings}}


@pytest.mark.parametrize("kind", ["base_model", "method", "bound"])
@pytest.mark.parametrize("settings", [None, {}, {"use": 5}, {"selector": None}])
def test_what_is_no_spec_is_none(kind: str, settings: Any) -> None:
    assert recorded_spec(record(kind, settings)) is None


def test_a_key_of_an_older_version_is_passed_over() -> None:
    (of_lr,) = [
        one
        for one in load(GOLDEN).records
        if (one["trial"]["method"], one["trial"]["protocol"]) == ("lr", "cold")
    ]
    now = recorded_spec(of_lr)
    assert now is not None
    of_lr["identity"]["settings"]["gone"] = 1
    assert recorded_spec(of_lr) == now
