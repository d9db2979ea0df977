"""The split step: what it leaves on disk, whole or not at all, and what it says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.splits.split import Split
from bench.job.splits import WITHHELD, open_split, write_split
from tests.datasets import make_interactions


@pytest.fixture
def written(tmp_path):
    """(split, what is read back of it, true labels)."""
    interactions = make_interactions(tmp_path / "data", users=12)
    role, cut = np.arange(12) % 3, interactions.user_ptr[1:] - 1
    split = Split(np.asarray(interactions.user_ptr), role.astype(np.uint8), cut, "cold", 0.3)
    write_split(split, interactions, tmp_path / "split")
    return split, open_split(tmp_path / "split", interactions), interactions.labels()


def test_a_split_is_read_back_as_it_was_written(written):
    split, (found, _), _ = written
    assert (found.role == split.role).all()
    assert (found.cut == split.cut).all()
    assert (found.setting, found.id_dropout) == ("cold", 0.3)


def test_test_users_query_labels_and_no_others_are_blanked(written):
    split, (_, labels), truth = written
    withheld = split.rows("test", "query")
    assert (labels[withheld] == WITHHELD).all()
    rest = np.setdiff1d(np.arange(len(labels)), withheld)
    assert (labels[rest] == truth[rest]).all()


def test_blocks_are_read_back_too(tmp_path):
    interactions = make_interactions(tmp_path / "data", users=12)
    ptr = np.asarray(interactions.user_ptr)
    split = Split(
        ptr,
        (np.arange(12) % 2).astype(np.uint8),
        ptr[1:] - 1,
        "warm",
        0.0,
        np.maximum(ptr[:-1], ptr[1:] - 2),
    )
    write_split(split, interactions, tmp_path / "split")
    found, labels = open_split(tmp_path / "split", interactions)
    assert found.in_blocks
    assert (found.train_cut == split.train_cut).all()
    assert np.flatnonzero(labels == WITHHELD).tolist() == (ptr[1:] - 1).tolist()
