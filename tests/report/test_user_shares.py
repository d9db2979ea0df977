"""Users helped, equal and harmed: one definition, in tables and in figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.report.charts.user_differences import user_differences
from bench.report.content.model import Section
from bench.report.content.user_shares import UserShares, user_shares
from bench.report.sections.selection import selection
from bench.report.words.blocks import ABSENT, Grid
from tests.report.chart_sections import a_section


def table(section: Section) -> dict[str, list[str]]:
    (grid,) = (
        block
        for block in selection(section)
        if isinstance(block, Grid) and "User by user" in block.title
    )
    first = grid.heads.index("users it\nhelps %") - 1
    return {
        row.name: [cell.text.strip() for cell in row.cells[first : first + 3]] for row in grid.rows
    }


def test_the_figure_and_the_table_say_the_same() -> None:
    section = a_section()
    numbers = user_differences(section).numbers
    assert numbers is not None
    first = numbers.heads.index("helped") - 1
    assert numbers.heads[first + 1 : first + 4] == ("helped", "equal", "harmed")
    in_table = table(section)
    for row in numbers.rows:
        assert [f"{text}%" for text in in_table[row.name]] == [
            cell.text.strip() for cell in row.cells[first : first + 3]
        ]
        assert sum(map(float, in_table[row.name])) == pytest.approx(100)


def test_the_best_single_model_is_not_held_against_itself() -> None:
    assert table(a_section())["fm"] == [ABSENT] * 3


def test_an_earlier_analysis_without_a_spread_gives_the_same_shares() -> None:
    analysis = a_section().analysis
    assert analysis is not None
    for one in analysis.methods:
        if one.users is not None:
            assert user_shares(replace(one, users=None)) == pytest.approx(user_shares(one))


@pytest.mark.parametrize(
    "shares", [(1 / 3,) * 3, (0.005, 0.99, 0.005), (0.0, 1.0, 0.0), (0.29, 0.0, 0.71)]
)
@pytest.mark.parametrize("places", [0, 1])
def test_percents_are_a_hundred_together(shares: tuple[float, float, float], places: int) -> None:
    found = UserShares(*shares).percents(places)
    assert sum(found) == pytest.approx(100)
    assert found == pytest.approx([100 * share for share in shares], abs=10**-places)
