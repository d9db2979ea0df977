"""Files that read without an error elsewhere and are wrong: refused with place and fix, or read right and counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.data import Interactions, prepare
from bench.errors import DataError
from bench_data.table import Table

pytestmark = pytest.mark.usefixtures("no_data_folder", "either_reader")
Read = Callable[..., Interactions]
HEAD = "user,item,rating,time\n"
BODY = "".join(f"u{n % 4},i{n % 5},{1 + n % 5},{n}\n" for n in range(20))
BASE = {
    "user": "user",
    "item": "item",
    "fields": ["user", "item"],
    "label": "rating >= 4",
    "order": "time",
}
FRAME = pd.read_csv(pd.io.common.StringIO(HEAD + BODY))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Prepares a table of text, bytes, or a frame or Arrow table that is written as Parquet."""

    def read(content: Any, said: list[str] | None = None, **params: Any) -> Interactions:
        name = "t.parquet" if isinstance(content, pd.DataFrame | pa.Table) else "t.csv"
        if isinstance(content, pd.DataFrame):
            content = pa.Table.from_pandas(content, preserve_index=False)
        if isinstance(content, pa.Table):
            pq.write_table(content, tmp_path / name)
        else:
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        dataset = Table(
            Table.Params.model_validate_json(json.dumps({"path": name, **BASE, **params}))
        )
        report = [].append if said is None else said.append
        return prepare(
            dataset, data_dir=None, base=tmp_path, cache=tmp_path / "cache", report=report
        )

    return read


def with_price(*cells: str) -> str:
    rows = [f"{line},{cells[number % len(cells)]}" for number, line in enumerate(BODY.splitlines())]
    return "\n".join([HEAD.strip() + ",price", *rows]) + "\n"


