"""Labels are parsed, compared in the column's own type, and never guessed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data import Rule, parse_conditions, parse_rule
from bench.data.tables.labels import binary_labels, holds
from bench.data.tables.raw import RawTable
from bench.errors import DataError

OPERATORS = {
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


NO_CONDITION = r"none of COLUMN OP NUMBER, COLUMN OP TIME \(ISO 8601\), COLUMN is missing and COLUMN is 'TEXT' \(OP: >="


def table(values: object, name: str = "rating") -> RawTable:
    return RawTable(pd.DataFrame({name: values}), "x.csv")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("rating >= 4", Rule("rating", ">=", "4")),
        ("rating>=4", Rule("rating", ">=", "4")),
        ("  my rating != -1.5e1 ", Rule("my rating", "!=", "-1.5e1")),
        ("click", Rule("click")),
        (" play time ", Rule("play time")),
    ],
)
def test_rules_are_parsed(text, rule):
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rating => 4",
        "rating = 4",
        "rating >= four",
        ">= 4",
        "a >= 1 and b < 2",
        "4 <= rating",
        "a >= 1e9999",
    ],
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(ValueError, match="neither COLUMN nor COLUMN OP NUMBER"):
        parse_rule(text)


def test_rows_to_drop_need_a_condition():
    assert parse_conditions("rating == 0") == (Rule("rating", "==", "0"),)
    with pytest.raises(ValueError, match=NO_CONDITION):
        parse_conditions("rating")


@pytest.mark.parametrize(
    "text", ["rating", "rating => 4", "ts < soon", "ts is null", "ts < '2024'"]
)
def test_what_is_no_condition_is_told_all_that_there_are(text):
    with pytest.raises(ValueError, match=NO_CONDITION):
        parse_conditions(f"rating == 0 or {text}")


@pytest.mark.parametrize("time", ["2024-13-01", "2024-02-30", "2024-07-01 25:00", "2024-07"])
def test_a_time_that_is_none_is_refused_with_the_rule(time):
    with pytest.raises(ValueError, match=f"'{time}' is no date or time that there is"):
        parse_conditions(f"ts < {time}")


TIMES = ["2024-06-30T23:59:59.999Z", "2024-07-01T00:00:00Z", "2024-07-01T01:00:00.000000001+01:00"]


@pytest.mark.parametrize("form", ["text", "typed", "plain text"])
@pytest.mark.parametrize("to", ["2024-07-01", "2024-07-01 00:00", "2024-07-01T02:00:00+02:00"])
@pytest.mark.parametrize("op", list(OPERATORS))
def test_a_column_of_times_is_compared_with_a_time(form, to, op):
    """To the nanosecond, and as an instant."""
    column = {
        "text": TIMES,
        "typed": pa.array([-1_000_000, 0, 1]),
        "plain text": ["2024-06-30 23:59:59.999", "2024-07-01", "2024-07-01 00:00:00.000000001"],
    }[form]
    if form == "typed":
        first = np.datetime64("2024-07-01", "ns")
        column = pd.Series(first + column.to_numpy().astype("timedelta64[ns]"))
    (rule,) = parse_conditions(f"my ts {op} {to}")
    assert rule == Rule("my ts", op, to)
    expected = [OPERATORS[op](after, 0) for after in (-1, 0, 1)]
    assert holds(rule, table(column, "my ts")).tolist() == expected


@pytest.mark.parametrize(
    ("values", "rule", "error"),
    [
        ([1, 2], "rating < 2024-07-01", r"'rating' holds numbers, and is compared with a date"),
        (["2024-07-01", ""], "rating < 2024-07-01", r"the value is missing; fill it in.*, or leave the row out"),
        (["2024-07-01", "soon"], "rating < 2024-07-01", r"'soon' is not in ISO 8601"),
        (["2024-07-01", "2024-07-02"], "rating < 17", r"of a column of times, a time: 'COLUMN < 2021-01-30'"),
        (pd.to_datetime(["2024-07-01"]), "rating < 17", r"of a column of times, a time: 'COLUMN < 2021-01-30'"),
        (pd.to_datetime(["2024-07-01", None]), "rating < 2024-07-01", r"the value is missing; fill it in"),
    ],
)  # fmt: skip
def test_times_and_numbers_are_not_mixed_in_a_comparison(values, rule, error):
    with pytest.raises(DataError, match=error):
        holds(*parse_conditions(rule), table(values))


@pytest.mark.fault("41b")
@settings(max_examples=60)
@given(
    st.lists(st.integers(-(2**62), 2**62) | st.integers(-3, 6), min_size=1, max_size=8),
    st.sampled_from(list(OPERATORS)),
    st.decimals(-5, 7, places=1) | st.integers(-(2**62), 2**62),
)
def test_integers_compare_exactly_in_text_and_in_parquet(values, op, number):
    expected = [OPERATORS[op](Fraction(value), Fraction(number)) for value in values]
    rule = Rule("rating", op, str(number))
    assert holds(rule, table(np.array(values, dtype=np.int64))).tolist() == expected
    assert holds(rule, table([str(value) for value in values])).tolist() == expected


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16])
def test_a_threshold_past_the_columns_type_is_no_overflow(dtype):
    assert holds(
        Rule("rating", ">=", "300000"), table(np.array([1, 100], dtype=dtype))
    ).tolist() == [False, False]
    assert holds(Rule("rating", "<", "3e5"), table(np.array([1, 100], dtype=dtype))).tolist() == [
        True,
        True,
    ]


@pytest.mark.fault("41b")
def test_a_float32_column_meets_a_decimal_threshold_as_a_float32():
    values = np.array([3.6, 3.5, 3.7], dtype=np.float32)
    assert holds(Rule("rating", ">=", "3.6"), table(values)).tolist() == [True, False, True]
    assert holds(Rule("rating", "==", "3.6"), table(values)).tolist() == [True, False, False]
    assert holds(Rule("rating", "<", "1e300"), table(values)).tolist() == [True, True, True]


def test_decimal_text_compares_as_it_is_written():
    assert holds(
        Rule("rating", ">=", "0.1"), table(["0.1", ".1", "0.09", "+1e-1", " 4 "])
    ).tolist() == [
        True,
        True,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "values",
    [
        [0, 1, 1],
        np.array([0.0, 1.0, 1.0]),
        ["0", "1", "1"],
        ["0.0", "1", "1.0"],
        [False, True, True],
        ["False", "true", "TRUE"],
        pd.array([0, 1, 1], dtype=pd.ArrowDtype(pa.int8())),
    ],
)
def test_a_plain_column_holds_zeros_and_ones(values):
    labels = binary_labels(Rule("rating"), table(values))
    assert labels.dtype == np.uint8
    assert labels.tolist() == [0, 1, 1]


@pytest.mark.fault(41)
@pytest.mark.parametrize(
    ("values", "error"),
    [
        (
            [1, -1, 1],
            r'^x\.csv: row 2: column \'rating\': -1 is not a label of 0 or 1 \(values: -1, 1\).*"rating > 0"$',
        ),
        ([1, 0.25, 0], r'row 2: .*0\.25 is not a label.*label: "rating >= 0.5"$'),
        (
            ["1", "5", "3"],
            r'row 2: .*5 is not a label of 0 or 1 \(values: 1, 3, 5\).*label: "rating >= 4"$',
        ),
        ([1, 257, 0], r"row 2: .*257 is not a label"),
        ([1.0, float("nan"), 0.0], r"row 2: column 'rating': the value is missing; fill it in"),
        (["1", "", "", "0"], r"row 2: column 'rating': the value is missing \(2 such rows\)"),
        (["1", "yes", "0"], r"row 2: column 'rating': 'yes' is not a number"),
        ([float("inf"), 1.0, 0.0], r"row 1: column 'rating': the value is infinite; "),
    ],
)
def test_anything_else_is_refused_before_a_cast(values, error):
    with pytest.raises(DataError, match=error):
        binary_labels(Rule("rating"), table(values))


@pytest.mark.fault(41)
@pytest.mark.parametrize(
    ("number", "only"), [("1", r"all 3 labels are 1 \(no negative\)"), ("9", r"0 \(no positive\)")]
)
def test_one_class_alone_is_refused(number, only):
    with pytest.raises(
        DataError, match=rf"^x\.csv: label 'rating >= {number}': one class alone: .*{only}"
    ):
        binary_labels(Rule("rating", ">=", number), table([1, 2, 3]))


@pytest.mark.fault(41)
def test_a_missing_rating_under_a_threshold_is_no_negative():
    with pytest.raises(DataError, match=r"row 2: column 'rating': the value is missing"):
        binary_labels(Rule("rating", ">=", "4"), table(["5", "", "1"]))
