"""Times that can't be, and one id with most rows, against what a person would say of them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from bench.data.encoding.encode import encode
from bench.data.oddities import odd_times, oddities
from bench.data.prepared import store
from bench.data.views.interactions import Interactions
from bench.interfaces import Column, Field, Tables

NOW = datetime(2025, 6, 1, tzinfo=UTC).timestamp()
SECONDS = 1_500_000_000 + 86_400 * np.arange(100)
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def day(year, month=1, date=1):
    return int(datetime(year, month, date, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("unit", PER_SECOND)
def test_times_since_1970_that_can_be_are_not_odd(unit):
    assert odd_times(SECONDS * PER_SECOND[unit], "", NOW) is None
    assert odd_times((SECONDS * PER_SECOND[unit]).astype(float), "", NOW) is None


@pytest.mark.parametrize("unit", PER_SECOND)
def test_zero_and_far_years_are_counted_on_their_side(unit):
    order = SECONDS * PER_SECOND[unit]
    order[:3] = 0
    order[3] = -1
    order[4] = day(9999, 12, 31) * (PER_SECOND[unit] if unit != "ns" else 10**6)
    if unit == "ns":  # the year 9999 is past int64
        order[4] = day(2200) * 10**9
    found = odd_times(order, "", NOW)
    assert found is not None
    assert (found["unit"], found["before"], found["after"]) == (unit, 4, 1)
    assert (found["earliest"], found["latest"]) == (-1, order[4])
    assert found["other_units"] == {}


@pytest.mark.fault("41b")
@pytest.mark.parametrize(("most", "few"), [("s", "ms"), ("ms", "s"), ("us", "s"), ("ns", "ms")])
def test_two_units_in_one_column_are_told_apart(most, few):
    order = SECONDS * PER_SECOND[most]
    order[:40] = SECONDS[:40] * PER_SECOND[few]
    found = odd_times(order, "", NOW)
    assert found is not None
    assert (found["unit"], found["other_units"]) == (most, {few: 40})
    assert found["before"] + found["after"] == 40


def test_the_range_begins_in_1990_and_ends_a_year_ahead():
    edge = np.concatenate(
        [SECONDS, [day(1990) - 1, day(1990), int(NOW) + 365 * 86_400, int(NOW) + 367 * 86_400]]
    )
    found = odd_times(edge, "", NOW)
    assert found is not None
    assert (found["before"], found["after"]) == (1, 1)


@pytest.mark.parametrize(
    "numbers",
    [
        14_102_100 + np.arange(24),  # Avazu's hours, YYMMDDHH
        20_141_021 + np.arange(9),
        20_141_021_000_000 + np.arange(9),
        np.arange(1000),
        2010 + np.arange(10),
        np.linspace(0, 1, 20),
        np.concatenate([np.zeros(60), SECONDS[:40]]),  # most are no such times
    ],
)
def test_numbers_that_are_no_times_since_1970_are_never_called_so(numbers):
    assert odd_times(numbers, "", NOW) is None


def test_dates_are_dates_whatever_most_of_them_are():
    found = odd_times(np.array([day(1), day(1900), day(2020)]), "s", NOW)
    assert found is not None
    assert (found["unit"], found["before"], found["after"]) == ("s", 2, 0)
    ended = np.array([day(2020) * 10**9 + 1, day(2200) * 10**9])
    found = odd_times(ended, "ns", NOW)
    assert found is not None
    assert (found["unit"], found["before"], found["after"]) == ("ns", 0, 1)


def prepared(folder, users, items=None, times=None):
    n = len(users)
    frame = pd.DataFrame(
        {
            "user": users,
            "item": [f"i{k}" for k in range(n)] if items is None else items,
            "label": [k % 2 for k in range(n)],
            "time": [str(k) for k in range(n)] if times is None else times,
        }
    )
    columns = {
        "user": Column("user"),
        "item": Column("item", Field("item", "categorical", "item")),
        "time": Column("order"),
    }
    encoded = encode(Tables(frame, columns, label="label"))
    store.write(folder / "prepared", encoded, {"name": "x"})
    return Interactions.open(folder / "prepared")


def test_one_user_with_most_rows_is_named_as_in_the_data(tmp_path):
    users = ["a99f"] * 83 + [f"u{k}" for k in range(17)]
    found = oddities(prepared(tmp_path, users))
    assert found["largest_user"] == {"id": "a99f", "rows": 83, "share": 0.83, "stands_out": True}
    assert found["largest_item"]["stands_out"] is False


@pytest.mark.parametrize(
    ("rows", "others", "stands_out"),
    [(50, 50, True), (12, 88, True), (9, 91, False), (2, 5, False), (51, 2, True)],
)
def test_an_id_stands_out_by_its_share_and_by_what_others_have(tmp_path, rows, others, stands_out):
    items = ["x"] * rows + [f"i{k}" for k in range(others)]
    found = oddities(prepared(tmp_path, [f"u{k % 7}" for k in range(len(items))], items))
    assert found["largest_item"]["stands_out"] is stands_out


@pytest.mark.fault("41b")
@pytest.mark.parametrize(
    "times",
    [
        ["9999-12-31", *["2020-01-01"] * 9],
        [pd.Timestamp("1970-01-01"), *[pd.Timestamp("2020-01-01")] * 9],
        ["0", *["1577836800"] * 9],
        ["1577836800", *["1577836800000"] * 9],
    ],
)
def test_odd_times_are_found_in_every_form_of_a_column(tmp_path, times):
    found = oddities(prepared(tmp_path, [f"u{k % 3}" for k in range(10)], times=times))["odd_times"]
    assert found["before"] + found["after"] == 1
