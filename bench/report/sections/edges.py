"""Settings chosen on validation users at the edge of those that were tried: beyond it there may be better ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report.content.model import AtEdge, Section
from bench.report.words.blocks import Note
from bench.report.words.names import short

__all__ = ["at_edge", "edge_notes"]

Record = Mapping[str, Any]


def at_edge(good: Sequence[Record]) -> tuple[AtEdge, ...]:
    """Of the records with a result, in their order: settings for which the least or the most of those tried was chosen.
    A chosen 0 is no edge, since nothing lies beyond it."""
    found: dict[tuple[str, str, float], list[int]] = defaultdict(list)
    for record in good:
        for setting, tried in _lists(record).items():
            chosen = (record["details"].get("chosen") or {}).get(setting)
            if isinstance(chosen, list) and len(chosen) == 1 and chosen[0] and chosen[0] in (min(tried), max(tried)):
                found[record["trial"]["method"], setting, chosen[0]].append(record["trial"]["seed"])
    return tuple(AtEdge(*key, tuple(sorted(seeds))) for key, seeds in found.items())


def edge_notes(section: Section) -> Iterator[Note]:
    """One for all methods."""
    by_method: dict[str, list[str]] = defaultdict(list)
    for one in section.at_edge:
        by_method[short(one.method)].append(f"{one.setting} {one.value:g}{_seeds(one)}")
    if by_method:
        told = ", ".join(f"{method} ({'; '.join(settings)})" for method, settings in by_method.items())
        yield Note(
            f"At the edge of what was tried: {told}. Validation users chose the least or the most of the list: widen it, or "
            "the method is compared with settings that may not be its best."
        )


def _lists(record: Record) -> dict[str, list[float]]:
    """Parameters of the meta-learner that are several numbers to choose from."""
    meta_learner = record["identity"].get("settings", {}).get("meta_learner") or {}
    return {
        name: value
        for name, value in meta_learner.get("params", {}).items()
        if isinstance(value, list) and len(set(map(str, value))) > 1 and all(isinstance(v, int | float) for v in value)
    }


def _seeds(one: AtEdge) -> str:
    return f", seed{'s' * (len(one.seeds) > 1)} {', '.join(map(str, one.seeds))}"
