"""The fix that an error names is that of its own kind."""

from __future__ import annotations

import errno
import os

import pytest

from bench.storage.remedy import remedy


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "free some space, or write elsewhere"),
        (errno.EDQUOT, "free some space, or write elsewhere"),
        (errno.EACCES, "make its folder writable, or write elsewhere"),
        (errno.EISDIR, "move the folder of that name away, or write elsewhere"),
        (
            errno.ENOTDIR,
            "move the file that is in the place of its folder away, or write elsewhere",
        ),
        (errno.EROFS, "write elsewhere"),
        (errno.EIO, "write elsewhere"),
        (errno.ENAMETOOLONG, "write elsewhere"),
    ],
)
def test_each_kind_has_its_own_fix(number: int, told: str) -> None:
    assert remedy(OSError(number, os.strerror(number)), "write elsewhere") == told


def test_an_error_without_a_number_says_to_write_elsewhere() -> None:
    assert remedy(OSError("odd"), "write elsewhere") == "write elsewhere"
