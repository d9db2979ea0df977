"""Large arrays lie in files without a name, and are arrays like any other."""

import errno
import mmap
import os

import numpy as np
import pytest
import torch

from bench.data import paged
from bench.data.paged import blocks, copied, new_array, paging, read_only
from bench.errors import StorageError


@pytest.fixture
def paged_at_once(tmp_path, monkeypatch):
    """Where every array is large."""
    monkeypatch.setattr(paged, "LARGE", 1)
    with paging(tmp_path):
        yield tmp_path


def lies_in_a_file(values):
    while isinstance(values, np.ndarray):
        values = values.base
    return isinstance(values.obj if isinstance(values, memoryview) else values, mmap.mmap)


@pytest.mark.parametrize("make", [copied, read_only], ids=["copied", "read_only"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_copy_in_a_file_holds_the_same(paged_at_once, make, order):
    values = np.asarray(np.arange(6, dtype=np.float32).reshape(2, 3), order=order)
    copy = make(values)
    assert lies_in_a_file(copy)
    np.testing.assert_array_equal(copy, values)
    assert copy.dtype == values.dtype
    assert not np.shares_memory(copy, values)
    assert not list(paged_at_once.iterdir()), "its file has no name"


def test_a_new_array_is_of_zeros_and_can_be_written_to(paged_at_once):
    found = new_array((2, 3), np.int32)
    assert lies_in_a_file(found)
    assert found.tolist() == [[0, 0, 0], [0, 0, 0]]
    found[1] = 7
    assert found.tolist() == [[0, 0, 0], [7, 7, 7]]


def test_what_is_read_only_can_not_be_made_writable(paged_at_once):
    handed = read_only(np.arange(3))
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        handed.flags.writeable = True


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_who_writes_to_it_all_the_same_writes_to_nobody_else_s(paged_at_once):
    own = read_only(np.arange(3))
    handed = read_only(own)
    torch.from_numpy(handed).fill_(9)
    assert handed.tolist() == [9, 9, 9]
    assert own.tolist() == [0, 1, 2]


def test_small_arrays_and_those_of_nobody_s_step_are_plain_memory(tmp_path, monkeypatch):
    with paging(tmp_path):
        assert not lies_in_a_file(new_array(3, np.int64))
    monkeypatch.setattr(paged, "LARGE", 1)
    assert not lies_in_a_file(new_array(3, np.int64))
    assert not lies_in_a_file(read_only(np.arange(3)))


def test_no_room_on_disk_is_told_before_a_page_is_written(tmp_path):
    with paging(tmp_path), pytest.raises(StorageError, match=r"cache .*: can't be written: "):
        new_array(2**60, np.uint8)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rows", [0, 1, 4, 5, 8])
def test_blocks_hold_every_row_once_in_order(rows, monkeypatch):
    monkeypatch.setattr(paged, "BLOCK", 4)
    parts = list(blocks(rows))
    assert [row for part in parts for row in range(part.start, part.stop)] == list(range(rows))
    assert all(0 < part.stop - part.start <= 4 for part in parts)


def test_a_file_system_that_takes_no_place_beforehand_is_written_to(paged_at_once, monkeypatch):
    def refused(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", refused)
    found = new_array(5, np.int64)
    found[:] = 3
    assert found.tolist() == [3] * 5
