"""The words that a report can't do without, each explained once, where a section begins."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.content.model import Section
from bench.report.sections.every_seed import chosen_of
from bench.report.words.blocks import Note
from bench.report.words.names import short

__all__ = ["glossary"]

_SETTINGS = {
    "cold": "Cold: base models were trained without any row of a test user.",
    "warm": "Warm: base models were trained on the support of test users too.",
}


def glossary(section: Section) -> Note:
    """Of a section with results."""
    return Note(f"In other words: {' '.join(_sentences(section))}")


def _sentences(section: Section) -> Iterator[str]:
    yield (
        "a base model predicts by itself, and a method chooses among base models, mixes them or adapts them. Of each test "
        "user's rows a method sees the support, with its labels, and is scored on the query."
    )
    setting = section.split_facts.get("setting")
    if isinstance(setting, str) and setting in _SETTINGS:
        yield _SETTINGS[setting]
    single = next((row for row in section.rows if row.kind == "best_single"), None)
    if single is not None:
        yield (
            f"The best single model (best-single in tables), {short(single.subject)}, is the base model with the lowest log "
            f"loss on validation users{chosen_of(section)}."
        )
