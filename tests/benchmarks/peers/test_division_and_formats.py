"""The same rows, whatever a library reads them from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.peers.division import Division, Part, generated
from benchmarks.peers.drivers import ours
from benchmarks.peers.drivers.common import read_division, read_part
from benchmarks.peers.formats import FORMATS, write_arrays, write_formats
from tests.benchmarks.peers.jobs import job_of


@pytest.fixture(scope="module")
def division() -> Division:
    return generated(500, 300, seed=1)


@pytest.fixture(scope="module")
def folder(division, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    write_arrays(division, folder)
    write_formats(division, folder, FORMATS)
    return folder


def test_generated_rows(division):
    assert (len(division.train), len(division.test)) == (400, 100)
    for part in (division.train, division.test):
        assert (part.codes >= 0).all()
        assert (part.codes < division.sizes).all()
        assert set(part.labels) == {0, 1}
    again = generated(500, 300, seed=1)
    np.testing.assert_array_equal(again.train.codes, division.train.codes)
    assert not np.array_equal(generated(500, 300, seed=2).train.labels, division.train.labels)


def test_labels_follow_the_rows():
    """What is planted can be learned: rows of one item are more alike than rows of any."""
    made = generated(20_000, 300)
    rates = pd.Series(made.train.labels).groupby(made.train.codes[:, 1]).mean()
    chance = made.train.labels.mean()
    assert rates.std() > 2 * np.sqrt(chance * (1 - chance) / (16_000 / len(rates)))


def test_drivers_read_what_was_written(division, folder):
    for name, part in (("train", division.train), ("test", division.test)):
        codes, labels = read_part(folder, name)
        np.testing.assert_array_equal(codes, part.codes)
        np.testing.assert_array_equal(labels, part.labels)
    told = read_division(folder)
    assert (told["train_rows"], told["sizes"]) == (400, list(division.sizes))


def entries(division: Division, part: Part) -> np.ndarray:
    """Numbered over all fields from 1."""
    return part.codes + 1 + np.cumsum([0, *division.sizes[:-1]])


def test_libsvm_and_libffm(division, folder):
    for name, part in (("train", division.train), ("test", division.test)):
        svm = [line.split() for line in (folder / f"{name}.libsvm").read_text().splitlines()]
        ffm = [line.split() for line in (folder / f"{name}.libffm").read_text().splitlines()]
        assert [int(words[0]) for words in svm] == part.labels.tolist()
        assert [int(words[0]) for words in ffm] == part.labels.tolist()
        pairs = [[word.split(":") for word in words[1:]] for words in svm]
        assert [[int(entry) for entry, _ in row] for row in pairs] == entries(
            division, part
        ).tolist()
        triples = [[word.split(":") for word in words[1:]] for words in ffm]
        assert [[int(entry) for _, entry, _ in row] for row in triples] == entries(
            division, part
        ).tolist()
        assert {tuple(field for field, _, _ in row) for row in triples} == {
            tuple(str(field) for field in range(len(division.fields)))
        }


def test_vowpal_wabbit(division, folder):
    lines = (folder / "test.vw").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == (
        2 * division.test.labels.astype(int) - 1
    ).tolist()
    spaces = [[space.split() for space in line.split("|")[1:]] for line in lines]
    assert [[int(code) for _, code in row] for row in spaces] == division.test.codes.tolist()
    assert {tuple(letter for letter, _ in row) for row in spaces} == {tuple("abcdefgh")}


def test_recbole(division, folder):
    frame = pd.read_csv(folder / "peers" / "peers.train.inter", sep="\t")
    assert list(frame) == [*(f"{field}:token" for field in division.fields), "label:float"]
    np.testing.assert_array_equal(frame.to_numpy()[:, :-1], division.train.codes)
    np.testing.assert_array_equal(frame["label:float"], division.train.labels)


def test_rows_are_prepared_as_a_table_of_the_users(division, folder):
    interactions, training, tested = ours._open(job_of(folder))
    for rows, part in ((training, division.train), (tested, division.test)):
        places = np.asarray(interactions.order)[rows.index] - (0 if rows is training else 400)
        np.testing.assert_array_equal(np.sort(places), np.arange(len(part)))
        # the same rows share a code exactly where they share an entry
        for number, field in enumerate(division.fields):
            pairs = set(
                zip(rows.codes(field).tolist(), part.codes[places, number].tolist(), strict=True)
            )
            assert (
                len(pairs) == len({code for code, _ in pairs}) == len({code for _, code in pairs})
            )
    np.testing.assert_array_equal(
        training.labels, division.train.labels[np.asarray(interactions.order)[training.index]]
    )
    assert tested.labels is None
