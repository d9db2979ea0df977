from __future__ import annotations

import numpy as np
import pytest

from bench.evaluate.analysis.bands import SEGMENTED_BY, By
from tests.evaluate.query_rows import make_rows


def names(rows, by: By) -> list[str]:
    """Each row's band; fails where a row is in none or in several."""
    found = [[] for _ in rows.y]
    for band in SEGMENTED_BY[by]([rows]):
        for row in np.flatnonzero(band.inside[0]):
            found[row].append(band.name)
    return [name for (name,) in found]


@pytest.mark.parametrize(
    ("history", "name"),
    [
        (0, "0 rows"), (1, "1 to 5 rows"), (5, "1 to 5 rows"), (6, "6 to 20 rows"), (20, "6 to 20 rows"),
        (21, "21 to 50 rows"), (50, "21 to 50 rows"), (51, "51 to 100 rows"), (100, "51 to 100 rows"),
        (101, "101 rows or more"),
    ],
)  # fmt: skip
def test_history(history: int, name: str) -> None:
    rows = make_rows()
    rows.history[3] = history
    assert names(rows, "history")[3] == name


@pytest.mark.parametrize(
    ("history", "positives", "name"),
    [
        (0, 0, "no support"), (7, 0, "0 to 20 %"), (15, 3, "20 to 40 %"), (5, 3, "60 to 80 %"), (3, 1, "20 to 40 %"),
        (10, 8, "80 to 100 %"), (9, 9, "80 to 100 %"), (2, 1, "40 to 60 %"),
    ],
)  # fmt: skip
def test_support_rate(history: int, positives: int, name: str) -> None:
    rows = make_rows()
    rows.history[3], rows.support_rate[3] = history, positives / history if history else np.nan
    assert names(rows, "support_rate")[3] == name


def test_popularity_is_in_thirds_of_rows_and_parts_no_item() -> None:
    rows = make_rows(users=60)
    got = np.array(names(rows, "popularity"))
    np.testing.assert_array_equal(got == "unseen", rows.popularity == 0)
    assert len({*zip(rows.popularity.tolist(), got.tolist(), strict=True)}) == len(
        np.unique(rows.popularity)
    )
    seen = np.random.default_rng(0).permutation(300) + 1
    rows = rows._replace(popularity=np.concatenate([np.zeros(len(rows.y) - 300, dtype=int), seen]))
    got = np.array(names(rows, "popularity"))[-300:]
    for low, name in (
        (1, "tail, 1 to 100 rows"),
        (101, "middle, 101 to 200 rows"),
        (201, "head, 201 to 300 rows"),
    ):
        np.testing.assert_array_equal(got == name, (seen >= low) & (seen < low + 100))


def test_bands_without_rows_are_left_out_and_those_with_rows_in_one_seed_are_not() -> None:
    rows = make_rows()
    zero = rows._replace(history=rows.history * 0, popularity=rows.popularity * 0 + 1)
    some = rows._replace(history=rows.history * 0 + 30, popularity=rows.popularity * 0 + 9)
    assert [band.name for band in SEGMENTED_BY["history"]([zero])] == ["0 rows"]
    assert [band.name for band in SEGMENTED_BY["support_rate"]([zero])] == ["no support"]
    assert [band.name for band in SEGMENTED_BY["popularity"]([zero])] == ["middle, 1 row"]
    both = list(SEGMENTED_BY["history"]([zero, some]))
    assert [(band.name, [rows.all() for rows in band.inside]) for band in both] == [
        ("0 rows", [True, False]),
        ("21 to 50 rows", [False, True]),
    ]
