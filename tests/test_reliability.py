"""Every fault has a test that provokes it, and docs/reliability.md lists those tests and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.reliability.marks import by_row, marked_tests
from tools.reliability.matrix import Row, read_rows
from tools.reliability.page import NO_TEST

ROOT = Path(__file__).resolve().parent.parent
ROWS = read_rows(ROOT)
MARKED = marked_tests(ROOT)
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)


def listed(row: Row) -> list[str]:
    """The cells of a row of the page, from the fault on."""
    (line,) = re.findall(rf"^\| {row.number} \| (.*) \|$", PAGE, re.MULTILINE)
    return line.split(" | ")


def test_rows_are_numbered_in_their_order():
    numbers = [*map(str, range(1, 42)), "41b", *map(str, range(42, 45))]
    assert [row.number for row in ROWS] == numbers


def test_every_row_has_a_test():
    assert {row.number for row in ROWS} == by_row(MARKED).keys()


def test_every_mark_is_of_a_row():
    assert by_row(MARKED).keys() <= {row.number for row in ROWS}


@each
def test_the_page_says_what_the_row_says(row):
    assert listed(row)[:2] == [row.fault, row.what_happens]


@each
def test_the_page_lists_the_tests_that_are_marked_and_no_others(row):
    """`make reliability` makes it anew."""
    tests = by_row(MARKED).get(row.number, [])
    links = [f"[{test.removeprefix('tests/')}](../{test.partition('::')[0]})" for test in tests]
    assert listed(row)[2].split("<br>") == (links or [NO_TEST])


def test_the_page_has_no_other_rows():
    numbers = re.findall(r"^\| (\d+\w*) \|", PAGE, re.MULTILINE)
    assert numbers == [row.number for row in ROWS]
