"""Logits so large that a handful of rows decide the log loss: said beside the answer, which they may have decided."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.content.model import Extreme, Section
from bench.report.words.blocks import Note
from bench.report.words.figures import counted, listed, sentence
from bench.report.words.names import short

__all__ = ["extreme_notes"]


def extreme_notes(section: Section) -> Iterator[Note]:
    """A note for each cause; the method with the most such rows is counted, the others are named."""
    by_cause: dict[str, list[Extreme]] = {}
    for one in section.extreme:
        by_cause.setdefault(one.cause, []).append(one)
    for cause, methods in by_cause.items():
        yield Note(" ".join(_sentences(cause, methods)), strong=True)


def _sentences(cause: str, methods: list[Extreme]) -> Iterator[str]:
    worst = max(methods, key=lambda one: one.rows)
    rows = f"{worst.rows:,} of {counted(worst.of, 'test row')}"
    yield (
        f"Warning: {short(worst.method)} has logits beyond ±{worst.beyond:g} in {rows} (the largest is {worst.largest:.2g}), "
        "and so few rows decide its log loss."
    )
    others = [one.method for one in methods if one is not worst]
    if others:
        yield f"So {'has' if len(others) == 1 else 'have'} {listed(others)}."
    if cause:
        yield sentence(f"Where it is largest, {short(cause, 300)}")
