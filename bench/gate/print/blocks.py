"""What a gate found, as headings, grids and notes: the verdict, what is not ok and why, then what a reader has to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bench.gate.model import Cell as GateCell
from bench.gate.model import GateResult, Verdict
from bench.gate.print.figures import change, figure, interval, margin
from bench.report import Block, Cell, Grid, GridRow, Heading, Note, Terms, short

__all__ = ["SAID", "gate_blocks", "summary"]

SAID: dict[Verdict, str] = {
    "ok": "Fine",
    "better": "Better",
    "regressed": "Regressed",
    "inconclusive": "Inconclusive",
    "incomplete": "Incomplete",
}
_GRAVEST: tuple[Verdict, ...] = ("incomplete", "regressed", "inconclusive", "better", "ok")
_UNSETTLED: tuple[Verdict, ...] = ("incomplete", "regressed", "inconclusive")
_MEASURES = {"peak_rss_bytes": "peak RSS"}
_MOST = 40  # rows of a verdict; --all has the rest
_NAMED = 8  # cells of one reason
_LONG = 200  # characters of what others wrote


def gate_blocks(result: GateResult, *, every: bool = False) -> Iterator[Block]:
    """`every`: cells that are ok too."""
    yield Heading(1, summary(result))
    yield Note(f"BASE {short(result.base, _LONG)}, CANDIDATE {short(result.candidate, _LONG)}.")
    verdicts = _GRAVEST if every else _UNSETTLED
    for verdict in verdicts:
        cells = [cell for cell in result.cells if cell.verdict == verdict]
        listed = cells if every else cells[:_MOST]
        yield from (_grid(title, of_place) for title, of_place in _groups(listed))
        if verdict in _UNSETTLED:
            yield from _reasons(cells)
        if len(cells) > len(listed):
            yield Note(f"And {len(cells) - len(listed)} more that are {verdict}; --all shows them.")
    if result.differs:
        yield Note("What differs, BASE -> CANDIDATE:")
        yield Terms(tuple(_term(line) for line in result.differs))
    yield from (Note(short(line, 3 * _LONG)) for line in result.notes)


def summary(result: GateResult) -> str:
    """`Regressed: 2 of 54 figures regressed, 1 is inconclusive, 51 are ok`."""
    if not result.cells:
        return "Incomplete: nothing was measured"
    counts = Counter(cell.verdict for cell in result.cells)
    told = [f"{counts[verdict]} {verdict}" for verdict in _GRAVEST if counts[verdict]]
    figures = "1 figure" if len(result.cells) == 1 else f"{len(result.cells)} figures"
    return f"{SAID[result.verdict]}: of {figures} {', '.join(told)}"


def _groups(cells: Sequence[GateCell]) -> Iterator[tuple[str, list[GateCell]]]:
    """By aspect and place, in the order of the cells, which have one verdict."""
    found: dict[tuple[str, ...], list[GateCell]] = {}
    for cell in cells:
        found.setdefault((cell.aspect, cell.dataset, cell.protocol), []).append(cell)
    for (aspect, *place), of_place in found.items():
        where = " / ".join(short(part) for part in place if part)
        what = f"{SAID[of_place[0].verdict]}, {aspect}"
        yield f"{what}: {where}" if where else what, of_place


def _grid(title: str, cells: Sequence[GateCell]) -> Grid:
    heads = ("", "base", "candidate", "worse by", "interval", "margin")
    rows = [
        GridRow(
            _name(cell),
            (
                Cell(figure(cell, cell.base)),
                Cell(figure(cell, cell.candidate)),
                Cell(change(cell)),
                Cell(interval(cell)),
                Cell(margin(cell)),
            ),
        )
        for cell in cells
    ]
    return Grid(title, heads, tuple(rows))


def _name(cell: GateCell) -> str:
    measure = _MEASURES.get(cell.measure, cell.measure)
    return " ".join(short(part) for part in (cell.method, measure) if part)


def _reasons(cells: Iterable[GateCell]) -> Iterator[Note]:
    """A reason that several cells share is said once."""
    alike: dict[tuple[Verdict, str], dict[str, None]] = {}
    for cell in cells:
        alike.setdefault((cell.verdict, cell.reason), {})[_name(cell)] = None
    for (verdict, reason), named in alike.items():
        names = list(named)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        what = f"{', '.join(names[:_NAMED])}{more}: {short(reason, 2 * _LONG)}"
        yield Note(what if what.endswith(("?", ".")) else f"{what}.", strong=verdict == "regressed")


def _term(line: str) -> tuple[str, str]:
    what, _, change_of = line.partition(": ")
    return short(what, 60), short(change_of, _LONG)
