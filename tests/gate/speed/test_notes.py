"""What a gate of speed says of its own figures."""

from __future__ import annotations

from typing import Any

import pytest

from bench.gate.model import Cell
from bench.gate.speed.blocks import Block
from bench.gate.speed.gate import _in_both, _notes

NOTHING = Block(values={}, failed={}, logits={}, work={}, bench="", versions={}, gate={})


def cell(method: str, **figures: Any) -> Cell:
    return Cell("throughput", "clicks", "cold", method, "train_cpu_s", "ok", "", **figures)


def test_only_what_was_repeated_is_said_to_have_been() -> None:
    suspects = [cell("fm"), cell("lr")]
    assert _in_both(suspects, [cell("lr"), cell("mean")]) == ["clicks/cold lr train_cpu_s"]
    assert _in_both(suspects, []) == []
    assert list(_notes(NOTHING, NOTHING, suspects, [])) == []


@pytest.mark.parametrize(
    ("base", "candidate", "change", "told"),
    [(1.0, 0.9, 0.02, True), (1.0, 1.1, -0.02, True), (1.0, 1.1, 0.02, False), (1.0, 1.0, 0.02, False)],
)  # fmt: skip
def test_a_change_against_its_medians_is_explained(
    base: float, candidate: float, change: float, told: bool
) -> None:
    notes = list(
        _notes(
            NOTHING, NOTHING, [cell("fm", base=base, candidate=candidate, change=change)], ["lr"]
        )
    )
    assert notes[0] == "measured twice, since they lay beyond the margin: lr"
    assert any("median over pairs" in note for note in notes) == told
