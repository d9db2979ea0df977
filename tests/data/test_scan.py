"""A table that is read a part at a time: the dataset and the errors are those of one piece; what may go wrong meanwhile."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data import as_frame, number_rows, prepare, scan_delimited
from bench.data.encoding import ordering
from bench.data.encoding.encode import Encoded, encode
from bench.data.prepared import store
from bench.data.tables import room, scanned
from bench.data.tables.room import OnDisk
from bench.errors import DataError, PluginError, StorageError
from bench.interfaces import Column, Dataset, Field, PluginParams, Scan, Source, Tables
from tests.data.oracle import Raw
from tests.data.test_encode import COLUMNS, ROWS
from tests.data.toy import CSV

pytestmark = pytest.mark.usefixtures("no_data_folder")
TOY = {
    "user_id": Column("user", Field("user_id", "categorical", "user")),
    "item_id": Column("item", Field("item_id", "categorical", "item")),
    "time": Column("order"),
}


class Parts(Scan):
    """Some batches, one after another."""

    file = "parts"

    def __init__(self, *batches: pa.RecordBatch) -> None:
        self.columns = self.header = batches[0].schema.names
        self._batches = batches

    def batches(self) -> Iterator[pa.RecordBatch]:
        return iter(self._batches)


def in_parts(rows: list[Raw], size: int) -> Scan:
    whole = pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False)
    return Parts(*whole.to_batches(max_chunksize=size))


def assert_same(one: Encoded, other: Encoded) -> None:
    assert one.arrays.keys() == other.arrays.keys()
    for name, values in one.arrays.items():
        assert values.dtype == other.arrays[name].dtype
        np.testing.assert_array_equal(values, other.arrays[name], err_msg=name)
    assert one.meta == other.meta
    assert one.user_ids == other.user_ids
    assert one.item_ids == other.item_ids
    assert store.content_digest(one.arrays, one.meta) == store.content_digest(
        other.arrays, other.meta
    )


@settings(max_examples=100)
@given(
    ROWS,
    st.integers(1, 9),
    st.sampled_from(["", "time == 0", "category is missing", "item is 'NA' or time < 2"]),
    st.integers(1, 2),
    st.booleans(),
)
def test_parts_on_disk_are_the_table_in_memory(tmp_path_factory, rows, size, drop, least, ordered):
    columns = COLUMNS if ordered else {k: v for k, v in COLUMNS.items() if k != "time"}
    told = {"label": "rating >= 4", "drop": drop, "min_rows_per_user": least}
    try:
        whole = encode(Tables(pd.DataFrame(rows), columns, **told))
    except DataError as error:
        reason = str(error).removeprefix("interactions: ").removeprefix("interactions")
        with pytest.raises(DataError) as refused:
            encode(Tables(in_parts(rows, size), columns, **told))
        assert str(refused.value).removeprefix("parts: ").removeprefix("parts") == reason
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "WINDOW", 4)
        patch.setattr(ordering, "_AT_ONCE", 5)
        folder = tmp_path_factory.mktemp("room")
        parts = encode(Tables(in_parts(rows, size), columns, **told), OnDisk(folder))
    assert_same(parts, whole)


@pytest.mark.parametrize(
    ("content", "changed"),
    [
        (CSV.replace(",1,", ",7,"), {}),
        (CSV.replace("u3,i2", ",i2"), {}),
        (CSV.replace("u3,i2", "u3 ,i2"), {}),
        (CSV.replace(",13\n", ",\n"), {}),
        (CSV.replace(",13\n", ",soon\n"), {}),
        (CSV.replace(",13\n", ",2021-02-30\n"), {}),
        (CSV, {"drop": "time >= 0"}),
        (CSV, {"min_rows_per_user": 99}),
        (CSV.replace(",13\n", ",soon\n"), {"drop": "time > 3"}),
        (CSV, {"label": "time >= 1000"}),
    ],
)
def test_an_error_is_told_with_its_line_as_of_a_frame(tmp_path, content, changed):
    (tmp_path / "clicks.csv").write_text(content)
    scan = scan_delimited(tmp_path / "clicks.csv", ["user_id", "item_id", "click", "time"])
    told = {"label": "click", **changed}
    with pytest.raises(DataError) as of_frame:
        encode(Tables(as_frame(scan), TOY, **told))
    with pytest.raises(DataError) as of_scan:
        encode(Tables(scan, TOY, **told), OnDisk(tmp_path))
    assert str(of_scan.value) == str(of_frame.value)


def test_the_line_of_a_row_that_is_left_after_others_were_dropped(tmp_path):
    lines = ["user_id,item_id,click,time", "a,x,1,5", "b,x,0,1", "c,y,1,7", "d,y,0,", "e,z,1,2"]
    (tmp_path / "clicks.csv").write_text("\n".join(lines))
    scan = scan_delimited(tmp_path / "clicks.csv", ["user_id", "item_id", "click", "time"])
    drop = "user_id is 'b' or user_id is 'c'"
    with pytest.raises(DataError, match=r"^clicks\.csv:5: column 'time': the value is missing"):
        encode(Tables(scan, TOY, label="click", drop=drop))


def test_rows_are_numbered_over_all_parts():
    batch = pa.record_batch([pa.array(["a", "b"])], ["u"])
    numbered = number_rows(Parts(batch, batch.slice(0, 1)), "place")
    assert numbered.columns == ["u", "place"]
    assert [part["place"].to_pylist() for part in numbered.batches()] == [[1, 2], [3]]


def test_words_that_repeat_are_kept_once_a_part():
    cells = pa.array(["a", "b"] * 50, pa.large_string())
    own = pa.array([str(number) for number in range(100)], pa.large_string())
    found = scanned.scanned(Parts(pa.record_batch([cells, own], ["few", "many"])), room.InMemory())
    assert [pa.types.is_dictionary(each.type) for each in found.columns["few"]] == [True]
    assert [pa.types.is_dictionary(each.type) for each in found.columns["many"]] == [False]


class Given(Dataset):
    """Hands over what a test says."""

    name = "given"
    Params = PluginParams
    read_as: Callable[[Path], Scan]

    def sources(self) -> Sequence[Source]:
        return (Source("", "", "", ("clicks.csv",)),)

    def read(self, source, files):
        return Tables(type(self).read_as(files["clicks.csv"]), TOY, label="click")


def prepared(folder: Path, read_as: Callable[[Path], Scan]):
    (folder / "clicks.csv").write_text(CSV)
    dataset = type("Own", (Given,), {"read_as": staticmethod(read_as)})
    return prepare(dataset(PluginParams()), data_dir=folder, cache=folder / "cache")


def scan_of(path: Path) -> Scan:
    return scan_delimited(path, ["user_id", "item_id", "click", "time"])


BATCH = pa.record_batch([pa.array(["a", "b"])] * 4, ["user_id", "item_id", "click", "time"])


class Odd(Parts):
    """What a plugin may do in `batches`."""

    def __init__(self, act: Callable[[], Iterator[object]]) -> None:
        super().__init__(BATCH)
        self._act = act

    def batches(self):
        return self._act()


def raising() -> Iterator[pa.RecordBatch]:
    yield BATCH
    raise KeyError("gone")


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (raising, r"^dataset 'given': batches raised KeyError: 'gone'$"),
        (lambda: 7, r"^dataset 'given': batches raised TypeError"),
        (
            lambda: iter([TOY]),
            r"^dataset 'given': batches gave dict; give record batches of \['user",
        ),
        (
            lambda: iter([BATCH.select(["click"])]),
            r"^dataset 'given': batches gave columns \['click'\]; give record batches of \['user",
        ),
    ],
)
def test_a_scan_that_breaks_its_contract_is_named(tmp_path, act, error):
    with pytest.raises(PluginError, match=error):
        prepared(tmp_path, lambda _: Odd(act))


def test_a_scan_without_its_columns_is_named(tmp_path):
    class Bare(Odd):
        def __init__(self) -> None:
            pass

    error = (
        r"^dataset 'given': read gave a Scan without header, columns; set file, header, columns$"
    )
    with pytest.raises(PluginError, match=error):
        prepared(tmp_path, lambda _: Bare())


def test_a_scan_with_two_columns_of_one_name_is_refused(tmp_path):
    twice = Parts(pa.record_batch([pa.array(["a"])] * 2, ["u", "u"]))
    with pytest.raises(DataError, match=r"^parts: column 'u' is there twice, at positions 1 and 2"):
        encode(Tables(twice, TOY, label="click"), OnDisk(tmp_path))


def test_a_column_that_changes_its_type_is_refused(tmp_path):
    other = pa.record_batch(
        [BATCH["user_id"], pa.array([1, 2]), BATCH["click"], BATCH["time"]], BATCH.schema.names
    )
    with pytest.raises(DataError, match=r"^parts: column 'item_id' mixes types; store it as text"):
        prepared(tmp_path, lambda _: Odd(lambda: iter([BATCH, other])))


@pytest.mark.parametrize("later", [CSV.replace("u3", "u9"), CSV[:300], CSV + "u1\n", "no table"])
def test_a_file_that_changes_while_it_is_read_is_told_whatever_it_holds_then(tmp_path, later):
    class Changing(Parts):
        def batches(self):
            yield from scan_of(tmp_path / "clicks.csv").batches()
            (tmp_path / "clicks.csv").write_text(later)
            yield from scan_of(tmp_path / "clicks.csv").batches()

    with pytest.raises(DataError, match=r"^clicks\.csv: was changed while it was read; run again$"):
        prepared(tmp_path, lambda _: Changing(BATCH))
    assert left_in(tmp_path / "cache") == []


@pytest.mark.fault(22)
@pytest.mark.parametrize("most", [100, 350, 900])
def test_a_disk_that_is_full_in_the_middle_is_the_caches_trouble(tmp_path, most):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "clicks.csv").write_text(CSV)
    dataset = type("Own", (Given,), {"read_as": staticmethod(scan_of)})
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        with pytest.raises(StorageError, match=r"cache: can't be written: File too large"):
            prepare(dataset(PluginParams()), data_dir=tmp_path, cache=tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert left_in(tmp_path / "cache") == []
    assert len(prepared(tmp_path, scan_of)) == 40


def left_in(cache: Path) -> list[str]:
    """Files beside those that lock."""
    return [
        name
        for folder, _, names in os.walk(cache)
        for name in names
        if Path(folder).name != "locks"
    ]
