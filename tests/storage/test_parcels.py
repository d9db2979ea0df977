"""Folders and files as bytes: the same content, the same bytes; and unpacked whole or not at all."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from bench.storage.parcels import pack, unpack


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    (folder / "inner" / "__pycache__").mkdir(parents=True)
    (folder / "inner" / "b.txt").write_text("b", "utf-8")
    (folder / "inner" / "__pycache__" / "b.pyc").write_bytes(b"compiled")
    (folder / "a.npy").write_bytes(b"a")
    (folder / "labels.npy").write_bytes(b"secret")
    return folder


def test_what_is_unpacked_is_what_was_packed_less_what_stays(made, tmp_path) -> None:
    unpack(pack(sorted(made.iterdir()), ["labels.npy"]), tmp_path / "there")
    files = {
        str(file.relative_to(tmp_path / "there")): file.read_text("utf-8")
        for file in (tmp_path / "there").rglob("*")
        if file.is_file()
    }
    assert files == {"a.npy": "a", "inner/b.txt": "b"}


def test_the_same_content_is_the_same_bytes_whoever_made_it_and_when(made) -> None:
    before = pack([made])
    os.utime(made / "a.npy", (1, 1))
    (made / "a.npy").chmod(0o600)
    assert pack([made]) == before
    (made / "a.npy").write_bytes(b"b")
    assert pack([made]) != before


def test_the_first_one_stays(made, tmp_path) -> None:
    unpack(pack(sorted(made.iterdir())), tmp_path / "there")
    (tmp_path / "there" / "mark").touch()
    unpack(pack(sorted(made.iterdir())), tmp_path / "there")
    assert (tmp_path / "there" / "mark").exists()


def test_half_a_parcel_leaves_nothing(made, tmp_path) -> None:
    parcel = pack(sorted(made.iterdir()))
    with pytest.raises((tarfile.TarError, OSError)):
        unpack(parcel[:700], tmp_path / "there")
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("name", ["../out", "/tmp/out"])
def test_no_name_leads_out(tmp_path, name) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    if name.startswith(".."):
        with pytest.raises(tarfile.TarError):
            unpack(content.getvalue(), tmp_path / "there")
    else:  # read as below the folder
        unpack(content.getvalue(), tmp_path / "there")
        assert (tmp_path / "there" / "tmp" / "out").exists()
    assert not (tmp_path / "out").exists()


def test_a_link_is_no_way_out(tmp_path) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    with pytest.raises(tarfile.TarError):
        unpack(content.getvalue(), tmp_path / "there")
