"""The fast reader of delimited text and the strict one: one and the same table, or one and the same refusal."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.data import read_delimited
from bench.data.tables import text_file, vouched
from bench.errors import DataError

COLUMNS = ["a", "b"]
# whatever means something to either reader, in any order
PIECES = st.sampled_from([
    *'ab1,;"\'|\\ \t\n', "\n", "\n", ",", ",", "\r\n", "\r", '""', '"x"', ',"', '",', "::", "é", "\uffff", "\x1f", "\x0b",
    "\ufeff", "\0", "NA", "null", "0x1F", "\u2028", "-", "x" * 70,
])  # fmt: skip
CELLS = st.sampled_from([
    "", "", "a", "07", "NA", "null", "nan", "é", " s ", "x" * 70, "\x1f", "\ufeff", "\ufeffa", "\0", "a\rb",
    '"q"', '""', '"d""d"', '"a,b"', '"a::b"', '"a\nb"', '"a\r\nb"', '"a\rb"', '5" x', '"x"y', '"x" ', ' "x"', '"', '"""',
    '""""', "'q'", "'a,b'", "'x'y", "\\", '\\"', '"a\\"b"', "a\\,b", "a\\b",
])  # fmt: skip
ENDS = st.sampled_from(["\n"] * 8 + ["\r\n", "\r\n", "\r", "\n\n", "\r\n\r\n"])
# mostly of two fields, as the header says
ROWS = st.lists(st.tuples(CELLS, CELLS, ENDS), max_size=6)
LINES = st.lists(
    st.tuples(*[st.sampled_from(["", "a", "07", '"q"', '"a,b"', '"d""d"', "NA", "é", " s "])] * 2)
)


def reading(path: Path, settings: dict[str, Any]) -> Any:
    """What is read, or how it is refused."""
    try:
        return read_delimited(path, COLUMNS, **settings)
    except DataError as error:
        return str(error)


def assert_both_agree(path: Path, settings: dict[str, Any], *, fast: bool = False) -> None:
    """`fast`: the strict reader is not needed."""
    with pytest.MonkeyPatch.context() as patch:
        if fast:
            patch.setattr(text_file.TextFile, "_strict", None)
        found = reading(path, settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_file, "vouched_chunks", refuse)
        expected = reading(path, settings)
    if isinstance(expected, str):
        assert found == expected
    else:
        pd.testing.assert_frame_equal(found, expected, check_index_type=False)
        assert found.attrs == expected.attrs


