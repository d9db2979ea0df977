"""The kit's dataset holds what real data springs on a plugin, and no label that a plugin could look up."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.views.rows import View
from bench.testing.synthetic import MODELS, STRANGER, make_prepared, make_tasks


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return make_prepared(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def rows(prepared):
    return View(prepared.interactions, np.arange(len(prepared.interactions)))


def test_bags_are_empty_single_and_longer(rows):
    assert set(np.diff(rows.bags("tags")[0])) == {0, 1, 2, 3}


def test_numbers_are_missing_in_part(rows):
    assert 0.05 < np.isnan(rows.values("price")).mean() < 0.3


def test_every_code_lies_within_its_field(rows, prepared):
    for field in ("user_id", "item_id", "segment"):
        assert (
            0
            <= rows.codes(field).min()
            <= rows.codes(field).max()
            < prepared.interactions.sizes[field]
        )
    assert (
        0
        <= rows.bags("tags")[1].min()
        <= rows.bags("tags")[1].max()
        < prepared.interactions.sizes["tags"]
    )


def test_the_last_user_alone_is_unknown_in_every_field(rows):
    stranger = rows.users == STRANGER
    for field in ("user_id", "item_id", "segment"):
        assert ((rows.codes(field) == 0) == stranger).all()
    own = rows.take(stranger)
    assert np.isnan(own.values("price")).all()
    assert set(own.bags("tags")[1]) == {0}


def test_labels_are_of_both_classes_and_in_no_file(prepared):
    assert 0.2 < prepared.labels.mean() < 0.8
    assert not (prepared.interactions.folder / "labels.npy").exists()
    with pytest.raises(PermissionError):
        prepared.interactions.labels()


def test_a_seed_gives_one_dataset(prepared, tmp_path):
    again = make_prepared(tmp_path)
    assert again.labels.tobytes() == prepared.labels.tobytes()
    for file in prepared.interactions.folder.iterdir():
        assert file.read_bytes() == (tmp_path / file.name).read_bytes()


def test_tasks_have_the_support_asked_for_and_withhold_query_labels(prepared):
    users, support = np.array([3, 7, STRANGER]), np.array([0, 4, 100])
    tasks = make_tasks(prepared, users, support, None)
    rows = np.diff(prepared.interactions.user_ptr)[users]
    assert np.diff(tasks.support_ptr).tolist() == [0, 4, rows[2] - 1], (
        "one row is left for the query"
    )
    assert np.diff(tasks.query_ptr).tolist() == [4, min(4, rows[1] - 4), 1]
    assert tasks.query.labels is None
    assert (tasks.support.labels == prepared.labels[tasks.support.index]).all()
    assert not set(tasks.support.index) & set(tasks.query.index)
    assert tasks.support_base_logits.shape == (len(tasks.support), len(MODELS))


def test_query_labels_are_the_ones_given(prepared):
    flipped = 1 - prepared.labels
    tasks = make_tasks(prepared, np.array([3, 7]), np.array([2, 2]), flipped)
    assert (tasks.query.labels == flipped[tasks.query.index]).all()
    assert (tasks.support.labels == prepared.labels[tasks.support.index]).all()
