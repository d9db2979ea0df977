"""The `table` dataset: a file is read as it stands or refused with its place and the fix; nothing is lost in silence."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from bench.data import View, prepare
from bench.errors import BenchError, DataError
from bench_data.table import Table

HEAD = "user_id,item_id,rating,time\n"
BODY = "u2,i1,5,3\nu1,i2,2,1\nu1,i1,4,2\nu2,i3,1,1\nu1,i3,5,3\n"
BASIC = {
    "user": "user_id",
    "item": "item_id",
    "fields": ["user_id", "item_id"],
    "label": "rating >= 4",
    "order": "time",
}


@pytest.fixture
def read(tmp_path):
    """Prepares a table from text or bytes (or a file that is there) with the given parameters."""
    calls = iter(range(100))

    def read(content=None, name="t.csv", **params):
        if isinstance(content, str):
            content = content.encode()
        if content is not None:
            (tmp_path / name).write_bytes(content)
        merged = {k: v for k, v in (BASIC | params).items() if v is not None}
        dataset = Table(Table.Params.model_validate({"path": name, **merged}, strict=False))
        return prepare(
            dataset, data_dir=None, cache=tmp_path / f"cache-{next(calls)}", base=tmp_path
        )

    return read


def values(interactions, field):
    """Each row's codes of a field, in the prepared order."""
    return View(interactions, np.arange(len(interactions))).codes(field).tolist()


def test_rows_are_sorted_by_user_and_order(read):
    found = read(HEAD + BODY)
    assert found.user_ptr.tolist() == [0, 3, 5]
    assert values(found, "item_id") == [2, 1, 3, 3, 1]
    assert found.labels().tolist() == [0, 1, 1, 0, 1]
    assert found.meta["counts"]["rows"] == 5
    assert found.meta["counts"]["positives"] == 3


def test_file_order_and_format_do_not_matter(read, tmp_path):
    first = read(HEAD + BODY)
    backwards = read(HEAD + "\n".join(reversed(BODY.strip().split("\n"))) + "\n", name="b.csv")
    pd.read_csv(tmp_path / "t.csv").to_parquet(tmp_path / "t.parquet")
    parquet = read(name="t.parquet")
    assert first.digest == backwards.digest == parquet.digest


def test_ties_of_the_order_are_broken_by_ids_not_by_the_file(read):
    tied = "u1,i1,5,1\nu1,i2,1,1\nu1,i3,5,1\nu1,i4,2,1\n"
    backwards = "".join(line + "\n" for line in reversed(tied.strip().split("\n")))
    assert read(HEAD + tied).digest == read(HEAD + backwards, name="b.csv").digest


def test_every_kind_of_field(read):
    text = "u,i,genres,price,liked\n1,a,x|y,2.5,1\n1,b,,,0\n2,a,x|y,-1e3,0\n"
    found = read(
        text, user="u", item="i", fields=["u", "i"], multi={"genres": "|"}, numeric=["price"], sides={"genres": "item"},
        label="liked", order=None,
    )  # fmt: skip
    assert [(f.name, f.kind, f.side) for f in found.fields] == [
        ("u", "categorical", "user"),
        ("i", "categorical", "item"),
        ("genres", "multi_valued", "item"),
        ("price", "numeric", "context"),
    ]
    rows = View(found, np.arange(3))
    by_item = dict(
        zip(rows.codes("i").tolist(), np.diff(rows.bags("genres")[0]).tolist(), strict=True)
    )
    assert by_item == {1: 2, 2: 0}
    price = rows.values("price")
    assert sorted(price[~np.isnan(price)].tolist()) == [-1000.0, 2.5]
    assert np.isnan(price).sum() == 1
    assert found.meta["order"] is None


def test_ids_are_text_as_they_stand(read):
    ids = [
        "007",
        "7",
        "NA",
        "None",
        "null",
        "nan",
        "9007199254740993",
        "9007199254740992",
        "-5",
        "4294967296",
    ]
    text = HEAD + "".join(f"{name},i{n % 3},{5 - 3 * (n % 2)},{n}\n" for n, name in enumerate(ids))
    assert read(text).meta["counts"]["users"] == len(ids)


