"""Who reads which rows: users' rows by role and part, and what their labels are used for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.report.charts.model import (
    Axis,
    Bars,
    Chart,
    Mark,
    Panel,
    Points,
    Role,
    Rule,
    nothing_to_draw,
)
from bench.report.charts.protocol_words import (
    HEADS,
    protocol_alt,
    protocol_note,
    protocol_numbers,
)
from bench.report.charts.who_reads import READERS, Reader, Slot, setting_of, slots
from bench.report.content.model import Section
from bench.report.words.figures import counted, number
from bench.report.words.names import short

__all__ = ["protocol"]

_NAME = "protocol"
_TITLE = "Whose labels are read by whom"
_PARTS: Mapping[str, tuple[Role, str]] = {
    "support": ("series 6", "support"),
    "query": ("series 1", "query"),
    "all": ("series 8", "both"),
}


def protocol(section: Section) -> Chart:
    """Of a section, by the facts of its split; a protocol of a plugin too, whose division the harness reads alike."""
    found = slots(section.split_facts, section.base_predictions)
    if not found:
        return nothing_to_draw(_NAME, _TITLE, _why_none(section))
    readers = _readers(section)
    return Chart(
        _NAME,
        _title(section),
        protocol_alt(section, found, readers),
        (_rows(found), _read(found, readers)),
        protocol_numbers(found, readers),
        note=" ".join(protocol_note(section, found)),
        columns=2,
        wide=True,
    )


def _title(section: Section) -> str:
    use = section.split_facts.get("use")
    by = "" if use in (None, section.protocol) else f", protocol {short(str(use))}"
    setting = setting_of(section.split_facts)
    kind = f" ({setting})" if setting in ("cold", "warm") else ""
    return f"{_TITLE}: {short(section.protocol)}{by}{kind}"


def _readers(section: Section) -> list[Reader]:
    """Without the fit of base models where it is not known, or elsewhere."""
    elsewhere = {one.model for one in section.from_files}
    fitted_here = not section.base_models or any(
        model.name not in elsewhere for model in section.base_models
    )
    known = fitted_here and setting_of(section.split_facts) != "unknown"
    return [reader for reader in READERS if known or reader != "fit"]


def _axis(found: Sequence[Slot], shown: bool) -> Axis:
    under = tuple(", ".join(filter(None, (counted(one.users, "user"), one.block))) for one in found)
    return Axis(scale="names", names=tuple(one.name for one in found), under=under, shown=shown)


def _rows(found: Sequence[Slot]) -> Panel:
    most = max(one.rows for one in found)
    x = Axis("rows", low=0.0, high=1.25 * most or 1.0, shown=False)
    return Panel(x, _axis(found, True), tuple(_bars(found)), "rows", 2.6 * len(found), width=0.45)


def _bars(found: Sequence[Slot]) -> Iterator[Bars]:
    """Those of KEY-2 are of the third slot."""
    labelled: set[str] = set()
    for place, one in enumerate(found):
        role, label = _PARTS[one.part]
        yield Bars(
            f"rows-{place}",
            (float(one.rows),),
            (float(place),),
            role,
            label="" if label in labelled else label,
            names=(number(one.rows),),
        )
        labelled.add(label)


def _read(found: Sequence[Slot], readers: Sequence[Reader]) -> Panel:
    names, under = zip(*(HEADS[reader] for reader in readers), strict=True)
    x = Axis(scale="names", names=names, under=under)
    marks: list[Mark] = [Rule(float(place), level=True) for place in range(len(found))]
    marks += _points(found, readers)
    return Panel(x, _axis(found, False), tuple(marks), "labels are read where", 2.6 * len(found))


def _points(found: Sequence[Slot], readers: Sequence[Reader]) -> Iterator[Points]:
    for column, reader in enumerate(readers):
        for how, label in (("all", "reads them"), ("part", "reads some, or for some methods")):
            places = [place for place, one in enumerate(found) if one.readers.get(reader) == how]
            if places:
                yield Points(
                    f"{reader}-{how}",
                    (float(column),) * len(places),
                    tuple(map(float, places)),
                    "reference",
                    label,
                    hollow=how == "part",
                )


def _why_none(section: Section) -> str:
    if not section.split_facts:
        return "The manifest says nothing of this split."
    return "The manifest is of an older version, and does not say how rows divide into support and query."
