"""YAML 1.2's core schema, where YAML 1.1 surprises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.suite.places.scalars import plain_scalar


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.5e2", -50.0),
        ("1.10", 1.1),
        ("+1", 1),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        *(
            (text, text)
            for text in (
                "1_000",
                "10:30",
                "on",
                "no",
                "Yes",
                "0b11",
                "2024-01-01",
                "=",
                "<<",
                "1e",
                ".",
                "-",
            )
        ),
    ],
)
def test_plain_scalars(text: str, value: object) -> None:
    read = plain_scalar(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.fault(37)
@pytest.mark.parametrize("text", [".inf", "-.INF", ".NaN", "1e999", "9" * 5000, "0x" + "f" * 5000])
def test_numbers_that_no_suite_can_mean_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a finite number|a number of \d+ characters"):
        plain_scalar(text)


@settings(max_examples=50)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_by_python_is_read_back(number: float) -> None:
    assert plain_scalar(repr(number)) == number


@settings(max_examples=50)
@given(st.integers(-(10**30), 10**30))
def test_a_whole_number_is_read_back_exactly(number: int) -> None:
    assert plain_scalar(str(number)) == number