PRICE = {"numeric": ["price"]}
TEXT = {
    "a delimiter ends each row": (
        HEAD + BODY.replace("\n", ",\n"),
        {},
        r"t\.csv:2: 5 fields \(the last is empty",
    ),
    "rows swallowed by a quote": (
        HEAD + BODY.replace("i3", '"i3', 1) + 'u1,i9",5,3\n',
        {},
        r"t\.csv:5: a quote opens",
    ),
    "a quoted field of two lines": (
        HEAD + BODY + 'u1,"i\n9",5,3\n',
        {},
        r"t\.csv:22: a quote opens",
    ),
    "a separator in a cell": (HEAD + BODY + "u1,i,9,5,3\n", {}, r"t\.csv:22: 5 fields where 4"),
    "a decimal comma, quoted": (
        with_price('"3,5"'),
        PRICE,
        r"t\.csv:2: column 'price': '3,5' is not a number \(20 such",
    ),
    "thousands": (
        with_price("1", '"1,299.00"'),
        PRICE,
        r"t\.csv:3: column 'price': '1,299\.00' is not a number \(10 such",
    ),
    "a space for thousands": (with_price("1 299"), PRICE, r"'1 299' is not a number"),
    "a currency": (
        with_price("1", "2", "€3"),
        PRICE,
        r"t\.csv:4: .*'€3' is not a number \(6 such rows\); leave the cell",
    ),
    "a percentage": (with_price("5%"), PRICE, r"'5%' is not a number"),
    "a dash": (with_price("1", "-"), PRICE, r"t\.csv:3: .*'-' is not a number"),
    "NA in a number": (with_price("1", "NA"), PRICE, r"t\.csv:3: .*'NA' is not a number"),
    "infinity": (with_price("1", "Infinity"), PRICE, r"t\.csv:3: .*'Infinity' is not a number"),
    "too large a number": (
        with_price("1", "1e39"),
        PRICE,
        r"t\.csv:3: .*1e\+39 is too large for a numeric field",
    ),
    "an infinite rating": (
        HEAD + BODY + "u1,i1,1e999,1\n",
        {},
        r"t\.csv:22: column 'rating': the value is infinite",
    ),
    "a rating of text": (
        HEAD + BODY + "u1,i1,good,1\n",
        {},
        r"t\.csv:22: column 'rating': 'good' is not a number",
    ),
    "no rating": (
        HEAD + BODY + "u1,i1,,1\n",
        {},
        r"t\.csv:22: column 'rating': the value is missing",
    ),
    "boolean words": (
        HEAD + BODY.replace(",5,", ",yes,").replace(",1,", ",no,"),
        {"label": "rating"},
        r"'no' is not a number .*; a label is 0 or 1",
    ),
    "labels of -1 and 1": (
        "user,item,y,time\nu,a,1,1\nu,b,-1,2\n",
        {"label": "y"},
        r'-1 is not a label of 0 or 1 .*label: "y > 0"',
    ),
    "labels of 1 and 2": (
        "user,item,y,time\nu,a,1,1\nu,b,2,2\n",
        {"label": "y"},
        r'2 is not a label of 0 or 1 .*label: "y >= 2"',
    ),
    "one class": (
        "user,item,y,time\nu,a,0,1\nu,b,0,2\n",
        {"label": "y"},
        r"t\.csv: label 'y': one class alone: .*no positive",
    ),
    "one class by the rule": (
        HEAD + BODY,
        {"label": "rating >= 40"},
        r"one class alone: all 20 labels are 0",
    ),
    "nothing": ("", {}, r"t\.csv: is empty"),
    "a header alone": (HEAD, {}, r"t\.csv: no rows"),
    "everything dropped": (
        HEAD + BODY,
        {"drop": "rating >= 0"},
        r"t\.csv: drop leaves none of 20 rows",
    ),
    "an id with a space": (
        HEAD + BODY + "u1 ,i1,5,1\n",
        {},
        r"t\.csv:22: column 'user': 'u1 ' has a space",
    ),
    "an item with a mark": (
        HEAD + BODY + "u1,\ufeffi1,5,1\n",
        {},
        r"t\.csv:22: column 'item': '\\ufeffi1' has",
    ),
    "NUL": (HEAD + BODY + "u1,i\0,5,1\n", {}, r"t\.csv:22: a NUL character"),
    "an id of a spreadsheet": (
        HEAD + BODY + "1.23457E+12,i1,5,1\n",
        {},
        r"t\.csv:22: .*shortened by a spreadsheet",
    ),
    "an id in two ways": (
        HEAD + BODY + "1,i1,5,1\n1.0,i1,5,1\n",
        {},
        r"t\.csv:23: .*'1\.0' is there without the point too",
    ),
    "two columns of one name": (
        HEAD.replace("time", "time,rating") + BODY.replace("\n", ",1\n"),
        {},
        r"two columns are named 'rating', at positions 3 and 5",
    ),
    "two columns by case": (
        HEAD.replace("time", "time,Rating") + BODY.replace("\n", ",1\n"),
        {},
        r"'rating' and 'Rating', at positions 3 and 5",
    ),
    "dates day first": (
        HEAD + BODY.replace("\n", "/01/2021\n"),
        {},
        r"t\.csv:2: column 'time': '0/01/2021' is neither",
    ),
    "another separator": (
        (HEAD + BODY).replace(",", ";"),
        {},
        r"no column 'time'; .*is `sep` right\?",
    ),
    "utf-16": (
        (HEAD + BODY).encode("utf-16"),
        {},
        r"byte-order mark of utf-16 .*set `encoding: utf-16`",
    ),
    "latin-1": (
        (HEAD + BODY).encode() + b"u1,\xe9,5,1\n",
        {},
        r"t\.csv:22: byte \d+ \(0xe9\) is not utf-8; set `encoding`",
    ),
}


@pytest.mark.fault(41, "41b")
@pytest.mark.parametrize(("content", "params", "error"), TEXT.values(), ids=TEXT)
def test_text_is_refused_in_one_line_with_place_and_fix(read, content, params, error):
    with pytest.raises(DataError, match=error) as caught:
        read(content, **params)
    assert len(str(caught.value).splitlines()) == 1


