"""Fields in buckets: the hash that is written down, the same in every form of a file, and no vocabulary behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.encoding import encode as encoding
from bench.data.encoding import roles
from bench.data.encoding.buckets import buckets_of
from bench.data.encoding.encode import encode
from bench.data.prepared import store
from bench.errors import DataError
from bench.interfaces import Column, Field, Tables

MASK = 2**64 - 1
TEXTS = ["", "a", "12345678", "123456789", "é" * 9, "\0", "\0\0", "68fd1e64", "x" * 100]


KNOWN = 369_175  # of 68fd1e64 among a million


def mixed(value: int) -> int:
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def bucket(text: str, buckets: int) -> int:
    """As it is written down, in plain Python."""
    content = text.encode()
    value = mixed(len(content))
    for start in range(0, len(content), 8):
        value = mixed(value ^ int.from_bytes(content[start : start + 8], "little"))
    return value % buckets


@settings(max_examples=200)
@given(st.lists(st.text(max_size=30) | st.sampled_from(TEXTS)), st.integers(1, 2**31 - 2))
def test_a_bucket_is_that_of_the_written_hash(texts, buckets):
    given = pa.array(["before", *texts, "after"], pa.large_string()).slice(1, len(texts))
    assert buckets_of(given, buckets).tolist() == [bucket(text, buckets) for text in texts]


def test_buckets_stay_what_they_are():
    texts = pa.array(TEXTS, pa.large_string())
    assert buckets_of(texts, 1_000_000).tolist() == [bucket(text, 1_000_000) for text in TEXTS]
    assert bucket("68fd1e64", 1_000_000) == KNOWN


def test_all_buckets_are_filled_alike():
    texts = pa.array([str(number) for number in range(100_000)], pa.large_string())
    rows = np.bincount(buckets_of(texts, 100), minlength=100)
    assert rows.min() > 850  # of 1,000 on average, 32 the deviation
    assert rows.max() < 1150


FRAME = pd.DataFrame({
    "user": ["u", "u", "v", "v", "w"], "item": ["i", "j", "i", "j", "i"], "label": [1, 0, 1, 0, 1],
    "c": ["7", "", "7", "12", ""], "side": ["x", "y", "x", "y", "x"],
})  # fmt: skip
IDS = {"user": Column("user"), "item": Column("item")}


def tables(frame: pd.DataFrame, buckets: int = 50, **columns: Column) -> Tables:
    hashed = Column("feature", Field("c", "categorical", "context"), buckets=buckets)
    return Tables(frame, {**IDS, "c": hashed, **columns}, label="label")


def rows(frame: pd.DataFrame) -> list[list[int]]:
    return encode(tables(frame)).arrays["categorical"].tolist()


def test_codes_are_buckets_from_one_and_missing_values_are_counted():
    encoded = encode(tables(FRAME))
    codes = {int(code) for code in encoded.arrays["categorical"][:, 0]}
    assert codes == {bucket(text, 50) + 1 for text in ("7", "", "12")}
    assert encoded.meta["sizes"] == {"c": 51}
    assert encoded.meta["missing"] == {"c": 2}
    assert encoded.meta["categories"] == {"c": len(codes)}
    assert encoded.meta["buckets"] == {"c": 50}


@pytest.mark.parametrize(
    "column",
    [
        pd.array([7, None, 7, 12, None], dtype="Int64"),
        [7.0, np.nan, 7.0, 12.0, np.nan],
        pd.Categorical(["7", None, "7", "12", None]),
        pd.arrays.ArrowExtensionArray(pa.chunked_array([["7", ""], ["7", "12", None]])),
    ],
    ids=["integers", "floats", "a dictionary", "text in parts"],
)
def test_one_value_has_one_bucket_in_every_type(column):
    other = FRAME.assign(c=column)
    assert rows(other) == rows(FRAME)
    first, second = encode(tables(FRAME)), encode(tables(other))
    assert store.content_digest(first.arrays, first.meta) == store.content_digest(
        second.arrays, second.meta
    )
    assert second.meta["missing"] == {"c": 2}


def test_a_field_of_a_table_of_items_has_buckets_too():
    items = pd.DataFrame({"item": ["i", "j", "k"], "kind": ["x", "", "z"]})
    kind = Column("feature", Field("kind", "categorical", "item"), buckets=9)
    frame = FRAME[["user", "item", "label"]]
    encoded = encode(Tables(frame, {**IDS, "kind": kind}, items=items, label="label"))
    texts = ["x" if item == 0 else "" for item in encoded.arrays["items"]]
    assert encoded.arrays["categorical"][:, 0].tolist() == [bucket(text, 9) + 1 for text in texts]
    assert encoded.meta["missing"] == {"kind": 2}


def test_values_that_differ_though_a_side_should_have_one_are_counted():
    side = Column("feature", Field("side", "categorical", "item"), buckets=1000)
    encoded = encode(tables(FRAME.assign(side=["x", "y", "z", "y", "x"]), side=side))
    assert encoded.meta["several_values"] == {"side": 1}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"buckets": -1}, r"^field 'c': -1 buckets; give 1 to 2147483646, 1000000 say$"),
        ({"buckets": 2**31}, r"^field 'c': 2147483648 buckets; give 1 to 2147483646"),
        (
            {"user": Column("user", Field("user", "categorical", "user"), buckets=5)},
            r"^field 'user' holds ids, .*: it can't have buckets; leave them out$",
        ),
        (
            {"side": Column("feature", Field("side", "multi_valued", "item"), "|", buckets=5)},
            r"^field 'side' is multi_valued: it can't have buckets",
        ),
    ],
)
def test_buckets_that_can_not_be_are_refused(changed, error):
    with pytest.raises(DataError, match=error):
        encode(tables(FRAME, **changed))


def test_more_entries_than_there_are_numbers_are_refused():
    side = Column("feature", Field("side", "categorical", "item"), buckets=2**31 - 3)
    with pytest.raises(
        DataError,
        match=r"^interactions: the fields have 2,147,483,697 values in all, and 2,147,483,646 is the most; 'side' has "
        r"2,147,483,646: give it fewer `buckets`, 1000000 say$",
    ):
        encode(tables(FRAME, side=side))


def test_a_vocabulary_that_does_not_fit_is_refused_with_buckets_as_the_fix(monkeypatch):
    monkeypatch.setattr(encoding, "MOST_ENTRIES", 4)
    words = {"c": Column("feature", Field("c", "categorical", "context"))}
    with pytest.raises(DataError, match=r"have 7 values in all, and 4 is the most; .*`buckets`"):
        encode(
            Tables(
                FRAME,
                {**IDS, **words, "side": Column("feature", Field("side", "categorical", "item"))},
                label="label",
            )
        )
    assert roles.MOST_ENTRIES == 2**31 - 2
