"""The split step: what it leaves on disk, whole or not at all, and what it says of itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.split import Split
from bench.run.splits import WITHHELD, commit_folder, open_split, split_summary, write_split
from tests.data.rows_oracle import described, splits
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


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    def fail(folder):
        (folder / "half").touch()
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        commit_folder(tmp_path / "steps" / "made", fail)
    assert list((tmp_path / "steps").iterdir()) == []


def test_the_first_writer_of_a_folder_wins(tmp_path):
    for text in ("first", "second"):
        commit_folder(tmp_path / "made", lambda folder, text=text: (folder / "file").write_text(text))
    assert (tmp_path / "made" / "file").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


@settings(deadline=None, max_examples=60)
@given(splits(), st.data())
def test_the_summary_counts_rows_and_users_cut_inside_a_tie(split, data):
    n = int(split.user_ptr[-1])
    order = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    summary = split_summary(split, order)
    rows = list(described(split))
    for letter, role in zip("TVE", ("train", "valid", "test"), strict=True):
        assert summary["users"][role] == len({row.user for row in rows if row.role == letter})
        for part in ("support", "query"):
            expected = sum(row.role == letter and row.query == (part == "query") for row in rows)
            assert summary["rows"][role][part] == expected
    inside = [
        start < cut < stop and order[cut - 1] == order[cut]
        for (start, stop), cut in zip(itertools.pairwise(split.user_ptr.tolist()), split.cut.tolist(), strict=True)
    ]
    assert summary["tie_share"] == sum(inside) / len(inside)


def test_without_an_order_there_are_no_ties(written):
    assert split_summary(written[0], None)["tie_share"] is None
