"""Words that no kept row has, of rows left out or of a dictionary, change nothing, in whatever form a table comes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.data import read_delimited, read_parquet, scan_delimited, scan_parquet
from bench.data.encoding.encode import Encoded, encode
from bench.data.tables import text_file, vouched
from bench.data.tables.raw import RawTable
from bench.data.tables.room import InMemory
from bench.data.tables.scanned import scanned
from bench.data.tables.times import read_order
from bench.errors import DataError
from bench.interfaces import Column, Field, Scan, Tables
from tests.data.test_scan import Parts

BIG = 2**53
NAMES = ["user", "item", "time", "keep"]
COLUMNS = {
    "user": Column("user", Field("user", "categorical", "user")),
    "item": Column("item", Field("item", "categorical", "item")),
}
ROLES = {
    "label": ({}, f"time > {BIG}"),
    "order": ({"time": Column("order")}, "item"),
    "numeric": ({"time": Column("feature", Field("time", "numeric", "context"))}, "item"),
    "categorical": ({"time": Column("feature", Field("time", "categorical", "context"))}, "item"),
    "buckets": ({"time": Column("feature", Field("time", "categorical", "context"), "", 5)}, "item"),
    "multi_valued": ({"time": Column("feature", Field("time", "multi_valued", "context"), "|")}, "item"),
}  # fmt: skip
# whole numbers that are one as float64
TIMES = st.lists(st.integers(BIG - 2, BIG + 4).map(str), min_size=1, max_size=4)
ODD = st.sampled_from(["0.5", "-1.5", "1e3", "soon", "", "2021-01-30", "0." + "3" * 20, "9" * 25])


class Row(NamedTuple):
    user: str
    item: str
    time: str
    keep: str


def kept_rows(times: list[str]) -> list[Row]:
    """Each time four times, so that a scan keeps its words once; label 0 and 1, of times and of items."""
    times = [str(BIG - 1), str(BIG + 1), *times]
    return [Row(user, item, time, "1") for time in times for user in "ab" for item in "01"]


def left_out(odd: list[str], how: str) -> list[Row]:
    if how == "drop":
        return [Row("a", "0", word, "0") for word in odd]
    return [Row(f"once {number}", "0", word, "1") for number, word in enumerate(odd)]


def as_csv(folder: Path, rows: list[Row]) -> Path:
    path = folder / "x.csv"
    path.write_text("\n".join(map(",".join, [NAMES, *rows])) + "\n")
    return path


def as_parquet(folder: Path, rows: list[Row], unused: list[str], index: pa.DataType) -> Path:
    """The times in a dictionary, with words of no row at its start and its end."""
    table = pa.Table.from_pandas(pd.DataFrame(rows, columns=NAMES), preserve_index=False)
    words = [*unused, *sorted({row.time for row in rows}), *unused]
    places = pa.array([words.index(row.time) for row in rows], index)
    path = folder / "x.parquet"
    times = pa.DictionaryArray.from_arrays(places, pa.array(words))
    pq.write_table(table.set_column(2, "time", times), path, row_group_size=7)
    return path


def as_categorical(rows: list[Row], unused: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=NAMES)
    categories = list(dict.fromkeys([*unused, *frame["time"]]))
    return frame.assign(time=pd.Categorical(frame["time"], categories=categories))


def by_the_strict_reader(path: Path) -> pd.DataFrame:
    def refuse(*_: object, **__: object) -> None:
        raise vouched.NotVouchedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_file, "vouched_chunks", refuse)
        return read_delimited(path, NAMES)


def encoded(table: pd.DataFrame | Scan, role: str, how: str = "") -> Encoded:
    own, label = ROLES[role]
    told = {"drop": "keep == 0"} if how == "drop" else {"min_rows_per_user": 2} if how else {}
    return encode(Tables(table, COLUMNS | own, label=label, **told))


def assert_same(found: Encoded, expected: Encoded) -> None:
    for name, values in expected.arrays.items():
        assert found.arrays[name].dtype == values.dtype, name
        np.testing.assert_array_equal(found.arrays[name], values, err_msg=name)
    assert (found.user_ids, found.item_ids) == (expected.user_ids, expected.item_ids)


@settings(max_examples=60)
@given(
    TIMES,
    st.lists(ODD, min_size=1, max_size=3),
    st.sampled_from(["drop", "few rows"]),
    st.sampled_from([*ROLES]),
)
@example([], ["0.5"], "drop", "label")
@example([], ["0.5"], "drop", "order")
@example([], ["0." + "3" * 20], "few rows", "order")
def test_rows_left_out_change_nothing(tmp_path_factory, times, odd, how, role):
    folder = tmp_path_factory.mktemp("tables")
    rows = kept_rows(times)
    alone = encoded(pd.DataFrame(rows, columns=NAMES), role)
    rows = [*left_out(odd, how), *rows]
    csv, parquet = as_csv(folder, rows), as_parquet(folder, rows, [], pa.uint8())
    tables = [
        read_delimited(csv, NAMES), by_the_strict_reader(csv), scan_delimited(csv, NAMES),
        read_parquet(parquet, NAMES), scan_parquet(parquet, NAMES),
        pd.DataFrame(rows, columns=NAMES), as_categorical(rows, []),
    ]  # fmt: skip
    for table in tables:
        assert_same(encoded(table, role, how), alone)


@settings(max_examples=60)
@given(TIMES, st.lists(ODD, min_size=1, max_size=3, unique=True), st.sampled_from([*ROLES]))
@example([], ["0.5"], "label")
def test_words_of_a_dictionary_that_no_row_has_change_nothing(tmp_path_factory, times, odd, role):
    folder = tmp_path_factory.mktemp("tables")
    rows = kept_rows(times)
    alone = encoded(pd.DataFrame(rows, columns=NAMES), role)
    path = as_parquet(folder, rows, odd, pa.uint32())
    tables = [read_parquet(path, NAMES), scan_parquet(path, NAMES), as_categorical(rows, odd)]
    for table in tables:
        assert_same(encoded(table, role), alone)


def test_bytes_of_an_unused_word_need_be_no_text():
    words = pa.DictionaryArray.from_arrays(pa.array([1, 1], pa.int8()), pa.array([b"\xff", b"a"]))
    frame = pd.DataFrame({"id": pd.arrays.ArrowExtensionArray(pa.chunked_array([words]))})
    assert RawTable(frame, "x").column("id").to_pylist() == ["a", "a"]


def test_how_long_an_unused_word_is_costs_no_look_at_every_row(monkeypatch):
    monkeypatch.setattr("bench.data.tables.times._refuse_lost_digits", None)
    cells = pa.DictionaryArray.from_arrays(
        pa.array([1, 2]), pa.array(["1." + "0" * 30, "0.5", "2"])
    )
    table = RawTable(scanned(Parts(pa.record_batch([cells], ["time"])), InMemory()), "x")
    assert read_order(table, "time").values.tolist() == [0.5, 2.0]


def test_cells_of_rows_left_out_may_be_of_another_type():
    frame = pd.DataFrame({"user": [*"aabb"], "item": [0, 1, 0, "?"], "y": [0, 1, 0, 1]})
    found = encode(Tables(frame, COLUMNS, label="y", drop="user is 'b'"))
    assert found.item_ids.to_pylist() == ["0", "1"]


@pytest.mark.parametrize("kind", ["categorical", "numeric", "multi_valued"])
@pytest.mark.parametrize("odd", [0.5, float("inf"), 2.0**60])
def test_rows_of_items_that_nobody_has_change_nothing(kind, odd):
    """1e15 beside a fraction is text of another order."""
    rows = pd.DataFrame({"user": [*"aabb"], "item": [*"xyxy"], "y": [0, 1, 1, 0]})
    columns = COLUMNS | {"z": Column("feature", Field("z", kind, "item"), "|")}
    values = {"x": 1e15, "unseen": odd, "y": 15.0}

    def of(items: list[str]) -> Encoded:
        table = pd.DataFrame({"item": items, "z": [values[item] for item in items]})
        return encode(Tables(rows, columns, items=table, label="y"))

    assert_same(of(["x", "unseen", "y"]), of(["x", "y"]))
    assert of(["x", "unseen", "y"]).meta["counts"]["items_without_rows"] == 1


def test_a_cell_of_an_item_is_told_with_its_row_whatever_nobody_has_before_it():
    rows = pd.DataFrame({"user": [*"aabb"], "item": [*"xyxy"], "y": [0, 1, 1, 0]})
    columns = COLUMNS | {"z": Column("feature", Field("z", "numeric", "item"))}
    items = pd.DataFrame({"item": ["unseen", "x", "y"], "z": ["?", "1", "dear"]})
    with pytest.raises(DataError, match=r"^items: row 3: column 'z': 'dear' is not a number; "):
        encode(Tables(rows, columns, items=items, label="y"))
