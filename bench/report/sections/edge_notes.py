"""Settings chosen on validation users at the edge of those that were tried: beyond it there may be better ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bench.report.content.model import AtEdge, Section
from bench.report.words.blocks import Note
from bench.report.words.names import short

__all__ = ["edge_notes"]


def edge_notes(section: Section) -> Iterator[Note]:
    """One for all methods."""
    by_method: dict[str, list[str]] = defaultdict(list)
    for one in section.at_edge:
        by_method[short(one.method)].append(f"{one.setting} {one.value:g}{_seeds(one)}")
    if by_method:
        told = ", ".join(
            f"{method} ({'; '.join(settings)})" for method, settings in by_method.items()
        )
        yield Note(
            f"Validation users chose the smallest or the largest value tried: {told}. Widen these lists: better settings may "
            "lie beyond them."
        )


def _seeds(one: AtEdge) -> str:
    return f", seed{'s' * (len(one.seeds) > 1)} {', '.join(map(str, one.seeds))}"
