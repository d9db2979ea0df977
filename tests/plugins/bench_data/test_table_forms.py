"""One table in every form that people have it in: the same dataset to the last bit, or refused with the way out."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pydantic import ValidationError

from bench.data import Interactions, prepare
from bench.data.encoding.buckets import buckets_of
from bench.errors import DataError
from bench_data.table import Table

pytestmark = pytest.mark.usefixtures("no_data_folder", "either_reader")
Read = Callable[..., Interactions]
COLUMNS = ["user", "item", "rating", "time", "title"]
TITLES = ["plain", "a, b", "café", 'say "hi"', "", '"open']
ROWS = [
    [f"0{n % 4}", f"i{n % 5}", str(1 + n % 5), str(1_500_000_000 + n), TITLES[n % len(TITLES)]]
    for n in range(24)
]
BASE = {
    "user": "user",
    "item": "item",
    "fields": ["user", "item", "title"],
    "label": "rating >= 4",
    "order": "time",
}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(content: str | bytes | None, name: str = "t.csv", **params: Any) -> Interactions:
        if content is not None:
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        settings = {key: value for key, value in {"path": name, **BASE, **params}.items() if value}
        settings |= {key: value for key, value in params.items() if value == ""}
        dataset = Table(Table.Params.model_validate_json(json.dumps(settings)))
        return prepare(
            dataset, data_dir=None, base=tmp_path, cache=tmp_path / "cache", report=lambda _: None
        )

    return read


def as_csv(rows: list[list[str]] = ROWS, **dialect: Any) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n", **dialect)
    writer.writerows([COLUMNS, *rows])
    return stream.getvalue()


def as_lines(rows: list[list[str]] = ROWS) -> str:
    """Ratings and times as numbers, an empty title as null or not at all."""
    lines = []
    for number, row in enumerate(rows):
        cells: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
        cells |= {"rating": int(row[2]), "time": int(row[3]) if row[3] else None}
        if not row[4]:
            cells.pop("title")
            cells |= {} if number % 2 else {"title": None}
        lines.append(json.dumps(cells, ensure_ascii=number % 2 == 0))
    return "\n".join(lines) + "\n"


def zipped(*members: tuple[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


TEXT = as_csv()
FORMS: dict[str, tuple[str, str | bytes, dict[str, Any]]] = {
    "gzip": ("t.csv.gz", gzip.compress(TEXT.encode()), {}),
    "gzip under another name": ("train.txt", gzip.compress(TEXT.encode()), {}),
    "gzip in two members": (
        "t.gz",
        gzip.compress(TEXT[:100].encode()) + gzip.compress(TEXT[100:].encode()),
        {},
    ),
    "zip": ("t.zip", zipped(("data/", ""), ("data/t.csv", TEXT)), {}),
    "zip of a Mac": ("t.zip", zipped(("t.csv", TEXT), ("__MACOSX/._t.csv", "\0")), {}),
    "JSON lines": ("t.jsonl", as_lines(), {}),
    "JSON lines, gzip": ("t.ndjson.gz", gzip.compress(as_lines().encode()), {}),
    "JSON lines, zip": ("t.zip", zipped(("t.json", as_lines())), {}),
    "JSON lines with a mark": ("t.json", b"\xef\xbb\xbf" + as_lines().encode(), {}),
    "literal quotes": (
        "t.tsv",
        "\n".join("\t".join(row) for row in [COLUMNS, *ROWS]),
        {"sep": "\t", "quote": ""},
    ),
    "other quotes": ("t.csv", as_csv(quotechar="'"), {"quote": "'"}),
    "backslashes": (
        "t.csv",
        as_csv(doublequote=False, escapechar="\\"),
        {"escape": "\\"},
    ),
    "may span lines and does not": ("t.csv", TEXT, {"multiline": True}),
    "latin-1, gzip": ("t.gz", gzip.compress(TEXT.encode("latin-1")), {"encoding": "latin-1"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_plain_files_dataset(read, form):
    name, content, settings = FORMS[form]
    plain, found = read(TEXT, "plain.csv"), read(content, name, **settings)
    assert found.digest == plain.digest
    assert found.meta["counts"] == plain.meta["counts"]
    data = content.encode() if isinstance(content, str) else content
    assert found.meta["source"]["sha256"] == {name: hashlib.sha256(data).hexdigest()}


def test_side_files_come_in_every_form_too(read, tmp_path):
    films = "item,kind\n" + "".join(f"i{n},k{n % 2}\n" for n in range(5))
    (tmp_path / "films.csv").write_text(films)
    (tmp_path / "films.csv.gz").write_bytes(gzip.compress(films.encode()))
    lines = "".join(f'{{"kind": "k{n % 2}", "item": "i{n}"}}\n' for n in range(5))
    (tmp_path / "films.jsonl").write_text(lines)
    digests = {
        read(TEXT, fields=["user", "kind"], items={"path": f"films.{kind}"}).digest
        for kind in ("csv", "csv.gz", "jsonl")
    }
    assert len(digests) == 1


def test_cells_that_span_lines_are_one_row_each_and_the_lines_of_what_is_wrong_stay_right(read):
    rows = [[*row[:4], f"{row[4]}\n\nand {n}\r\n"] for n, row in enumerate(ROWS)]
    text = as_csv(rows)
    found = read(text, multiline=True)
    assert found.meta["counts"]["rows"] == len(ROWS)
    assert found.meta["categories"]["title"] == len(rows)
    with pytest.raises(
        DataError, match=r'^t\.csv:2: a quote opens .*`multiline: true`.*`quote: ""`'
    ):
        read(text)
    rows[3][2] = "x"
    line = as_csv(rows[:3]).count("\n") + 1  # where row 3 starts
    with pytest.raises(DataError, match=rf"^t\.csv:{line}: column 'rating': 'x' is not a number"):
        read(as_csv(rows), multiline=True)
    rows[3][2:4] = ["1"]
    with pytest.raises(DataError, match=rf"^t\.csv:{line}: 4 fields"):
        read(as_csv(rows), multiline=True)


@pytest.mark.fault("41b")
def test_a_stray_quote_swallows_no_row_where_cells_may_span_lines(read):
    stray = as_csv(ROWS[:4]) + '00,i9,5,1500000030,"stray\n' + as_csv(ROWS[4:]).partition("\n")[2]
    with pytest.raises(DataError, match=r"^t\.csv:6: .*quote"):
        read(stray, multiline=True)
    with pytest.raises(DataError, match=r"^t\.csv:26: a quote opens a field .* is never closed"):
        read(TEXT + '00,i9,5,1500000030,"stray\n1,2,3\n', multiline=True)


def test_rows_without_a_value_are_left_out_where_asked_and_counted(read):
    rows = [[*row[:3], "" if n % 3 == 0 else row[3], row[4]] for n, row in enumerate(ROWS)]
    kept = [row for n, row in enumerate(rows) if n % 3]
    with pytest.raises(
        DataError, match=r'8 such rows.*`drop: "time is missing"`.*or leave `order` out'
    ):
        read(as_csv(rows))
    found = read(as_csv(rows), drop="time is missing")
    assert found.digest == read(as_csv(kept)).digest
    assert found.meta["counts"]["dropped_rows"] == 8
    # a rule is asked of the rows that those before it leave
    late = [row for row in kept if int(row[3]) >= 1_500_000_010]
    found = read(as_csv(rows), drop="time is missing or time < 1500000010")
    assert found.digest == read(as_csv(late)).digest
    named = read(as_csv(rows), drop="time is missing or title is 'a, b' or user is \"01\"")
    other = [row for row in kept if row[4] != "a, b" and row[0] != "01"]
    assert named.digest == read(as_csv(other)).digest


@pytest.mark.parametrize("column", ["user", "item", "rating", "time"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_way_out_that_is_told_of_missing_values_is_one(read, tmp_path, column, kind):
    place = COLUMNS.index(column)
    rows = [
        [*row[:place], "" if n == 7 else row[place], *row[place + 1 :]]
        for n, row in enumerate(ROWS)
    ]
    content: str | None = as_csv(rows)
    if kind == "parquet":
        frame = pd.DataFrame(rows, columns=COLUMNS).replace("", None)
        frame = frame.astype({"rating": "float64", "time": "float64"})
        frame.to_parquet(tmp_path / "t.parquet")
        content = None
    with pytest.raises(DataError) as error:
        read(content, f"t.{kind}")
    assert f'`drop: "{column} is missing"`' in str(error.value)
    found = read(content, f"t.{kind}", drop=f"{column} is missing")
    assert found.meta["counts"]["dropped_rows"] == 1


def test_the_files_own_order_is_time_where_asked(read, tmp_path):
    rows = [[*row[:3], "", row[4]] for row in ROWS]
    numbered = [[*row[:3], str(n + 1), row[4]] for n, row in enumerate(ROWS)]
    found = read(as_csv(rows), order="row")
    assert found.order is not None
    expected = read(as_csv(numbered), "n.csv")
    assert np.array_equal(found.order, expected.order)
    assert found.digest == expected.digest
    assert found.meta["order"] == "place in the file"
    pd.DataFrame(rows, columns=COLUMNS).to_parquet(tmp_path / "t.parquet")
    assert read(None, "t.parquet", order="row").digest == found.digest
    assert read(as_lines(rows), "t.jsonl", order="row").digest == found.digest
    shuffled = read(as_csv(rows[::-1]), order="row")
    assert shuffled.digest != found.digest
    with pytest.raises(DataError, match=r"has a column 'row'.*rename the column"):
        read(as_csv(rows).replace("time", "row", 1), order="row")


def big(mebibytes: int) -> bytes:
    """A table that packs a thousand to one: an unused column of 100,000 characters."""
    rows = [
        f"{','.join(row[:4])},{'x' * 100_000}"
        for row in ROWS * (mebibytes * 2**20 // 2_400_000 + 1)
    ]
    return "\n".join([",".join(COLUMNS), *rows]).encode()


@pytest.mark.fault(40)
@pytest.mark.parametrize("pack", ["gz", "zip"])
def test_what_unpacks_without_end_is_refused_with_the_option_that_allows_it(read, pack):
    content = big(20)
    packed = (
        gzip.compress(content, mtime=0) if pack == "gz" else zipped(("t.csv", content.decode()))
    )
    assert len(packed) < 60_000
    settings = {"fields": ["user", "item"], "order": None}
    with pytest.raises(
        DataError, match=rf"^t\.{pack}: unpacks to more than 100 times its size; .*`unpack_ratio`"
    ):
        read(packed, f"t.{pack}", **settings)
    found = read(packed, f"t.{pack}", unpack_ratio=2000, **settings)
    assert found.digest == read(content, **settings).digest


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("t.gz", gzip.compress(TEXT.encode())[:-20], r"^t\.gz: can't be unpacked \(.*\); fetch or pack it again"),
        ("t.zip", zipped(("t.csv", TEXT))[:-30], r"^t\.zip: can't be unpacked"),
        ("t.zip", zipped(("t.csv", TEXT)).replace(b"t.csv", b"u.csv", 1), r"^t\.zip: can't be unpacked"),
        ("t.zip", zipped(("a.csv", TEXT), ("b.csv", "x")), r"^t\.zip: .*2 files \(a\.csv, b\.csv\); unpack it and name one"),
        ("t.zip", zipped(), r"^t\.zip: .*it holds none; unpack it"),
        ("t.zip", zipped(("t.parquet", "PAR1")), r"^t\.zip: is a Parquet file packed once more; unpack it"),
        ("t.gz", gzip.compress(b"a,b\n\xff\n", mtime=0), r"^t\.gz: no column|^t\.gz:2: byte 4 \(0xff\) is not utf-8"),
        ("t.csv", as_lines(), r"^t\.csv: looks like JSON lines; let its name end in \.jsonl"),
        ("t.jsonl", TEXT, r"^t\.jsonl:1: is no line of JSON \(.*\); write one object a line"),
        ("t.jsonl", "[1, 2]\n", r"^t\.jsonl:1: is no object; .* not an array of them"),
        ("t.jsonl", '{"user": 1, "user": 2}\n', r"^t\.jsonl:1: the key 'user' is there twice"),
        ("t.jsonl", '{"user": NaN}\n', r"^t\.jsonl:1: NaN is no JSON; write null"),
        ("t.jsonl", '{"user": 1}\n\n{"user": 1}\n', r"^t\.jsonl:2: an empty line within the data"),
        ("t.jsonl", '{"user": 1}\n{"user": "1"}\n', r"^t\.jsonl:2: column 'user' holds numbers, and numbers as text \('1'\)"),
        ("t.jsonl", '{"user": "x"}\n{"user": "1"}\n{"user": 1}\n', r"^t\.jsonl:3: column 'user' holds numbers, and"),
        ("t.jsonl", '{"user": ["1"]}\n', r"^t\.jsonl:1: column 'user' holds a list; write it as text"),
        ("t.jsonl", '{"usr": 1}\n' + as_lines().replace('"user"', '"usr"'), r"no column 'user'; did you mean 'usr'"),
        ("t.jsonl", "[" * 100_000, r"^t\.jsonl:1: is no line of JSON"),
        ("t.jsonl", "\n", r"^t\.jsonl: is empty$"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",  # bytes have times in them
)  # fmt: skip
def test_what_is_wrong_with_a_form_is_told_with_its_place(read, name, content, error):
    with pytest.raises(DataError, match=error):
        read(content, name)


@pytest.mark.fault("41b")
def test_digits_of_json_numbers_are_not_lost(read):
    rows = [[str(2**60 + n % 4), *row[1:]] for n, row in enumerate(ROWS)]
    lines = as_lines(rows).replace('"user": "', '"user": ').replace('", "item"', ', "item"')
    assert json.loads(lines.splitlines()[0])["user"] == 2**60
    assert read(lines, "t.jsonl").digest == read(as_csv(rows)).digest


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"sep": "\\t"}, r"is not the character that it stands for; write sep: \"\\t\", in double quotes"),
        ({"sep": "tab"}, r"write sep: \"\\t\""),
        ({"path": "x.jsonl", "sep": ";"}, "a JSON file has its own: drop sep"),
        ({"path": "x.jsonl.gz", "multiline": True}, "a JSON file has its own: drop multiline"),
        ({"path": "x.parquet", "quote": ""}, "a Parquet file has its own: drop quote"),
        ({"multiline": True, "quote": ""}, "multiline and escape are of quoted fields"),
        ({"escape": "\\", "sep": "::"}, "multiline and escape are of quoted fields"),
        ({"quote": ";", "sep": ";"}, "can't be the separator or the escape too"),
        ({"quote": "a"}, "can't be told from what a field holds"),
        ({"columns": ["label", "C1"]}, r"no column 'user'.*a table needs `user:`, the column that says whose row it is, and"),
        ({"columns": ["user", "item", "rating", "time"]}, "`columns` has no column 'title'"),
        ({"drop": "time is absent"}, "COLUMN is missing"),
    ],
)  # fmt: skip
def test_settings_that_can_not_be_meant_are_refused_before_a_file_is_opened(params, error):
    with pytest.raises(ValidationError, match=error):
        Table.Params.model_validate_json(json.dumps({"path": "x.csv", **BASE, **params}))


def test_a_table_without_users_says_what_it_needs(read):
    with pytest.raises(DataError, match=r"^t\.csv: no column 'user'.*a table needs `user:`"):
        read(TEXT.replace("user", "C1", 1), fields=["item"])


def test_a_table_shaped_like_criteos_has_numbers_with_gaps_and_fields_in_buckets(tmp_path, cache):
    """13 numbers, many of them missing, and 26 hashed values a row, separated by tabs, without a header line."""
    rng = np.random.default_rng(0)
    numbers, hashed = [f"n{k}" for k in range(13)], [f"c{k}" for k in range(26)]
    rows = pd.DataFrame({"label": rng.integers(0, 2, 300)})
    for name in numbers:
        rows[name] = [str(value) if value > 0 else "" for value in rng.integers(-40, 100, 300)]
    for name in hashed:
        rows[name] = [f"{value:08x}" if value else "" for value in rng.integers(0, 90, 300)]
    rows.to_csv(tmp_path / "train.txt", sep="\t", header=False, index=False)
    params = Table.Params(
        path="train.txt",
        sep="\t",
        columns=tuple(rows.columns),
        user="c0",
        item="c1",
        fields=tuple(hashed),
        numeric=tuple(numbers),
        buckets=dict.fromkeys(hashed[2:], 1000),
        label="label",
        drop="c0 is missing or c1 is missing",
    )
    found = prepare(Table(params), data_dir=tmp_path, cache=cache)
    kept = rows[(rows["c0"] != "") & (rows["c1"] != "")]
    assert len(found) == len(kept)
    assert found.sizes["c2"] == 1001
    assert found.meta["missing"]["c2"] == (kept["c2"] == "").sum()
    assert found.meta["missing"]["n0"] == (kept["n0"] == "").sum()
    assert sorted(np.nan_to_num(found.numeric[:, 0], nan=-1.0)) == sorted(
        float(cell or -1) for cell in kept["n0"]
    )
    codes = found.categorical[:, 2] - found.offsets["c2"]
    expected = buckets_of(pa.array(kept["c2"].tolist(), pa.large_string()), 1000) + 1
    assert sorted(codes) == sorted(expected)


@pytest.mark.parametrize(
    ("buckets", "error"),
    [
        ({"user_id": 9}, "column 'user_id' holds ids, which are numbered one by one"),
        (
            {"price": 9},
            "'price' is not among `fields`, which alone are hashed; these are user_id, kind",
        ),
        ({"kind": 0}, "0 buckets of 'kind'; give 1 to 2147483646"),
    ],
)
def test_buckets_that_can_not_be_are_refused_in_the_suite(buckets, error):
    with pytest.raises(ValidationError, match=error):
        Table.Params(
            path="x.csv", fields=("user_id", "kind"), numeric=("price",), label="y", buckets=buckets
        )
