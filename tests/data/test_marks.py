"""The first bytes of a file: byte-order marks, and what is no text at all."""

from __future__ import annotations

import codecs
import encodings
import gzip
import pkgutil
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from bench.data import read_delimited, read_json_lines
from bench.data.tables.marks import HALF
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


@pytest.mark.fault("41b")
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


@pytest.mark.fault(41)
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


@pytest.mark.fault(41, "41b")
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


@pytest.mark.parametrize("read_file", [read_delimited, read_json_lines])
@pytest.mark.parametrize(
    "encoding",
    ["punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "hex", "rot13", "zlib", "no such", "a\0b"],
)  # fmt: skip
def test_codecs_that_are_not_of_text_files_are_refused(tmp_path, read_file, encoding):
    (tmp_path / "x.csv").write_bytes(b"id,v\n1,a\n")
    with pytest.raises(
        DataError, match=r"^x\.csv: '.*' is no encoding of text files; set `encoding`"
    ):
        read_file(tmp_path / "x.csv", ["id", "v"], encoding=encoding)


ODD_BYTES = [
    b"a,b", b"\xff\xfe", b"\\ud800", b"\\x", b"+2AA-", b"+2", b"xn--9999999", b"\x1b$B", b"~{", b"a" * 99, b"b\xe3",
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_BYTES)
def test_no_codec_of_python_lets_its_own_error_out(tmp_path, odd):
    csv, jsonl = tmp_path / "x.csv", tmp_path / "x.jsonl"
    csv.write_bytes(b"id,v\n1," + odd + b"\n")
    jsonl.write_bytes(b'{"id": 1, "v": "' + odd + b'"}\n')
    for codec in pkgutil.iter_modules(encodings.__path__):
        for read_file, path in ((read_delimited, csv), (read_json_lines, jsonl)):
            with suppress(DataError):
                found = read_file(path, ["id", "v"], encoding=codec.name)
                assert not HALF.search("".join(found["v"]))


@pytest.mark.fault(41)
def test_half_a_character_is_refused_with_its_line(tmp_path):
    path = tmp_path / "x.csv"
    alone = r"^x\.csv:3: half a character alone \('\\ud800'\); remove it$"
    with pytest.raises(DataError, match=alone):
        read(path, b"id,v\n1,a\n2,+2AA-\n", "utf-7")
    assert read(path, b"id,v\n1,+2D3eAA-\n", "utf-7") == [["1", "\U0001f600"]]


def test_half_a_character_of_json_is_refused_with_its_line(tmp_path, monkeypatch):
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": 1, "v": "a"}\n{"id": 2, "v": "b\\ud800"}\n{"id": 3, "v": "\\udc00"}\n')
    alone = (
        r"^x\.jsonl:2: column 'v' holds half a character alone \('b\\ud800'\); write both halves"
    )
    for chunk in (8192, 1):
        monkeypatch.setattr("bench.data.tables.json_lines._CHUNK", chunk)
        with pytest.raises(DataError, match=alone):
            read_json_lines(path, ["id", "v"])
    assert read_json_lines(path, ["id"])["id"].tolist() == ["1", "2", "3"]
    path.write_text('{"v": "\\ud83d\\ude00", "\\ud800": 1}\n')
    assert read_json_lines(path, ["v"])["v"].tolist() == ["\U0001f600"]
