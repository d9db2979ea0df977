"""A division that fails because of a filter speaks of the filter."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from bench.errors import DataError
from tests.run.conftest import write_ratings


@pytest.fixture
def lengths(tmp_path):
    """Rows of each user of the table, most first."""
    write_ratings(tmp_path / "ratings.csv")
    with (tmp_path / "ratings.csv").open(encoding="utf-8") as stream:
        users = [row[0] for row in list(csv.reader(stream))[1:]]
    return sorted(np.unique(users, return_counts=True)[1].tolist(), reverse=True)


def filtered(write_suite, least):
    file = write_suite()
    file.write_text(
        file.read_text("utf-8").replace(
            "order: time}", f"order: time, min_rows_per_user: {least}}}"
        ),
        "utf-8",
    )
    return file


def test_what_the_filter_left_and_the_largest_value_that_works(write_suite, go, lengths):
    least = lengths[0]
    left = lengths.count(least)
    file = filtered(write_suite, least)
    with pytest.raises(DataError) as caught:
        go(file)
    said = str(caught.value)
    assert (
        f"min_rows_per_user: {least} left {left} of 24 users ({left * least} of {sum(lengths)} rows)"
        in said
    )
    works = int(said.rpartition("would still work is ")[2])
    assert works < least
    assert go(filtered(write_suite, works), "works")[0].manifest["status"] == "complete"
    with pytest.raises(DataError, match="min_rows_per_user"):
        go(filtered(write_suite, works + 1), "one more")