RIGHT: dict[str, tuple[Any, dict[str, Any], dict[str, int]]] = {
    "leading zeros": (HEAD + BODY + "007,i1,5,1\n7,i1,5,1\n", {}, {"users": 6, "rows": 22}),
    "words that mean missing elsewhere": (
        HEAD
        + BODY
        + "".join(f"{w},i1,5,1\n" for w in ("NA", "None", "null", "nan", "N/A", "NULL", "#N/A")),
        {},
        {"users": 11},
    ),
    "a word among digits after many rows": (
        HEAD
        + "".join(f"{n % 400},i{n % 5},{1 + n % 5},{n}\n" for n in range(20_000))
        + "guest,i1,5,1\n",
        {},
        {"users": 401, "rows": 20_001},
    ),
    "negative and huge ids": (
        HEAD
        + BODY
        + f"-1,i1,5,1\n{2**63},i1,5,1\n{2**63 + 1},i1,5,1\n{2**53 + 1},i1,5,1\n{2**53},i1,5,1\n",
        {},
        {"users": 9},
    ),
    "CR LF": ((HEAD + BODY).replace("\n", "\r\n"), {}, {"rows": 20}),
    "CR alone": ((HEAD + BODY).replace("\n", "\r"), {}, {"rows": 20}),
    "other line separators in a cell": (HEAD + BODY + "u1,i\u2028x,5,1\n", {}, {"rows": 21}),
    "utf-8 with a mark": ("\ufeff" + HEAD + BODY, {}, {"rows": 20, "users": 4}),
    "utf-16": ((HEAD + BODY).encode("utf-16"), {"encoding": "utf-16"}, {"rows": 20, "users": 4}),
    "booleans as labels": (
        "user,item,y,time\nu,a,True,1\nu,b,FALSE,2\n",
        {"label": "y"},
        {"positives": 1},
    ),
    "a header that ends in a delimiter too": (
        (HEAD + BODY).replace("\n", ",\n"),
        {},
        {"rows": 20, "users": 4, "items": 5},
    ),
    "copies": (HEAD + BODY + BODY, {}, {"exact_duplicates": 20, "rows": 40}),
    "contradictions": (
        HEAD + BODY + "u0,i0,5,0\nu1,i1,5,1\n",
        {},
        {"contradictory": 2, "exact_duplicates": 0},
    ),
}


@pytest.mark.fault(41, "41b")
@pytest.mark.parametrize(("content", "params", "counts"), RIGHT.values(), ids=RIGHT)
def test_text_is_read_right(read, content, params, counts):
    found = read(content, **params).meta["counts"]
    assert {key: found[key] for key in counts} == counts


@pytest.mark.fault("41b")
def test_only_the_empty_cell_is_missing(read):
    countries = ["NA", "None", "null", "nan", "N/A", "NaN", "-", "", "", "US"]
    lines = [f"{line},{countries[n % 10]}" for n, line in enumerate(BODY.splitlines())]
    found = read("\n".join([HEAD.strip() + ",country", *lines]), fields=["user", "item", "country"])
    assert found.meta["categories"]["country"] == 8
    assert found.meta["missing"]["country"] == 4


def test_categories_that_differ_by_a_space_are_kept_and_warned_of(read):
    said: list[str] = []
    found = read(with_price("US", "US ", "DE"), said, fields=["user", "price"])
    assert found.meta["categories"]["price"] == 3
    warning = "field 'price': 'US ' and 'US' differ only by spaces around them; kept as two values"
    assert found.meta["warnings"] == [warning]
    assert f"table: warning: {warning}" in said


def arrow(**columns: Any) -> pa.Table:
    """The frame as Arrow, some columns replaced."""
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


USERS = [n % 4 for n in range(20)]
TYPES = {
    "int8": pa.array(USERS, pa.int8()),
    "uint64": pa.array(USERS, pa.uint64()),
    "float64": pa.array([float(user) for user in USERS]),
    "float32": pa.array(USERS, pa.float32()),
    "float16": pa.array(np.array(USERS, dtype=np.float16)),
    "decimal": pa.array([Decimal(user) for user in USERS], pa.decimal128(38, 0)),
    "decimal with zeros": pa.array([Decimal(user) for user in USERS], pa.decimal128(12, 2)),
    "dictionary of text": pa.array([str(user) for user in USERS]).dictionary_encode(),
    "dictionary of integers": pa.array(USERS).dictionary_encode(),
    "large text": pa.array([str(user) for user in USERS], pa.large_string()),
    "bytes": pa.array([str(user).encode() for user in USERS], pa.binary()),
}


@pytest.mark.fault("41b")
@pytest.mark.parametrize("values", TYPES.values(), ids=TYPES)
def test_ids_of_every_type_are_the_same_ids(read, values):
    assert (
        read(arrow(user=values)).digest == read(FRAME.assign(user=USERS).to_csv(index=False)).digest
    )


