"""What is tried in a process that may die, and what hangs in it."""

from __future__ import annotations

from bench.registry import rehearsal
from bench.registry.rehearsal import Act, deaths

FUNCTION = "tests.processes.functions:sleep_for"


def test_what_hangs_is_named_and_the_rest_is_tried(monkeypatch):
    monkeypatch.setattr(rehearsal, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(rehearsal, "_LOOK_S", 0.1)
    acts = [
        Act("before", FUNCTION, {"seconds": 0}, "a"),
        Act("hangs", FUNCTION, {"seconds": 600}, "b"),
        Act("after", FUNCTION, {"seconds": 0}, "c"),
    ]
    assert deaths(acts) == {"hangs": "it still ran after 0.5 s"}


def test_what_may_take_long_may(monkeypatch):
    """Reading data, and dividing."""
    monkeypatch.setattr(rehearsal, "_PATIENCE_S", 0.1)
    monkeypatch.setattr(rehearsal, "_LOOK_S", 0.1)
    rehearsal.survive("reading", FUNCTION, {"seconds": 0.5})
