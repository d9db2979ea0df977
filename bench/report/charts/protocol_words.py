"""Who reads which rows, in words and numbers: what the picture says, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.report.charts.who_reads import Reader, Slot, setting_of
from bench.report.content.model import Section
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow, align
from bench.report.words.figures import counted, listed, number

__all__ = ["HEADS", "protocol_alt", "protocol_note", "protocol_numbers"]

HEADS: Mapping[Reader, tuple[str, str]] = {
    "fit": ("base models", "are fitted"),
    "learn": ("methods", "learn"),
    "choose": ("epochs, settings", "are chosen"),
    "adapt": ("methods adapt", "to a user"),
    "score": ("metrics", "score"),
}
_DONE: Mapping[Reader, str] = {
    "fit": "Base models are fitted",
    "learn": "methods learn",
    "choose": "epochs and settings are chosen",
    "adapt": "methods adapt",
}
_SEEN: Mapping[str, str] = {
    "out-of-sample": "from fits that left the rows out",
    "holdout": "from fits without training users' query",
    "in-sample": "from fits that had seen the rows",
}


def protocol_alt(section: Section, found: Sequence[Slot], readers: Sequence[Reader]) -> str:
    """What is tested, and who else reads it: nobody, as far as it is known; bounds do so by their nature."""
    told = [
        f"{_DONE[reader]} on {listed(names, None)}"
        for reader in readers
        if (names := [one.name for one in found if reader in one.readers]) and reader != "score"
    ]
    tested = found[-1]
    elsewhere = bool(section.from_files) or setting_of(section.split_facts) == "unknown"
    who = "no method" if elsewhere else "no base model or method"
    return (
        f"Scores are of {counted(tested.rows, 'query row')} of {counted(tested.users, 'test user')}, whose labels {who} is "
        f"fitted to or chosen by. {'; '.join(told)}."
    )


def protocol_numbers(found: Sequence[Slot], readers: Sequence[Reader]) -> Grid:
    words = {"all": "read", "part": "in part", None: ABSENT}
    columns = [
        align([f"{one.users:,}" for one in found], 0),
        align([f"{one.rows:,}" for one in found], 0),
        *([words[one.readers.get(reader)] for one in found] for reader in readers),
    ]
    rows = tuple(
        GridRow(one.name, tuple(map(Cell, cells)))
        for one, *cells in zip(found, *columns, strict=True)
    )
    heads = ("rows of", "users", "rows", *("\n".join(HEADS[reader]) for reader in readers))
    return Grid("Rows by role and part, and whose labels each step reads", heads, rows)


def protocol_note(section: Section, found: Sequence[Slot]) -> Iterator[str]:
    """What the picture leaves out."""
    setting = setting_of(section.split_facts)
    if setting == "blocks":
        yield (
            "Every user is tested: the support of the test is the first two blocks again, of which base models leave out the "
            "second of validation users."
        )
    if setting == "unknown":
        yield "What base models were fitted on is not known of this setting."
    known = {
        source: section.base_predictions[source]
        for source in _SEEN
        if source in section.base_predictions
    }
    told = [
        f"{_SEEN[source]} ({source}{f': {listed(methods)}' if len(known) > 1 else ''}{_tasks(section, source, found)})"
        for source, methods in known.items()
    ]
    if told:
        yield f"Methods learn from base predictions {'; '.join(told)}."
    if files := [one.model for one in section.from_files]:
        yield f"Which rows {listed(files)} saw is not known (read from a file)."
    if section.split_facts.get("by_seed"):
        yield "Each seed divides anew; counts are of one."


def _tasks(section: Section, source: str, found: Sequence[Slot]) -> str:
    """How many training users a source's methods learned from, where that is not what is drawn."""
    drawn = next(one.users for one in found if one.name.startswith("training"))
    counts = [count for count in section.training_users.get(source, ()) if count != drawn]
    return f", tasks of {' or '.join(map(number, counts))} training users" if counts else ""
