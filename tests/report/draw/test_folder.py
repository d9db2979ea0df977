"""The folders of figures: no two sections share one, whatever their names and the file system."""

from __future__ import annotations

import re
from itertools import product

import pytest

from bench.report.draw.folder import folder_of

NAMES = (
    "a",
    "a-b",
    "a-b-c",
    "b",
    "b-c",
    "c",
    "A",
    "a+b",
    "a_b",
    "a.b",
    "a/b",
    "a b",
    "",
    "..",
    "ä",
    "x" * 70,
    "x" * 71,
)


def test_a_name_that_is_plain_stays_readable() -> None:
    assert folder_of("movielens-100k", "leave-last") == "movielens-100k+leave-last"


def test_no_two_pairs_of_names_share_a_folder_even_where_case_is_ignored() -> None:
    pairs = list(product(NAMES, repeat=2))
    found = [folder_of(*pair).casefold() for pair in pairs]
    assert len(set(found)) == len(pairs)


@pytest.mark.parametrize("names", [("ML", "cold"), ("", "A"), ("a", "x" * 70)])
def test_a_changed_name_is_none_that_a_plain_one_could_have(names: tuple[str, str]) -> None:
    changed = folder_of(*names).casefold()
    parts = changed.split("+")
    splits = [("+".join(parts[:at]), "+".join(parts[at:])) for at in range(1, len(parts))]
    assert changed not in [folder_of(*split) for split in splits]


@pytest.mark.parametrize("name", NAMES)
def test_every_file_system_takes_it(name: str) -> None:
    folder = folder_of(name, name)
    assert re.fullmatch(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]*(?<!\.)", folder), folder
    assert len(folder) <= 78
