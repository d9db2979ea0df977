"""A gate's result as JUnit's XML, which every CI system shows: a test case a cell."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from bench.gate.model import Cell, GateResult
from bench.gate.print.figures import change, figure, interval, margin
from bench.report import short

__all__ = ["to_junit"]

_LONG = 400  # characters
_SHOWN_AS = {"regressed": "failure", "incomplete": "error", "inconclusive": "skipped"}


def to_junit(result: GateResult) -> str:
    """`failure`: regressed; `error`: incomplete; `skipped`: inconclusive. A run that measured nothing is one error."""
    cells = result.cells or (
        Cell("quality", "", "", "", "nothing", "incomplete", "nothing was measured"),
    )
    counts = Counter(_SHOWN_AS.get(cell.verdict, "") for cell in cells)
    numbers = {
        "tests": str(len(cells)),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "skipped": str(counts["skipped"]),
    }
    suites = ET.Element("testsuites", numbers)
    suite = ET.SubElement(suites, "testsuite", {"name": "bench gate", **numbers})
    for cell in cells:
        _test_case(suite, cell)
    said = ET.SubElement(suite, "system-out")
    said.text = "\n".join(map(_shown, [*result.differs, *result.notes]))
    ET.indent(suites, " ")
    return ET.tostring(suites, encoding="unicode", xml_declaration=False) + "\n"


def _test_case(suite: ET.Element, cell: Cell) -> None:
    place = ".".join(part for part in (cell.aspect, cell.dataset, cell.protocol) if part)
    name = " ".join(part for part in (cell.method, cell.measure) if part)
    case = ET.SubElement(suite, "testcase", {"classname": _shown(place), "name": _shown(name)})
    kind = _SHOWN_AS.get(cell.verdict)
    if kind is not None:
        message = f"{cell.verdict}: {cell.reason}"
        one = ET.SubElement(case, kind, {"message": _shown(message), "type": cell.verdict})
        one.text = _told(cell)


def _told(cell: Cell) -> str:
    return (
        f"base {figure(cell, cell.base)}, candidate {figure(cell, cell.candidate)}, worse by {change(cell)} {interval(cell)}, "
        f"margin {margin(cell)}"
    )


def _shown(text: str) -> str:
    """On one line, its end cut where it is long; of what XML can't hold, not even as a character's number, an escape."""
    return short(text, _LONG)
