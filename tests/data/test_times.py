"""The order of rows: equal instants give equal arrays in whatever form they come, and nothing is sorted as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.tables.raw import RawTable
from bench.data.tables.times import order_of
from bench.errors import DataError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


def order(values: object) -> np.ndarray:
    """Of a column of text, of numbers, or of an Arrow array."""
    if isinstance(values, pa.Array):
        values = pd.arrays.ArrowExtensionArray(pa.chunked_array([values]))
    return order_of(RawTable(pd.DataFrame({"time": values}), "x.csv"), "time")


def same(first: np.ndarray, second: np.ndarray) -> bool:
    return first.dtype == second.dtype and first.tobytes() == second.tobytes()


def exact(instant: datetime) -> Fraction:
    """Seconds since 1970."""
    return Fraction((instant - EPOCH) // timedelta(microseconds=1), 10**6)


@settings(max_examples=60)
@given(st.lists(INSTANTS.map(lambda t: t.replace(microsecond=0)), min_size=1, max_size=6))
def test_whole_seconds_are_the_same_numbers_in_every_form(instants):
    seconds = np.array([int(exact(instant)) for instant in instants], dtype=np.int64)
    east = timezone(timedelta(hours=5, minutes=30))
    forms = [
        seconds,
        seconds.astype(np.float64),
        [str(second) for second in seconds],
        [instant.isoformat() for instant in instants],
        [instant.astimezone(east).isoformat(" ") for instant in instants],
        [instant.strftime("%4Y-%m-%dT%H:%M:%SZ") for instant in instants],
        [instant.replace(tzinfo=None).isoformat() for instant in instants],
        *(
            pa.array(seconds, pa.int64()).cast(pa.timestamp("s")).cast(pa.timestamp(unit))
            for unit in ("s", "ms", "us", "ns")
        ),
        pa.array(seconds, pa.int64()).cast(pa.timestamp("s", tz="Asia/Tokyo")),
    ]
    assert all(same(order(form), seconds) for form in forms)


@settings(max_examples=60)
@given(st.lists(INSTANTS, min_size=1, max_size=6))
def test_fractions_to_the_microsecond_read_as_the_decimal_numbers_that_they_are(instants):
    micros = np.array([int(exact(instant) * 10**6) for instant in instants], dtype=np.int64)
    # the nearest float64 to the exact fraction
    expected = order([float(exact(instant)) for instant in instants])
    forms = [
        [instant.isoformat() for instant in instants],
        pa.array(micros, pa.int64()).cast(pa.timestamp("us")),
        pa.array(micros * 1000, pa.int64()).cast(pa.timestamp("ns")),
    ]
    assert all(same(order(form), expected) for form in forms)
    assert [
        round(Fraction(value) * 10**6) for value in expected.tolist()
    ] == micros.tolist()  # none is lost


@pytest.mark.fault("41b")
def test_nanoseconds_are_kept_where_a_float_would_lose_them():
    text = ["2021-01-30T00:00:00.000000002", "2021-01-30T00:00:00.000000001", "2021-01-30"]
    found = order(text)
    first = int(exact(datetime(2021, 1, 30, tzinfo=UTC))) * 10**9
    assert found.tolist() == [first + 2, first + 1, first]
    assert same(order(pa.array(found, pa.int64()).cast(pa.timestamp("ns"))), found)


def test_dates_are_the_midnights_that_begin_them():
    days = [date(2021, 1, 30), date(1969, 12, 31), date(2024, 2, 29)]
    midnights = np.array([int(exact(datetime(d.year, d.month, d.day, tzinfo=UTC))) for d in days])
    for form in (
        [d.isoformat() for d in days],
        pa.array(days, pa.date32()),
        pa.array(days, pa.date64()),
    ):
        assert same(order(form), midnights)


def test_mixed_precision_is_fine():
    text = ["2021-01-30", "2021-01-30 00:01", "2021-01-30T00:00:30", "2021-01-30T00:00:30,500"]
    assert np.argsort(order(text)).tolist() == [0, 2, 3, 1]
    zones = [
        "2021-01-30T10:00Z",
        "2021-01-30T10:00+01",
        "2021-01-30t10:00-0100",
        "2021-01-30T10:00+00:30",
    ]
    assert np.argsort(order(zones)).tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize("values", [["3", " 20 ", "+1"], [3, 20, 1], [3.0, 20.0, 1.0]])
def test_digits_are_numbers(values):
    assert order(values).tolist() == [3, 20, 1]


def test_decimals_of_parquet_are_numbers():
    assert order(pa.array(["3", "20"]).cast(pa.decimal128(20, 0))).tolist() == [3, 20]
    assert order(pa.array(["3.00", "20.00"]).cast(pa.decimal128(20, 2))).dtype == np.int64
    assert order(pa.array(["3.25", "20.00"]).cast(pa.decimal128(20, 2))).tolist() == [3.25, 20.0]


ISO = "ISO 8601 like 2021-01-30"
REFUSED = [
    (
        ["20/01/2021", "21/01/2021"],
        rf"row 1: column 'time': '20/01/2021' is neither a number nor .* \(2 such rows\); .*{ISO}",
    ),
    (["01/02/2021"], r"row 1: .*'01/02/2021' is neither"),
    (["20.01.2021"], r"row 1: .*'20\.01\.2021' is neither"),
    (["Jan 20, 2021"], r"row 1: .*'Jan 20, 2021' is neither"),
    (["2021-Jan-20"], r"row 1: .*'2021-Jan-20' is neither"),
    (["21-01-20"], r"row 1: .*'21-01-20' is neither"),
    (["2021-1-2"], r"row 1: .*'2021-1-2' is neither"),
    (
        ["2021-01-30", "30/01/2021"],
        r"row 2: .*'30/01/2021' is not in ISO 8601, as other rows are; ",
    ),
    (["1500000000", "2021-01-30"], r"row 1: .*'1500000000' is not in ISO 8601, as other rows are"),
    (
        ["2021-01-30T10:00", "2021-01-30T10:00Z"],
        r"row 1: .*'2021-01-30T10:00' has no time zone, and other rows have",
    ),
    (["2021-01-30T10:00+01:00", "2021-01-30"], r"row 2: .*'2021-01-30' has no time zone"),
    (["2021-02-30"], r"row 1: .*'2021-02-30' is no date or time that there is; mend it"),
    (["2021-13-01"], r"row 1: .*'2021-13-01' is no date"),
    (["2021-01-30T24:00"], r"row 1: .*is no date or time"),
    (["2021-01-30T23:59:60"], r"row 1: .*is no date or time"),
    (["0000-01-01"], r"row 1: .*is no date or time"),
    (["2021-01-30T10:00+25:00"], r"row 1: .*is no date or time"),
    (["2021-01-30", ""], r"row 2: .*the value is missing; give every row its place in time"),
    (["2021-01-30", " "], r"row 2: .*' ' is not in ISO 8601, as other rows are"),
    (["1", "", ""], r"row 2: .*the value is missing \(2 such rows\)"),
    (pa.array([datetime(2021, 1, 30), None]), r"row 2: .*the value is missing"),
    (["9999-12-31T23:59:59.9999999"], r"row 1: .*is past the years that nanoseconds reach"),
    (
        ["1500000000.0000000001", "1500000000.0000000002"],
        r"row 2: .*'1500000000.0000000002' can't be told from",
    ),
    (
        pa.array([1, 2], pa.duration("s")),
        r"column 'time' is of type duration\[s\], not a number; order takes numbers",
    ),
    (pa.array([[1], [2]]), r"column 'time' is of type list<.*>, not a number"),
]


@pytest.mark.fault("41b")
@pytest.mark.parametrize(
    ("values", "error"), REFUSED, ids=[str(number) for number in range(len(REFUSED))]
)
def test_what_is_no_order_is_refused_with_its_first_value_and_the_fix(values, error):
    with pytest.raises(DataError, match=rf"^x\.csv: {error}"):
        order(values)


def test_seconds_far_from_now_are_still_seconds():
    assert order(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]).tolist() == [
        253_402_300_799,
        -62_135_596_800,
    ]
