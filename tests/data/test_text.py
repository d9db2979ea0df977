"""Ids are one and the same wherever they are the same, and nothing that looks like another passes for it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bench.data.tables.raw import RawTable
from bench.data.tables.text import as_ids, as_text, look_alikes
from bench.data.tables.words import Words
from bench.errors import DataError


def table(values: object) -> RawTable:
    if isinstance(values, pa.Array):
        values = pd.arrays.ArrowExtensionArray(pa.chunked_array([values]))
    return RawTable(pd.DataFrame({"id": values}), "x.csv")


def ids(values: object) -> list[str]:
    return spelt_out(as_ids(table(values), "id"))


def texts(values: object) -> list[str]:
    return spelt_out(as_text(table(values), "id"))


def spelt_out(found: Words) -> list[str]:
    assert sorted(found.words.to_pylist()) == sorted(set(found.words.take(found.codes).to_pylist()))
    return found.words.take(found.codes).to_pylist()


@pytest.mark.parametrize(
    "values",
    [
        pa.array([7, -12], pa.int16()),
        pa.array([7.0, -12.0], pa.float64()),
        pa.array([7.0, -12.0], pa.float32()),
        pa.array(np.array([7, -12], dtype=np.float16)),
        pa.array([Decimal("7"), Decimal("-12")], pa.decimal128(38, 0)),
        pa.array([Decimal("7.00"), Decimal("-12.00")], pa.decimal128(10, 2)),
        pa.array(["7", "-12"]),
        pa.array([b"7", b"-12"], pa.binary()),
        pa.array(["7", "-12"]).dictionary_encode(),
        pa.array([7, -12]).dictionary_encode(),
    ],
    ids=lambda values: str(values.type)[:30],
)
def test_whole_numbers_are_one_text_in_every_type(values):
    assert ids(values) == ["7", "-12"]


@pytest.mark.fault("41b")
def test_large_integers_keep_every_digit():
    assert ids(pa.array([2**63, 2**64 - 1], pa.uint64())) == [str(2**63), str(2**64 - 1)]
    wide = 10**30 + 1
    assert ids(pa.array([Decimal(wide), Decimal(wide + 1)], pa.decimal128(38, 0))) == [
        str(wide),
        str(wide + 1),
    ]


def test_text_stays_verbatim():
    words = [
        "007",
        "7",
        "1e5",
        "NA",
        "a b",
        "José",
        "Jose\u0301",
        "\u0915\u094d\u200d\u0937",
        "-0",
        "a.0",
    ]
    assert ids(words) == words


@pytest.mark.fault("41b")
@pytest.mark.parametrize(
    ("values", "error"),
    [
        (
            ["u1", "u1 "],
            r"row 2: column 'id': 'u1 ' has a space or an invisible character around or within it; remove it",
        ),
        (["u1", "\tu1"], r"row 2: .*'\\tu1' has a space"),
        (["u1", "u1\xa0", "u1\xa0"], r"row 2: .*'u1\\xa0' has .* \(2 such rows\)"),
        (["u1", "\ufeffu1"], r"row 2: .*'\\ufeffu1'"),
        (["u1", "u\u200b1"], r"row 2: .*'u\\u200b1'"),
        (["u1", "u1\0"], r"row 2: .*'u1\\x00'"),
        (["u1", "u\x1b[31m1"], r"row 2: .*'u\\x1b"),
        (["u1", "\u202eu1"], r"row 2: .*'\\u202eu1'"),
        (
            ["9.00720E+15", "9.00720E+15"],
            r"row 1: .*'9.00720E\+15' is a long number shortened by a spreadsheet \(2 such",
        ),
        (
            ["1", "2", "1.0"],
            r"row 3: .*'1.0' is there without the point too: one id written in two ways; write one",
        ),
        (["a", "", "b"], r"row 2: .*the id is missing"),
        (pa.array([1, None, 2]), r"row 2: .*the id is missing"),
        (
            pa.array([Decimal("1.50"), Decimal("2.00")], pa.decimal128(5, 2)),
            r"row 1: .*1.50 is a fraction, not a whole id",
        ),
        (pa.array([1.0, 0.5, 0.5]), r"row 2: .*0.5 is a fraction, not a whole id \(2 such rows\)"),
        (pa.array(np.array([2048, 1], dtype=np.float16)), r"row 1: .*exact only below 2\^11"),
        (pa.array(np.array([2.0**24, 1], dtype=np.float32)), r"row 1: .*exact only below 2\^24"),
        (pa.array([2.0**53, 1]), r"row 1: .*exact only below 2\^53"),
        (["a", 1], r"column 'id' mixes types; store it as text or as numbers"),
        (
            pa.array([b"\xff", b"a"], pa.binary()),
            r"column 'id' is text that is not UTF-8; write it as strings",
        ),
        (pa.array([{"a": 1}]), r"column 'id' of type struct<a: int64> can't be read as categories"),
        (pa.array([["a"]]), r"column 'id' of type list<.*> can't be read as categories"),
    ],
)
def test_doubtful_ids_are_refused_with_place_and_fix(values, error):
    with pytest.raises(DataError, match=rf"^x\.csv: {error}"):
        ids(values)


def test_categories_are_verbatim_and_fractions_stay():
    assert texts([" a", "A", None, "b\xa0"]) == [" a", "A", "", "b\xa0"]
    for kind in (np.float16, np.float32, np.float64):
        values = pa.array(np.array([0.5, 2, np.nan], dtype=kind))
        assert texts(values) == ["0.5", "2", ""]
    assert texts(pa.array([True, None, False])) == ["True", "", "False"]


@pytest.mark.parametrize(
    ("words", "pair"),
    [
        (["US", "US ", "DE"], ("US ", "US")),
        (["\u200bUS", "US"], ("\u200bUS", "US")),
        ([" a", "a "], (" a", "a")),
        ([" a", "b"], None),
        (["a b", "ab", "A"], None),
        ([], None),
    ],
)
def test_words_that_look_alike_are_found(words, pair):
    assert look_alikes(pa.array(words, pa.large_string())) == pair
