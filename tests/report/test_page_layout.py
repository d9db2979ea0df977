"""How a page lays its figures and heads out."""

from __future__ import annotations

import re

import pytest

from bench.report.charts.model import Axis, Chart, Panel
from bench.report.page.blocks import grid_html
from bench.report.page.page import Part, Section, page
from bench.report.words.blocks import Block, Cell, Grid, GridRow, Note

AXIS = Axis()
GRID = Grid("t", ("method", "6 to 20 rows\n30 users\n133 rows"), (GridRow("a", (Cell("1"),)),))


def chart(name: str, *, wide: bool) -> Chart:
    return Chart(name, name, name, (Panel(AXIS, AXIS, ()),), None, wide=wide)


def classes(widths: str, blocks: tuple[Block, ...] = (GRID,)) -> tuple[str, str]:
    """Of figures, `n` one that is not wide and `w` a wide one: their classes, a letter each, and the page."""
    charts = [chart(f"f{place}", wide=one == "w") for place, one in enumerate(widths)]
    told = page("x", (), [Section("s", "s", [Part("answer", "?", charts, blocks)])])
    found = re.findall(r'<figure id="\S+?"(?: class="(\w+)")?>', told)
    return "".join(one[:1] or "n" for one in found), told


@pytest.mark.parametrize(
    ("widths", "laid"),
    [("n", "a"), ("nn", "nn"), ("nw", "aw"), ("nnwnw", "nnwaw"), ("nnn", "nna"), ("w", "w")],
)
def test_a_figure_without_a_neighbour_takes_the_whole_width(widths: str, laid: str) -> None:
    assert classes(widths)[0] == laid


def test_the_notes_behind_a_single_figure_stand_beside_it() -> None:
    laid, told = classes("n", (Note("beside it"), GRID, Note("below it")))
    assert laid == "n"
    beside = told[told.index('<div class="beside">') :]
    assert beside.index("beside it") < beside.index("</div>") < beside.index("below it")
    assert told.count("beside it") == 1


def test_lines_of_a_head_stay_lines() -> None:
    assert "6 to 20 rows <br>30 users <br>133 rows" in grid_html(GRID)


def test_wide_figures_alone_say_that_they_can_be_scrolled() -> None:
    assert classes("n")[1].count("sideways to see") == 0
    assert classes("nw")[1].count("sideways to see") == 1