@pytest.mark.fault(41, "41b")
@pytest.mark.parametrize(
    ("columns", "params", "error"),
    [
        (
            {"user": pa.array([2.0**53 + 2 * n for n in range(20)])},
            {},
            r"t\.parquet: row 1: column 'user': .*exact only below 2\^53",
        ),
        (
            {"user": pa.array([n + 0.5 for n in range(20)])},
            {},
            r"row 1: column 'user': 0\.5 is a fraction, not a whole id \(20 such",
        ),
        (
            {"user": pa.array([None, *USERS[1:]])},
            {},
            r"t\.parquet: row 1: column 'user': the id is missing",
        ),
        (
            {"user": pa.array([[user] for user in USERS])},
            {},
            r"column 'user' of type list<.*can't be read as categories",
        ),
        (
            {"user": pa.array([{"id": user} for user in USERS])},
            {},
            r"column 'user' of type struct<.*can't be read",
        ),
        (
            {"rating": pa.array([None, *USERS[1:]])},
            {},
            r"row 1: column 'rating': the value is missing",
        ),
        (
            {"rating": pa.array([np.nan, *map(float, USERS[1:])])},
            {},
            r"row 1: column 'rating': the value is missing",
        ),
        (
            {"rating": pa.array([np.inf, *map(float, USERS[1:])])},
            {},
            r"row 1: column 'rating': the value is infinite",
        ),
        ({"rating": pa.array([[1]] * 20)}, {}, r"column 'rating' is of type list<.*not a number"),
        ({"time": pa.array([None, *USERS[1:]])}, {}, r"row 1: column 'time': the value is missing"),
        (
            {"time": pa.array([1], pa.time32("s")).take(pa.array([0] * 20))},
            {},
            r"column 'time' is of type time32.*not a number",
        ),
    ],
)
def test_parquet_is_refused_with_its_row(read, columns, params, error):
    with pytest.raises(DataError, match=error):
        read(arrow(**columns), **params)


@pytest.mark.fault(41)
def test_an_infinite_number_of_parquet_is_refused(read):
    table = arrow().append_column("price", pa.array([1.0, np.inf] * 10))
    with pytest.raises(
        DataError,
        match=r"^t\.parquet: row 2: column 'price': inf is infinite; leave the cell empty",
    ):
        read(table, numeric=["price"])


@pytest.mark.fault("41b")
def test_a_float32_rating_meets_a_decimal_threshold(read):
    ratings = pa.array(np.array([0.7, 0.69] * 10, dtype=np.float32))
    assert read(arrow(rating=ratings), label="rating >= 0.7").labels().sum() == 10
    decimals = pa.array([Decimal("0.7"), Decimal("0.69")] * 10, pa.decimal128(5, 2))
    assert read(arrow(rating=decimals), label="rating >= 0.7").labels().sum() == 10


@pytest.mark.fault("41b")
def test_two_parquet_columns_of_one_name_are_refused(read):
    arrays = [*arrow().columns, arrow()["rating"]]
    with pytest.raises(
        DataError,
        match=r"^t\.parquet: two columns are named 'rating', at positions 3 and 5; rename one$",
    ):
        read(pa.Table.from_arrays(arrays, names=[*FRAME.columns, "rating"]))


@pytest.mark.fault("41b")
def test_times_in_every_form_give_one_digest(read):
    seconds = 1_500_000_000 + 3600 * np.arange(20)
    stamps = pd.to_datetime(seconds, unit="s")
    frame = FRAME.assign(time=seconds)
    digest = read(frame.to_csv(index=False)).digest
    forms = [
        frame.assign(time=stamps.strftime(form))
        for form in ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.000+00:00")
    ]
    assert {read(form.to_csv(index=False)).digest for form in forms} == {digest}
    for unit in ("s", "ms", "us", "ns"):
        for zone in (None, "UTC", "America/New_York"):
            typed = pa.array(seconds).cast(pa.timestamp("s", zone)).cast(pa.timestamp(unit, zone))
            assert read(arrow(time=typed)).digest == digest


@pytest.mark.parametrize(("rows", "left"), [(11, 0), (10, 1)])
def test_what_a_filter_leaves_is_said(read, rows, left):
    text = HEAD + "".join(
        f"u{u},i{n},{1 + n % 5},{n}\n"
        for u in range(25)
        for n in range(10 if u == 7 else 5 + u % 4)
    )
    if left:
        counts = read(text, min_rows_per_user=rows).meta["counts"]
        assert (counts["users"], counts["users_before_filter"], counts["rows"]) == (1, 25, 10)
        return
    error = (
        r"^t\.csv: min_rows_per_user: 11 leaves 0 of 25 users \(0 of \d+ rows\); the largest that leaves one is 10 "
        r"\(the protocol may need more users\)$"
    )
    with pytest.raises(DataError, match=error):
        read(text, min_rows_per_user=rows)
