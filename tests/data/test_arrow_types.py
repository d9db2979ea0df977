"""Columns of every type that Arrow has, in every role: read, or refused by name, in whatever form the table comes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bench.data.encoding.encode import encode
from bench.data.tables.plain_types import as_plain
from bench.data.tables.raw import RawTable
from bench.data.tables.room import InMemory, OnDisk
from bench.data.tables.scanned import scanned
from bench.data.tables.text import as_ids
from bench.errors import DataError
from bench.interfaces import Column, Field, Scan, Tables
from tests.data.test_scan import Parts

INDICES = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]  # fmt: skip
DECIMALS = [pa.decimal32, pa.decimal64, pa.decimal128, pa.decimal256]
COLUMNS = {
    "user": Column("user", Field("user", "categorical", "user")),
    "item": Column("item", Field("item", "categorical", "item")),
}
CELLS = [1, 1, 2, 2, 1, 2, 1, 1]


def in_dictionary(words: pa.Array, index: pa.DataType) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([cell - 1 for cell in CELLS], index), words)


def in_runs(values: pa.Array) -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(pa.array([2, 4, 5, 6, 8], pa.int32()), values)


def decimals(values: list[int], kind: Callable[[int, int], pa.DataType], scale: int) -> pa.Array:
    return pa.array([Decimal(value) for value in values], kind(9, scale))


WORDS = pa.array(["1", "2"])
RUNS = [1, 2, 1, 2, 1]
# the same numbers
WHOLE = [
    *(in_dictionary(WORDS, index) for index in INDICES),
    *(decimals(CELLS, kind, scale) for kind in DECIMALS for scale in (0, 2)),
    *(in_dictionary(decimals([1, 2], kind, 0), pa.int8()) for kind in DECIMALS),
    pa.array(map(str, CELLS), pa.string_view()),
    pa.array([str(cell).encode() for cell in CELLS], pa.binary_view()),
    in_dictionary(pa.array(["1", "2"], pa.string_view()), pa.uint8()),
    in_dictionary(pa.array([b"1", b"2", b"\xff"], pa.binary_view()), pa.int8()),
    in_dictionary(pa.array([1, 2]), pa.uint64()),
    in_dictionary(WORDS.dictionary_encode(), pa.int8()),
    in_runs(pa.array(RUNS)),
    in_runs(pa.array(map(str, RUNS), pa.string_view())),
    in_runs(pa.array(map(str, RUNS)).dictionary_encode()),
    in_runs(decimals(RUNS, pa.decimal32, 0)),
    pa.array(map(str, CELLS), pa.json_()),
    pa.ExtensionArray.from_storage(pa.opaque(pa.int32(), "a", "b"), pa.array(CELLS, pa.int32())),
]  # fmt: skip
OTHER = [
    *(in_dictionary(pa.array(["0", None, "1"]), index) for index in (pa.int8(), pa.uint64())),
    *(pa.array([Decimal("1.5"), None] * 4, kind(5, 2)) for kind in DECIMALS),
    *(pa.array([Decimal(100), Decimal(200)] * 4, kind(5, -2)) for kind in DECIMALS[::2]),
    pa.array(np.array([0.5, np.nan] * 4, np.float16)),
    pa.array(["é" * 20, None] * 4, pa.string_view()),
    pa.array([b"\xff", None] * 4, pa.binary_view()),
    pa.array([b"ab", None] * 4, pa.binary(2)),
    pa.array([bytes(range(at, at + 16)) for at in range(8)], pa.uuid()),
    pa.array([[1], None] * 4, pa.list_view(pa.int8())),
    pa.array([["a"], None] * 4, pa.list_(pa.string_view())),
    pa.array([[1], None] * 4, pa.list_(pa.int8(), 1)),
    pa.array([{"a": 1}, None] * 4),
    pa.array([[("a", 1)], None] * 4, pa.map_(pa.string(), pa.int8())),
    pa.array([pa.MonthDayNano([1, 2, 3]), None] * 4),
    pa.UnionArray.from_sparse(pa.array([0] * 8, pa.int8()), [pa.array(range(8))]),
    pa.UnionArray.from_dense(
        pa.array([0] * 8, pa.int8()), pa.array(range(8), pa.int32()), [pa.array(range(8))]
    ),
    in_runs(pa.array([[1], [2], None, [1], [2]])),
    in_dictionary(pa.nulls(2), pa.uint8()),
    in_dictionary(pa.array([[1], [2]]), pa.uint8()),
    pa.array([1, None] * 4, pa.duration("s")),
    pa.array([1, None] * 4, pa.time64("ns")),
    pa.array([1, None] * 4, pa.date64()),
    pa.array([2**62, None] * 4, pa.timestamp("s", "Nowhere/There")),
    pa.nulls(8),
]
FIELDS = {
    "categorical": Column("feature", Field("z", "categorical", "context")),
    "buckets": Column("feature", Field("z", "categorical", "context"), "", 5),
    "multi_valued": Column("feature", Field("z", "multi_valued", "context"), "|"),
    "numeric": Column("feature", Field("z", "numeric", "context")),
    "order": Column("order"),
}
ROLES: dict[str, tuple[dict[str, Column], dict[str, str]]] = {
    "user": ({"z": COLUMNS["user"], "item": COLUMNS["item"]}, {}),
    "item": ({"z": COLUMNS["item"], "user": COLUMNS["user"]}, {}),
    **{name: ({**COLUMNS, "z": column}, {}) for name, column in FIELDS.items()},
    "label": (COLUMNS, {"label": "z"}),
    "compared label": (COLUMNS, {"label": "z > 1"}),
    "drop by number": (COLUMNS, {"drop": "z > 2"}),
    "drop by text": (COLUMNS, {"drop": "z is '2'"}),
    "drop by time": (COLUMNS, {"drop": "z < 2021-01-30"}),
    "drop missing": (COLUMNS, {"drop": "z is missing"}),
    "drop before": ({**COLUMNS, "z": FIELDS["categorical"]}, {"drop": "user is 'b' or z is missing"}),
    "drop, unused": (COLUMNS, {"drop": "user is 'b'"}),
    "split": (COLUMNS, {"split_users": "z", "split_part": "z"}),
    "true logit": (COLUMNS, {"true_logit": "z"}),
}  # fmt: skip


def batch(cells: pa.Array) -> pa.RecordBatch:
    own = {"user": [*"aabbccdd"], "item": [*"xyxyxyzz"], "y": [0, 1] * 4}
    return pa.record_batch([*map(pa.array, own.values()), cells], [*own, "z"])


def as_frame(cells: pa.Array) -> pd.DataFrame:
    columns = zip(batch(cells).schema.names, batch(cells).columns, strict=True)
    return pd.DataFrame(
        {k: pd.arrays.ArrowExtensionArray(pa.chunked_array([v])) for k, v in columns}
    )


def as_scan(cells: pa.Array) -> Scan:
    return Parts(batch(cells).slice(0, 3), batch(cells).slice(3))


def read(table: pd.DataFrame | Scan, role: str, room: OnDisk) -> str:
    """What is made of a table, or how it is refused, without the file's name."""
    columns, told = ROLES[role]
    try:
        found = encode(Tables(table, columns, **{"label": "y", **told}), room)
    except DataError as error:
        reason = (
            str(error)
            .replace("parts: ", "")
            .replace("interactions: ", "")
            .replace("interactions", "")
        )
        assert "column 'z'" in reason or "one class alone" in reason or "drop leaves none" in reason
        return reason
    ids = found.user_ids.to_pylist(), found.item_ids.to_pylist()
    return repr({name: values.tolist() for name, values in found.arrays.items()}) + repr(ids)


