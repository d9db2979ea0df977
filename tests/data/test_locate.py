"""Files of a suite lie below the suite's folder or the data folder; nothing leads out of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.data.prepared.locate import find, location, public
from bench.errors import DataError
from bench.interfaces import Source


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    """suite/ and data/ with a file each, and a secret beside them."""
    for name in ("suite", "data/ml"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "suite/x.csv").write_text("suite")
    (tmp_path / "data/x.csv").write_text("data")
    (tmp_path / "data/ml/y.csv").write_text("y")
    (tmp_path / "secret.csv").write_text("secret")
    return [tmp_path / "suite", tmp_path / "data"]


def local(*members: str, name: str = "") -> Source:
    return Source(name, "", "", members)


def test_the_suites_folder_comes_before_the_data_folder(roots):
    assert find(local("x.csv"), roots) == {"x.csv": roots[0] / "x.csv"}
    assert find(local("x.csv"), roots[1:]) == {"x.csv": roots[1] / "x.csv"}
    assert find(local("y.csv", name="ml"), roots) == {"y.csv": roots[1] / "ml/y.csv"}


def test_what_is_missing_is_said(roots):
    assert find(local("x.csv"), []) == "no data folder is given"
    found = find(local("y.csv", "z.csv", name="ml"), roots)
    assert found == f"no file ml/z.csv below {roots[0]} or {roots[1]}"


def test_the_data_folder_may_be_reached_by_any_path(roots):
    for path in ("../data/x.csv", str(roots[1] / "x.csv")):
        assert find(local(path), roots) == {path: roots[1] / "x.csv"}


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    "path",
    [
        "../secret.csv",
        "../../etc/passwd",
        "/etc/passwd",
        "/no/such/file",
        "link.csv",
        "folder/secret.csv",
    ],
)
def test_paths_that_lead_out_are_refused_whether_or_not_there_is_a_file(roots, path):
    (roots[0] / "link.csv").symlink_to(roots[0].parent / "secret.csv")
    (roots[0] / "folder").symlink_to(roots[0].parent)
    with pytest.raises(
        DataError,
        match=rf"^{path}: leads out of .*suite and .*data; move the file there, or give its folder",
    ):
        find(local(path), roots)


@pytest.mark.fault(39)
def test_only_regular_files_are_read(roots):
    os.mkfifo(roots[0] / "pipe.csv")
    for path in ("pipe.csv", "."):
        with pytest.raises(DataError, match=r": is not a regular file"):
            find(local(path), roots)
    with pytest.raises(DataError, match=r"^/dev/zero: leads out of"):
        find(local("/dev/zero"), roots)


@pytest.mark.fault(43)
def test_a_name_too_long_is_an_error_of_one_line(roots):
    with pytest.raises(DataError, match=r"^x{80}: File name too long$"):
        find(local("x" * 5000), roots)


@pytest.mark.fault(44)
def test_a_location_shows_no_secret():
    assert location(local("a.csv", "b.csv", name="ml")) == "ml/a.csv, ml/b.csv"
    assert public("https://me:pass@host:1/a/b.zip?token=t#f") == "https://host:1/a/b.zip"
    assert (
        location(Source("pages", "https://me@host/b.zip?t", "", ())) == "pages (https://host/b.zip)"
    )
    assert location(Source("wheel", "pip://name==1.0", "", ())) == "wheel (pip://name==1.0)"
