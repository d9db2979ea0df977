"""What a killed process leaves is swept; what a living one writes is not."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from bench.records import atomic
from bench.storage.temporary import sweep, temporary_folder, temporary_name

HELD = {
    "folder": """
import sys
from pathlib import Path
from bench.storage.temporary import temporary_folder
with temporary_folder(Path(sys.argv[1]) / "made") as folder:
    (folder / "half").touch()
    print("held", flush=True)
    sys.stdin.read()
""",
    "file": """
import os, sys
from pathlib import Path
from bench.records import atomic
os.fsync = lambda descriptor: (print("held", flush=True), sys.stdin.read())
atomic.write_once(Path(sys.argv[1]) / "a.json", b"half")
""",
}


@pytest.fixture(params=HELD)
def writer(request, tmp_path):
    """A process in the middle of writing a folder, or a record."""
    command = [sys.executable, "-c", HELD[request.param], str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.send_signal(signal.SIGKILL)


@pytest.mark.fault(26)
def test_what_a_living_process_writes_is_not_swept(writer, tmp_path):
    (before,) = tmp_path.iterdir()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [before]


@pytest.mark.fault(26)
def test_what_a_killed_process_left_is_swept(writer, tmp_path):
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert len(list(tmp_path.iterdir())) == 1
    others = ["kept.json", ".mine.tmp", "half.0123456789abcdef0123456789abcdef.tmp"]
    for name in others:
        (tmp_path / name).touch()
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(others)


def test_nothing_is_swept_where_there_is_no_folder(tmp_path):
    sweep(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (tmp_path / "cache").mkdir()
    temporary_name(tmp_path / "cache" / "made").symlink_to(tmp_path / "elsewhere")
    sweep(tmp_path / "cache")
    assert (tmp_path / "elsewhere" / "file").exists()


def test_no_two_names_are_the_same(tmp_path):
    """Two containers have processes of one number, over one cache."""
    names = {temporary_name(tmp_path / "made") for _ in range(100)}
    assert len(names) == 100
    assert {name.parent for name in names} == {tmp_path}


def test_two_may_write_one_folder_at_once(tmp_path):
    with temporary_folder(tmp_path / "made") as one, temporary_folder(tmp_path / "made") as other:
        (one / "file").touch()
        assert list(other.iterdir()) == []
        assert (one / "file").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_record_leaves_nothing_beside_it(tmp_path):
    assert atomic.write_once(tmp_path / "a.json", b"{}")
    assert not atomic.write_once(tmp_path / "a.json", b"other")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
