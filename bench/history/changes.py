"""Series with their change points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from bench.history.model import Change, History, Point, Series
from bench.history.otava import WINDOW, Found, ask
from bench.report.words.figures import counted

__all__ = ["with_changes"]

_LEAST = 3  # points of a piece in which there is anything to find
_WITHOUT = "No changes looked for: pip install apache-otava==0.8.0 in a venv, --otava VENV."
Pieces = list[tuple[int, tuple[Point, ...]]]  # with the place of their series


def with_changes(found: History, otava: Path | None, timeout_s: float = 120.0) -> History:
    """Looked for between breaks, by otava in that Python or environment, among what was measured. Where it is None, or fails,
    notes say so."""
    if otava is None:
        return found.told(found.series, looked=False, notes=(_WITHOUT,))
    pieces = [
        (place, piece)
        for place, one in enumerate(found.series)
        for whole in one.pieces
        if len(piece := tuple(point for point in whole if point.measured)) >= _LEAST
        and all(math.isfinite(point.value) for point in piece)
    ]
    answer = ask(otava, [[point.value for point in piece] for _, piece in pieces], timeout_s)
    if answer.trouble:
        note = f"Change points were not looked for: otava failed: {answer.trouble}."
        return found.told(found.series, looked=False, notes=(note,))
    return found.told(
        tuple(_told(found.series, pieces, answer.found)),
        looked=True,
        notes=tuple(_notes(found.series, pieces)),
    )


def _told(
    series: Sequence[Series], pieces: Pieces, found: Sequence[Sequence[Found]]
) -> Iterator[Series]:
    changes: dict[int, list[Change]] = {}
    for (place, piece), ones in zip(pieces, found, strict=True):
        changes.setdefault(place, []).extend(_changes(piece, ones))
    for place, one in enumerate(series):
        yield replace(one, changes=tuple(changes.get(place, ())))


def _changes(piece: Sequence[Point], found: Sequence[Found]) -> Iterator[Change]:
    """Means are of the values up to the next change point on either side."""
    ordered = sorted(found)
    edges = [0, *(one.at for one in ordered), len(piece)]
    means = [_mean(piece[first:last]) for first, last in pairwise(edges)]
    for one, (before, after) in zip(ordered, pairwise(means), strict=True):
        yield Change(piece[one.at].run, before, after, one.p)


def _mean(points: Sequence[Point]) -> float:
    return math.fsum(point.value for point in points) / len(points)


def _notes(series: Sequence[Series], pieces: Pieces) -> Iterator[str]:
    looked = {place for place, _ in pieces}
    if short := len(series) - len(looked):
        yield (
            f"{counted(short, 'line')} had fewer than {_LEAST} runs between breaks (of costs: measured ones): no change was "
            "looked for there."
        )
    narrow = sum(len(piece) < WINDOW for _, piece in pieces)
    if narrow:
        pieces_of_lines = f"{counted(narrow, 'piece')} of lines"
        yield f"{pieces_of_lines} had fewer runs than otava's window of {WINDOW}: a small change may not show yet."
