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
_GRAVEST = ("incomplete", "regressed", "inconclusive", "better", "ok")
_UNSETTLED = ("incomplete", "regressed", "inconclusive")
_MOST = 40  # rows; --all has the rest
_NAMED = 8  # cells of one reason
_LONG = 200  # characters of what others wrote


def gate_blocks(result: GateResult, *, every: bool = False) -> Iterator[Block]:
    """`every`: cells that are ok too."""
    yield Heading(1, summary(result))
    yield Note(f"BASE {short(result.base, _LONG)}, CANDIDATE {short(result.candidate, _LONG)}.")
    shown = [cell for cell in result.cells if every or cell.verdict in _UNSETTLED]
    listed = shown if every else _gravest_first(shown)[:_MOST]
    for title, cells in _groups(listed):
        yield _grid(title, cells)
    yield from _reasons(cell for cell in shown if cell.verdict in _UNSETTLED)
    if len(shown) > len(listed):
        yield Note(f"And {len(shown) - len(listed)} more cells like these; --all shows them.")
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
    return f"{SAID[result.verdict]}: of {len(result.cells)} figures {', '.join(told)}"


def _gravest_first(cells: Iterable[GateCell]) -> list[GateCell]:
    return sorted(cells, key=lambda cell: _GRAVEST.index(cell.verdict))


def _groups(cells: Sequence[GateCell]) -> Iterator[tuple[str, list[GateCell]]]:
    """By aspect and place, in the order of the cells."""
    found: dict[tuple[str, ...], list[GateCell]] = {}
    for cell in cells:
        found.setdefault((cell.aspect, cell.dataset, cell.protocol), []).append(cell)
    for (aspect, *place), of_place in found.items():
        yield " / ".join([*(short(part) for part in place if part), aspect]), of_place


def _grid(title: str, cells: Sequence[GateCell]) -> Grid:
    heads = ("", "base", "candidate", "worse by", "interval", "margin", "verdict")
    rows = [
        GridRow(
            _name(cell),
            (
                Cell(figure(cell, cell.base)),
                Cell(figure(cell, cell.candidate)),
                Cell(change(cell)),
                Cell(interval(cell)),
                Cell(margin(cell)),
                Cell(cell.verdict),
            ),
        )
        for cell in cells
    ]
    return Grid(title, heads, tuple(rows))


def _name(cell: GateCell) -> str:
    return " ".join(short(part) for part in (cell.method, cell.measure) if part)


def _reasons(cells: Iterable[GateCell]) -> Iterator[Note]:
    """A reason that several cells share is said once."""
    alike: dict[tuple[Verdict, str], list[GateCell]] = {}
    for cell in _gravest_first(cells):
        alike.setdefault((cell.verdict, cell.reason), []).append(cell)
    for (verdict, reason), of_reason in alike.items():
        names = [short(cell.name, 100) for cell in of_reason[:_NAMED]]
        more = f" and {len(of_reason) - _NAMED} more" if len(of_reason) > _NAMED else ""
        what = f"{SAID[verdict]}: {', '.join(names)}{more}: {short(reason, 2 * _LONG)}"
        yield Note(what if what.endswith(("?", ".")) else f"{what}.", strong=verdict == "regressed")


def _term(line: str) -> tuple[str, str]:
    what, _, change_of = line.partition(": ")
    return short(what, 60), short(change_of, _LONG)