@pytest.mark.parametrize("role", ROLES)
def test_any_type_is_read_or_refused_by_name(tmp_path, role):
    for cells in [*WHOLE, *OTHER]:
        of_frame, of_scan = (
            read(form(cells), role, OnDisk(tmp_path)) for form in (as_frame, as_scan)
        )
        assert of_frame == of_scan, cells.type


@pytest.mark.parametrize("cells", WHOLE, ids=lambda cells: str(cells.type)[:60])
def test_whole_numbers_are_the_same_ids_in_every_type(cells):
    for table in (as_frame(cells), scanned(as_scan(cells), InMemory())):
        ids = as_ids(RawTable(table, "x"), "z")
        assert ids.words.take(pa.array(ids.codes)).to_pylist() == [*map(str, CELLS)]


@pytest.mark.parametrize("index", INDICES, ids=str)
@pytest.mark.parametrize("field", ["categorical", "buckets", "numeric", "multi_valued"])
def test_a_dictionary_as_full_as_its_indices_allow(tmp_path, index, field):
    """128 words for int8, so that no index is left for null."""
    places = [127, 0, 3, None, 127, 1, 2, None]
    texts = [None if place is None else str(place) for place in places]
    words = pa.array([str(number) for number in range(128)])
    cells = pa.DictionaryArray.from_arrays(pa.array(places, index), words)
    room = OnDisk(tmp_path)
    assert read(as_frame(cells), field, room) == read(as_frame(pa.array(texts)), field, room)
    assert read(as_scan(cells), field, room) == read(as_frame(pa.array(texts)), field, room)


def test_runs_of_a_part_are_those_of_the_part():
    runs = in_runs(pa.array(["a", None, "b", "a", None]))
    for start, stop in itertools.combinations_with_replacement(range(len(runs) + 1), 2):
        assert as_plain(runs[start:stop]).to_pylist() == runs[start:stop].to_pylist()
