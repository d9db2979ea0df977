"""The first bytes of a file: byte-order marks, and what is no text at all."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pandas as pd
import pytest

from bench.data import read_delimited
from bench.errors import DataError

pytestmark = pytest.mark.usefixtures("either_reader")

TEXT = "id,v\n1,é\n2,b\n"


def read(path: Path, content: bytes, encoding: str = "utf-8", **options: object) -> list[list[str]]:
    path.write_bytes(content)
    return (
        read_delimited(path, ["id", "v"], encoding=encoding, **options)
        .to_numpy(dtype=object)
        .tolist()
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mark", "written", "encoding"),
    [
        (b"", "utf-8", "utf-8"),
        (codecs.BOM_UTF8, "utf-8", "utf-8"),
        (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
        (b"", "utf-16-le", "utf-16-le"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
        (b"", "latin-1", "latin-1"),
    ],
)
def test_a_mark_is_no_part_of_the_first_cell(tmp_path, mark, written, encoding):
    assert read(tmp_path / "x.csv", mark + TEXT.encode(written), encoding) == [
        ["1", "é"],
        ["2", "b"],
    ]
    body = TEXT.partition("\n")[2]
    named = read(tmp_path / "y.csv", mark + body.encode(written), encoding, names=("id", "v"))
    assert named == [["1", "é"], ["2", "b"]]


@pytest.mark.parametrize(
    ("content", "encoding", "error"),
    [
        (
            codecs.BOM_UTF8 + TEXT.encode(),
            "latin-1",
            r"starts with the byte-order mark of utf-8 and is read as latin-1; set",
        ),
        (
            TEXT.encode("utf-16"),
            "utf-8",
            r"starts with the byte-order mark of utf-16 .*; set `encoding: utf-16`",
        ),
        (TEXT.encode("utf-16"), "cp1252", r"starts with the byte-order mark of utf-16"),
        (TEXT.encode("utf-32"), "utf-16", r"starts with the byte-order mark of utf-32"),
        (
            gzip.compress(gzip.compress(TEXT.encode(), mtime=0), mtime=0),
            "latin-1",
            r"is compressed twice \(gzip\); unpack it once",
        ),
        (b"BZh91AY", "utf-8", r"is compressed \(bzip2\); unpack it"),
        (b'{"id": 1, "v": 2}\n', "utf-8", r"looks like JSON lines; let its name end in \.jsonl"),
        (
            b"PK\x03\x04",
            "utf-8",
            r"can't be unpacked \(File is not a zip file\); fetch or pack it again",
        ),
        (b"PAR1....", "latin-1", r"is a Parquet file; let its name end in \.parquet"),
    ],
)
def test_another_encoding_and_what_is_no_text_are_named(tmp_path, content, encoding, error):
    with pytest.raises(DataError, match=rf"^x\.csv: {error}"):
        read(tmp_path / "x.csv", content, encoding)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (
            "id,v\n1,a\n2,\0b\n",
            r"^x\.csv:3: a NUL character; is the file damaged, or its `encoding` another \(utf-16\)\?$",
        ),
        (TEXT.encode("utf-16-le").decode("latin-1"), r"^x\.csv:1: a NUL character"),
        (
            "\nid,v\n1,a\n",
            r"^x\.csv:1: is empty where the names of the columns belong; remove the line$",
        ),
        ("\n\n", r"^x\.csv: is empty$"),
        ("id,v\n1,a\r\r\n2,b\r\r\n", r"^x\.csv:3: an empty line within the data"),
        (
            "id,v,V\n1,a,b\n",
            r"^x\.csv: two columns are named 'v' and 'V', at positions 2 and 3: they differ only in case",
        ),
        ("id,v, v\n1,a,b\n", r"^x\.csv: two columns are named 'v' and ' v', at positions 2 and 3"),
        ("id,v,v\u200b\n1,a,b\n", r"^x\.csv: two columns are named 'v' and 'v\\u200b'"),
        ("ID,v\n1,a\n", r"^x\.csv: no column 'id'; did you mean 'ID'\?$"),
        ("id, v\n1,a\n", r"^x\.csv: no column 'v'; did you mean ' v'\?$"),
    ],
)
def test_text_that_reads_and_is_wrong_is_refused(tmp_path, content, error):
    with pytest.raises(DataError, match=error):
        read(
            tmp_path / "x.csv", content.encode("latin-1") if content.isascii() else content.encode()
        )


def test_a_column_that_nobody_asks_for_may_look_like_another(tmp_path):
    assert read(tmp_path / "x.csv", b"id,v,w,W\n1,a,b,c\n") == [["1", "a"]]


def test_optional_columns_are_read_where_they_are_there(tmp_path):
    (tmp_path / "x.csv").write_text(TEXT)
    frame = read_delimited(tmp_path / "x.csv", ["id"], optional=["v", "w", "id"])
    assert list(frame.columns) == ["id", "v"]
    assert frame.attrs["columns"] == ["id", "v"]
    pd.DataFrame({"a": [1], "b": [2]}).to_parquet(tmp_path / "x.parquet")
