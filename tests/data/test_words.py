"""A column in parts as distinct words, as plain numbers, in a room on disk: the same as in one piece."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.tables import numbers, room, words
from bench.data.tables.plain_numbers import plain_numbers
from bench.data.tables.raw import RawTable
from bench.data.tables.room import InMemory, OnDisk
from bench.data.tables.words import distinct

CELLS = st.lists(st.lists(st.none() | st.sampled_from(["", "a", "b", "é", "07"])), min_size=1)
NUMBERS = st.sampled_from(
    [
        "0",
        "-0",
        "7",
        "007",
        "-12",
        "0.1",
        ".5",
        "5.",
        "-.5",
        "9" * 18,
        "9007199254740993",
        "-" + "9" * 17,
    ]
)
ODD = st.sampled_from(
    [
        "",
        "+1",
        " 1",
        "1e3",
        "9" * 19,
        "--1",
        "1-2",
        ".",
        "-",
        "1.2.3",
        "0x1F",
        "NaN",
        "inf",
        "٣",
        "1_000",
        "1,5",
    ]
)


@settings(max_examples=200)
@given(CELLS, st.booleans(), st.sampled_from([0, 2, 10**6]))
def test_words_and_codes_say_each_cell(parts, as_dictionary, held):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_HELD", held)
        chunks = [pa.array(part, pa.large_string()) for part in parts]
        given = [chunk.dictionary_encode() for chunk in chunks] if as_dictionary else chunks
        cells = [cell for part in parts for cell in part]
        found = distinct(given, len(cells))
    assert found.words.take(pa.array(found.codes)).to_pylist() == cells
    assert sorted(found.words.to_pylist(), key=str) == sorted(set(cells), key=str)
    assert found.codes.dtype == np.int32
    if cells:
        keep = np.arange(len(cells)) % 2 == 0
        half = found.where(keep)
        assert half.words.take(pa.array(half.codes)).to_pylist() == cells[::2]
        assert sorted(half.words.to_pylist(), key=str) == sorted(set(cells[::2]), key=str)


def test_a_dictionary_may_hold_words_that_no_row_has_and_a_word_twice():
    cells = pa.DictionaryArray.from_arrays(
        pa.array([3, 1, None, 0]), pa.array(["a", "b", "c", "a"])
    )
    found = distinct([cells], 4)
    assert found.words.to_pylist() == ["a", "b", None]
    assert found.codes.tolist() == [0, 1, 2, 0]


def test_words_that_become_equal_are_one():
    found = distinct([pa.array(["x", None, "y", ""])], 4)
    filled = found.with_words(found.words.fill_null(""))
    assert filled.words.take(pa.array(filled.codes)).to_pylist() == ["x", "", "y", ""]
    assert len(filled.words) == 3


@settings(max_examples=200)
@given(
    st.lists(st.lists(st.none() | NUMBERS | ODD, max_size=4), min_size=1, max_size=4), st.booleans()
)
def test_plain_numbers_are_what_the_pattern_and_the_parser_say(parts, as_dictionary):
    chunks = [pa.array(part, pa.large_string()) for part in parts]
    cells = pa.concat_arrays(chunks)
    given = [chunk.dictionary_encode() for chunk in chunks] if as_dictionary else chunks
    plain = plain_numbers(given, len(cells))
    if plain is None:
        return
    expected = numbers._parsed(RawTable(None, "x"), "x", cells, "fix")  # type: ignore[arg-type]
    assert plain.missing.tolist() == expected.missing.tolist()
    np.testing.assert_array_equal(plain.values, expected.values.astype(plain.values.dtype))
    if any(cells.to_pylist()):
        assert plain.values.dtype == expected.values.dtype
    assert plain.longest == max((len(cell or "") for cell in cells.to_pylist()), default=0)


@settings(max_examples=50)
@given(st.lists(st.lists(NUMBERS, max_size=4), min_size=1, max_size=4))
def test_what_most_files_have_is_plain(parts):
    chunks = [pa.array(part, pa.large_string()) for part in parts]
    assert plain_numbers(chunks, sum(map(len, parts))) is not None


@pytest.mark.parametrize("kind", [InMemory, OnDisk])
def test_a_room_gives_back_what_was_kept(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "WINDOW", 3)
    place = OnDisk(tmp_path) if kind is OnDisk else InMemory()
    values = np.arange(10, dtype=np.int16)
    kept = place.keep((values[rows] for rows in room.windows(10)), values.dtype)
    assert kept.load().tolist() == values.tolist()
    assert [kept.part(rows).tolist() for rows in room.windows(10)][-1] == [9]
    assert kept.part(slice(3, 6)).tolist() == [3, 4, 5]
    assert place.keep(iter(()), values.dtype).load().tolist() == []
    matrix = place.finish("m", iter([np.ones((2, 3)), np.zeros((1, 3))]), np.dtype(float), (3, 3))
    assert matrix.tolist() == [[1.0] * 3, [1.0] * 3, [0.0] * 3]
    shelf = place.shelf()
    arrays = [pa.array(["a", None]), pa.array([]), pa.array(["b", "b"]).dictionary_encode()]
    for cells in arrays:
        shelf.append(cells)
    assert [cells.type for cells in shelf] == [cells.type for cells in arrays]
    assert [cells.to_pylist() for cells in shelf] == [["a", None], [], ["b", "b"]]


def test_an_array_on_disk_is_the_file_that_numpy_writes(tmp_path):
    values = np.arange(12, dtype=np.int32).reshape(6, 2)
    OnDisk(tmp_path).finish("own", [values[:5], values[5:]], values.dtype, values.shape)
    np.save(tmp_path / "numpy.npy", values)
    assert (tmp_path / "own.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()


@settings(max_examples=100)
@given(st.lists(st.integers(0, 5)), st.integers(1, 4))
def test_counts_of_codes(codes, window):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "WINDOW", window)
        counts = room.counts_of(np.array(codes, dtype=np.int32), 6)
    assert counts.tolist() == [codes.count(code) for code in range(6)]