@contextmanager
def in_blocks(characters: int, piece: int) -> Iterator[None]:
    """The fast reader gets so many characters at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vouched, "BLOCK", characters)
        patch.setattr(vouched, "_PIECE", piece)
        yield


def refuse(*_: object, **__: object) -> None:
    raise vouched.NotVouchedError


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "sep": st.sampled_from([",", ";", "|", "\t", " ", "::", "é"]),
        "quote": st.sampled_from(["", "'"]),
        "escape": st.just("\\"),
        "multiline": st.booleans(),
        "names": st.sampled_from([("a", "b"), ("b", "a", "c")]),
        "encoding": st.sampled_from(["latin-1", "utf-16", "cp1252"]),
    },
)


@pytest.mark.fault("41b")
@settings(max_examples=600)
@given(
    st.lists(PIECES, max_size=30).map("".join) | ROWS,
    SETTINGS,
    st.sampled_from(["", "gzip", "zip"]),
    st.sampled_from([8, 40, 10**6]),
)
@example('1,"2"3\n', {}, "", 10**6)
@example("1,2\n\n3,4\n", {}, "", 10**6)
@example("1,2\n\r\n3,4\n", {}, "", 10**6)
@example("1,2\r3,4\n", {}, "", 10**6)
@example('1,"2\r3"\n', {}, "", 10**6)
@example('1,"2\n3",4\n', {}, "", 10**6)
@example('1,"2\n3"\n5,6\n', {"multiline": True}, "", 10**6)
@example("1,2\n\ufeff3,4\n", {}, "", 8)
@example('1,2"\n"3,"\n', {}, "", 10**6)
@example('1,2,"\n3",5\n', {}, "", 10**6)
@example('1,"a\\"b"\n', {"escape": "\\"}, "", 10**6)
@example("1,a\\b\n", {"escape": "\\"}, "", 10**6)
@example("1\x1f,2::3\n", {"sep": "::"}, "", 10**6)
@example("1\x1f2\n", {"sep": "::"}, "", 10**6)
@example("NA,nan\nnull,\n", {}, "", 10**6)
@example("1,2\n\n\n", {}, "gzip", 8)
@example('"x"::2\n', {"sep": "::"}, "", 10**6)
def test_both_readers_agree_on_anything(tmp_path_factory, content, options, packed, block):
    sep = options.get("sep", ",")
    if not isinstance(content, str):
        content = "".join(sep.join(cells) + end for *cells, end in content)
    header = "" if options.get("names") else f"a{sep}b\n"
    path = tmp_path_factory.mktemp("text") / "x.csv"
    path.write_bytes(packing(encoding_of(header + content, options), packed))
    with in_blocks(block, 3):
        assert_both_agree(path, options)


def test_a_header_line_that_ends_otherwise_hides_no_row(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a,b\rjunk\n1,2\n")
    assert_both_agree(tmp_path / "x.csv", {})
    assert_both_agree(tmp_path / "x.csv", {"quote": ""})


def encoding_of(content: str, options: dict[str, Any]) -> bytes:
    return content.encode(options.get("encoding", "utf-8"), "replace")


def packing(content: bytes, packed: str) -> bytes:
    if packed == "gzip":
        return gzip.compress(content)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("x.csv", content)
    return archive.getvalue() if packed else content


@settings(max_examples=100)
@given(LINES, st.sampled_from(["\n", "\r\n"]), st.sampled_from([40, 10**6]), st.booleans())
def test_what_people_write_is_read_fast(tmp_path_factory, rows, end, block, multiline):
    lines = [",".join(cells) for cells in [("a", "b"), *rows]]
    path = tmp_path_factory.mktemp("text") / "x.csv"
    path.write_bytes(end.join(lines).encode())
    with in_blocks(block, 16):
        assert_both_agree(path, {"multiline": multiline}, fast=True)


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("a::b\n1::it's\n", {"sep": "::"}),
        ('a\tb\n"1\t2"\n', {"sep": "\t", "quote": ""}),
        ("a,b\n'1,5',2\n", {"quote": "'"}),
        ("a,b\n" + "1,2\n" * 50_000, {}),
        ("a,b\n1," + "x" * 60_000 + "\n", {}),
        ("1,2\n3,4\n\n\n", {"names": ("a", "b")}),
        ("a§b\n1§2\n", {"sep": "§"}),
    ],
)
def test_each_form_of_text_is_read_fast(tmp_path, content, options):
    (tmp_path / "x.csv").write_bytes(content.encode())
    assert_both_agree(tmp_path / "x.csv", options, fast=True)


@pytest.mark.parametrize("length", [60_000, 131_000, 131_072, 131_073, 200_000])
@pytest.mark.parametrize("before", [0, 70_000])
def test_a_field_as_long_as_the_strict_reader_takes(tmp_path, length, before):
    rows = ["a,b", f"1,{'y' * before}", f"2,{'x' * length}", "3,4"]
    (tmp_path / "x.csv").write_text("\n".join(rows))
    assert_both_agree(tmp_path / "x.csv", {})


@pytest.mark.parametrize(
    "bad", [b"3,caf\xe9\n", b"3,\xed\xa0\x80\n", b"3,\xc0\xaf\n", b"3,4,\xff\n", b"\xff\n"]
)
def test_bytes_that_are_no_text_are_refused_alike_late_in_a_file(tmp_path, bad):
    (tmp_path / "x.csv").write_bytes(b"a,b\n" + b"1,2\n" * 9000 + bad)
    assert_both_agree(tmp_path / "x.csv", {})


def test_what_was_read_before_the_strict_reader_took_over_is_read_once(tmp_path):
    rows = [f"{row},x" for row in range(20_000)]
    rows[15_000] = '15000,5" tall'
    (tmp_path / "x.csv").write_text("\n".join(["a,b", *rows]))
    with in_blocks(1000, 100):
        found = read_delimited(tmp_path / "x.csv", COLUMNS)
    assert found["a"].tolist() == [str(row) for row in range(20_000)]
    assert found["b"][15_002] == '5" tall'
    assert_both_agree(tmp_path / "x.csv", {})