@pytest.mark.fault("41b")
def test_large_integers_of_parquet_keep_their_digits(read, tmp_path):
    frame = pd.DataFrame(
        {
            "user_id": [2**53, 2**53 + 1, 2**53, 2**53 + 1],
            "item_id": [1, 2, 2, 1],
            "rating": [5, 1, 2, 4],
            "time": range(4),
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    assert read(name="t.parquet").meta["counts"]["users"] == 2


def test_a_float32_column_meets_its_threshold_in_its_own_type(read, tmp_path):
    frame = pd.DataFrame(
        {
            "user_id": ["a", "a"],
            "item_id": ["x", "y"],
            "rating": np.float32([0.7, 0.3]),
            "time": [1, 2],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    assert read(name="t.parquet", label="rating >= 0.7").labels().tolist() == [1, 0]


@pytest.mark.fault(41)
def test_dropped_rows_and_users_are_counted(read):
    text = HEAD + BODY + "u1,i4,0,9\nu9,i1,5,1\n"
    found = read(text, drop="rating == 0", min_rows_per_user=2)
    counts = found.meta["counts"]
    assert counts["rows"] == 5
    assert counts["dropped_rows"] == 1
    assert counts["dropped_users"] == 1


def test_rows_are_dropped_by_a_time(read):
    """The rows that may stay lie at or after it; those without a time go by a rule of their own."""
    times = ["2024-06-30T23:00:00Z", "2024-07-01T00:00:00Z", "2024-07-02T00:00:00Z", ""]
    rows = [f"u1,i{n},{5 - 4 * (n % 2)},{time}\n" for n, time in enumerate(times)]
    found = read(HEAD + "".join(rows), drop="time is missing or time < 2024-07-01", order="time")
    assert found.meta["counts"]["dropped_rows"] == 2
    assert len(found) == 2


PRICED = [("u1", "i1", 5, 1.5), ("u1", "i2", 1, "N/A"), ("u2", "i1", 5, 2), ("u2", "i3", 1, 3)]


def priced(kind):
    """A column of prices, one of them a word."""
    names = ("user_id", "item_id", "rating", "price")
    if kind == "csv":
        return "\n".join(",".join(map(str, row)) for row in (names, *PRICED)) + "\n"
    return "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in PRICED)


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_word_among_numbers_is_refused_and_may_be_dropped_whatever_the_form(read, name):
    options = {"name": name, "numeric": ["price"], "order": ""}
    text = priced(name.rpartition(".")[2])
    said = r"column 'price': 'N/A' is not a number; .* or leave such rows out \(`drop: \"price is 'N/A'\"`"
    with pytest.raises(DataError, match=said):
        read(text, **options)
    found = read(text, drop="price is 'N/A'", **options)
    assert found.meta["counts"]["dropped_rows"] == 1


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_is_no_part_of_the_first_name(read, mark):
    assert len(read(mark + (HEAD + BODY).encode())) == 5


def test_long_separators_names_and_encodings(read):
    text = "é1::i1::5::1\né1::i2::1::2\n".encode("latin-1")
    names = ["user_id", "item_id", "rating", "time"]
    assert len(read(text, sep="::", columns=names, encoding="latin-1")) == 2


REFUSED = [
    ("missing column", HEAD + BODY, {"user": "user"}, "no column 'user'.*did you mean 'user_id'"),
    ("unknown field", HEAD + BODY, {"fields": ["user_id", "itm_id"]}, "'itm_id'.*did you mean 'item_id'"),
    ("bare ratings", HEAD + BODY, {"label": "rating"}, r"t\.csv:2: column 'rating': 5 is not a label.*label: \"rating >= 4\""),
    ("minus one", HEAD + "u1,i1,-1,1\nu1,i2,1,2\n", {"label": "rating"}, "-1 is not a label"),
    ("fraction", HEAD + "u1,i1,0.5,1\nu1,i2,1,2\n", {"label": "rating"}, r"0\.5 is not a label"),
    ("missing label", HEAD + "u1,i1,,1\nu1,i2,1,2\n", {}, r"t\.csv:2.*rating"),
    ("one class", HEAD + "u1,i1,5,1\nu1,i2,4,2\n", {}, "one class|all .* positive|every"),
    ("two columns of one name", "user_id,item_id,rating,rating\nu1,i1,5,1\n", {}, "'rating'.*t(wo|wice)|two columns"),
    ("too few fields", HEAD + "u1,i1,5,1\nu1,i2\n", {}, r"t\.csv:3: 2 fields where 4 are expected"),
    ("too many fields", HEAD + "u1,i1,5,1,\nu1,i2,1,2,\n", {}, r"t\.csv:2: 5 fields \(the last is empty.*4 are expected"),
    ("open quote", HEAD + 'u1,"i1,5,1\nu1,i2,1,2\n', {}, r"t\.csv:2: a quote opens a field here and does not close"),
    ("undecodable", HEAD.encode() + b"u1,\xff,5,1\n", {}, r"t\.csv:2.*utf-8"),
    ("not a number", "user_id,item_id,rating,time,price\nu1,i1,5,1,2\nu1,i2,1,2,x\n", {"numeric": ["price"]}, r"t\.csv:3.*x"),
    ("text as order", HEAD + "u1,i1,5,1.2.2020\nu1,i2,1,3.2.2020\n", {}, r"t\.csv:2: .*'1\.2\.2020'.*ISO 8601"),
    ("nobody left", HEAD + BODY, {"min_rows_per_user": 9}, r"min_rows_per_user.*9|9.*min_rows_per_user"),
    ("empty", HEAD, {}, "no rows|empty"),
    ("missing user", HEAD + ",i1,5,1\nu1,i2,1,2\n", {}, r"t\.csv:2.*user_id"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "params", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused_with_place_and_fix(read, content, params, said):
    with pytest.raises(BenchError, match=said) as caught:
        read(content, **params)
    assert caught.value.exit_code == 2
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.fault("41b")
def test_float_ids_are_refused(read, tmp_path):
    frame = pd.DataFrame(
        {"user_id": [1.5, 2.5], "item_id": [1, 2], "rating": [5, 1], "time": [1, 2]}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="user_id"):
        read(name="t.parquet")


@pytest.mark.fault(39)
@pytest.mark.parametrize("path", ["../t.csv", "/etc/hostname", "link.csv", "/dev/zero"])
def test_paths_out_of_the_folder_are_refused(read, tmp_path, path):
    (tmp_path / "link.csv").symlink_to("/etc/hostname")
    with pytest.raises(BenchError, match=r"link|leads out of"):
        read(name=path)


def test_a_damaged_cache_is_made_again(read, tmp_path):
    dataset = Table(Table.Params.model_validate({"path": "t.csv", **BASIC}, strict=False))
    (tmp_path / "t.csv").write_text(HEAD + BODY)
    said = []
    first = prepare(dataset, data_dir=None, cache=tmp_path / "c", base=tmp_path, report=said.append)
    (first.folder / "labels.npy").write_bytes(b"half")
    again = prepare(dataset, data_dir=None, cache=tmp_path / "c", base=tmp_path, report=said.append)
    assert again.labels().tolist() == [0, 1, 1, 0, 1]
    assert any("damaged" in line for line in said)
