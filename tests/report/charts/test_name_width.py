"""The room that charts reserve for a name, held against what draws it."""

from __future__ import annotations

import pytest

from bench.report.charts.name_width import name_width
from bench.report.draw.texts import SMALL, width_of

PRINTABLE = [chr(code) for code in range(32, 127)]


@pytest.mark.parametrize("letter", PRINTABLE)
def test_no_letter_is_wider_than_its_room(letter: str) -> None:
    assert width_of(letter * 20, SMALL) / 72 <= name_width(letter * 20) * 1.001


@pytest.mark.parametrize(
    "name", ["metaselector-simplified", "user-calibration", "FM", "gbdt_2 (wide)"]
)
def test_names_are_given_little_more_than_they_need(name: str) -> None:
    drawn = width_of(name, SMALL) / 72
    assert drawn <= name_width(name) < 1.1 * drawn


def test_letters_of_other_scripts_have_room_too() -> None:
    assert name_width("é") >= width_of("é", SMALL) / 72
    assert name_width("漢字") > name_width("mm")
