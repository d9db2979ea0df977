"""Readers read a file as it stands, or refuse it with the line and the fix."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data import read_delimited, read_parquet
from bench.errors import DataError

pytestmark = pytest.mark.usefixtures("either_reader")


def write(folder: Path, content: str | bytes, name: str = "x.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cells(frame: pd.DataFrame) -> list[list[str]]:
    return frame.to_numpy(dtype=object).tolist()


@pytest.mark.fault("41b")
def test_cells_are_text_and_only_the_empty_one_is_empty(tmp_path):
    path = write(tmp_path, 'a,b\n007,NA\nnull,""\n1e3, x\n"say ""hi"", you",None\n')
    frame = read_delimited(path, ["a", "b"])
    assert cells(frame) == [["007", "NA"], ["null", ""], ["1e3", " x"], ['say "hi", you', "None"]]
    assert list(frame.index) == [2, 3, 4, 5]
    assert frame.index.name == "line"


def test_only_the_columns_asked_for_in_that_order(tmp_path):
    assert cells(read_delimited(write(tmp_path, "a,b,c\n1,2,3\n"), ["c", "a"])) == [["3", "1"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_missing_last_one(tmp_path, end):
    assert cells(read_delimited(write(tmp_path, f"a,b{end}1,2{end}3,4"), ["a", "b"])) == [
        ["1", "2"],
        ["3", "4"],
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert cells(read_delimited(write(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n"), ["a"])) == [["1"]]


def test_names_stand_in_for_a_header_and_separators_may_be_long(tmp_path):
    frame = read_delimited(
        write(tmp_path, "1::x y::3\n"), ["b", "c"], sep="::", names=("a", "b", "c")
    )
    assert cells(frame) == [["x y", "3"]]
    assert list(frame.index) == [1]


def test_without_quoting_a_quote_is_a_character(tmp_path):
    assert cells(
        read_delimited(write(tmp_path, 'a\tb\n"x\ty"\n'), ["a", "b"], sep="\t", quote="")
    ) == [['"x', 'y"']]


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), max_size=5),
            min_size=3,
            max_size=3,
        ),
        max_size=12,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows, sep):
    text = io.StringIO()
    csv.writer(text, delimiter=sep, lineterminator="\n").writerows([["a", "b", "c"], *rows])
    path = write(tmp_path_factory.mktemp("csv"), text.getvalue())
    assert cells(read_delimited(path, ["a", "b", "c"], sep=sep)) == rows


@pytest.mark.fault("41b")
@pytest.mark.parametrize(
    ("rows", "also"),
    [
        (["3", "4", "5,6,7"], " (too many or too few in lines 4 and 5 as well)"),
        (["3", "1,2", "1,2,4"], " (too many or too few in line 5 as well)"),
        (["3", "4", "5", "6", "7"], " (too many or too few in lines 4, 5, 6 and more as well)"),
        (["3", "4", *["1,2"] * 9000, "5"], " (too many or too few in lines 4 and 9005 as well)"),
        (
            ["3", "4", *["1,2"] * 9000, '1,"2'],
            " (too many or too few in line 4 as well)",
        ),  # a quote left open
        (["3", "", "1,2"], ""),  # an empty line is another fault
        (["3"], ""),
    ],
)
@pytest.mark.parametrize("multiline", [False, True])
def test_further_lines_of_a_wrong_width_are_named(tmp_path, rows, also, multiline):
    path = write(tmp_path, "\n".join(["a,b", "1,2", *rows, ""])[:-1])
    with pytest.raises(DataError) as error:
        read_delimited(path, ["a"], multiline=multiline)
    fix = "mend the line, quote a field that holds ',', or check `sep` and `columns`"
    assert str(error.value) == f"x.csv:3: 1 fields where 2 are expected{also}; {fix}"


@pytest.mark.fault(41, "41b")
@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", r"^x\.csv: is empty$"),
        ("a,b\n1,2\n3\n", r"^x\.csv:3: 1 fields where 2 are expected; "),
        ("a,b\n1,2,3\n", r"^x\.csv:2: 3 fields where 2 "),
        (
            "a,b\n1,2,\n",
            r"^x\.csv:2: 3 fields \(the last is empty: a separator too many at the end\?\) where 2",
        ),
        ("a,b\n1,2\n\n3,4\n", r"^x\.csv:3: an empty line within the data"),
        ("a,b\n" + "1,2\n" * 8191 + "\n3,4\n", r"^x\.csv:8193: an empty line within the data"),
        ("a,b\n" + "1,2\n" * 9000 + "3\n", r"^x\.csv:9002: 1 fields where 2"),
        ('a,b\n1,"2\n3,4\n', r"^x\.csv:2: a quote opens a field here"),
        ('a,b\n1,2\n1,"2\n3,x"\n3,4\n', r"^x\.csv:3: a quote opens a field here"),
        ('a,b\n1,2\n1,"2\n3,"4"\n', r"^x\.csv:3: a quote opens a field here"),
        ('a,b\n1,2\n3,"4', r"^x\.csv:3: a quote opens a field here"),
        ('a,b\n1,"2"3\n', r"^x\.csv:2: .*write each quote twice"),
        (
            "a,b\n1," + "x" * 200_000 + "\n",
            r"^x\.csv:2: field larger than field limit \(131072\) of characters; shorten it",
        ),
        (
            "a,b,a\n1,2,3\n",
            r"^x\.csv: two columns are named 'a', at positions 1 and 3; rename one$",
        ),
        ("aa,b\n1,2\n", r"^x\.csv: no column 'a'; did you mean 'aa'\?$"),
        ("a;b\n1;2\n", r"^x\.csv: no column 'a'; .*is `sep` right\?$"),
    ],
)
def test_trouble_is_refused_with_its_line(tmp_path, content, error):
    with pytest.raises(DataError, match=error):
        read_delimited(write(tmp_path, content), ["a", "b"])


def test_empty_lines_may_end_a_file(tmp_path):
    assert cells(read_delimited(write(tmp_path, "a,b\n1,2\n\n\n"), ["a", "b"])) == [["1", "2"]]


def test_a_quoted_field_is_refused_with_a_long_separator(tmp_path):
    with pytest.raises(DataError, match=r"^x\.csv:2: a quoted field; with the separator '::'"):
        read_delimited(write(tmp_path, 'a::b\n1::"2::3"\n'), ["a"], sep="::")


@pytest.mark.fault(41)
@pytest.mark.parametrize(("encoding", "bad"), [("utf-8", b"caf\xe9"), ("ascii", "café".encode())])
def test_undecodable_bytes_name_the_line_and_the_encoding(tmp_path, encoding, bad):
    path = write(tmp_path, b"a,b\n1,2\n3," + bad + b"\n")
    with pytest.raises(
        DataError, match=rf"^x\.csv:3: byte 13 \(0x\w\w\) is not {encoding}; set `encoding`"
    ):
        read_delimited(path, ["a"], encoding=encoding)


def test_a_file_without_the_mark_that_its_encoding_wants(tmp_path):
    with pytest.raises(DataError, match=r"^x\.csv.* is not utf-16; set `encoding`"):
        read_delimited(write(tmp_path, b"a,b\n"), ["a"], encoding="utf-16")


def test_an_encoding_that_is_named_is_used(tmp_path):
    assert cells(read_delimited(write(tmp_path, b"a\ncaf\xe9\n"), ["a"], encoding="latin-1")) == [
        ["café"]
    ]


def test_parquet_keeps_types_and_missing_integers(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"n.x": pa.array([2**60 + 1, None]), "s": ["007", "a"]}), path)
    frame = read_parquet(path, ["n.x", "s"])
    assert frame["n.x"].tolist() == [2**60 + 1, pd.NA]
    assert frame.index.tolist() == [1, 2]


def test_parquet_reads_a_column_that_pandas_wrote_as_an_index(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"user": ["a", "b"], "v": [1, 2]}).set_index("user").to_parquet(path)
    assert cells(read_parquet(path, ["user", "v"])) == [["a", 1], ["b", 2]]


def test_parquet_troubles(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(DataError, match=r"two columns are named 'a', at positions 1 and 2"):
        read_parquet(path, ["a"])
    pq.write_table(pa.table({"rating": [1]}), path)
    with pytest.raises(
        DataError, match=r"^x\.parquet: no column 'raitng'; did you mean 'rating'\?"
    ):
        read_parquet(path, ["raitng"])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"x\.parquet: is not a whole Parquet file"):
        read_parquet(path, ["rating"])
