"""A folder of the cache: whole or not there, by whoever wrote it; and what is read back of it is what was written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.errors import DamagedCacheError, StorageError
from bench.storage.kept import DIGESTS, KeptFolder, commit_folder, discard
from bench.storage.trouble import blamed, check_writable, writing


def fill(text: str = "first"):
    def fill(folder: Path) -> None:
        np.save(folder / "array.npy", np.arange(100))
        (folder / "about.json").write_text(json.dumps({"text": text}), "utf-8")

    return fill


@pytest.fixture
def folder(tmp_path):
    commit_folder(tmp_path / "made", fill())
    return tmp_path / "made"


def text_of(folder: Path) -> str:
    return KeptFolder(folder).json("about.json")["text"]


def test_what_was_written_is_read_back(folder):
    kept = KeptFolder(folder)
    assert kept.array("array").tolist() == list(range(100))
    assert kept.json("about.json") == {"text": "first"}
    assert kept.file("about.json") == folder / "about.json"
    assert "array.npy" in kept
    assert "other.npy" not in kept
    assert (kept.damage(), kept.looks_whole()) == ("", True)
    assert [path.name for path in folder.parent.iterdir()] == ["made"]


def zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def lengthen(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0")


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("file", "damage", "what", "looks"),
    [
        ("array.npy", zero, "array.npy is truncated or changed: its sha256 is another", True),
        ("array.npy", truncate, "array.npy is truncated or changed: its sha256 is another", False),
        ("array.npy", lengthen, "array.npy is truncated or changed: its sha256 is another", False),
        ("array.npy", Path.unlink, "array.npy is missing", False),
        ("about.json", zero, "about.json is truncated or changed: its sha256 is another", True),
        (DIGESTS, zero, f"{DIGESTS} is truncated or edited", False),
        (DIGESTS, truncate, f"{DIGESTS} is truncated or edited", False),
        (DIGESTS, Path.unlink, f"{DIGESTS} is missing", False),
    ],
)
def test_damage_is_found_and_named(folder, file, damage, what, looks):
    damage(folder / file)
    assert KeptFolder(folder).damage() == what
    assert KeptFolder(folder).looks_whole() == looks
    name = "array.npy" if file == DIGESTS else file
    with pytest.raises(
        DamagedCacheError, match=rf"^cache {folder}: {what}; run again: .*--cache-dir"
    ):
        KeptFolder(folder).file(name)


def test_digests_that_were_edited_to_fit_are_refused(folder):
    digests = json.loads((folder / DIGESTS).read_text("utf-8"))
    del digests["files"]["array.npy"]
    (folder / DIGESTS).write_text(json.dumps(digests), "utf-8")
    assert KeptFolder(folder).damage() == f"{DIGESTS} is truncated or edited"


def test_a_file_that_was_never_written_is_not_read(folder):
    np.save(folder / "extra.npy", np.zeros(3))
    assert KeptFolder(folder).damage() == ""
    with pytest.raises(DamagedCacheError, match=r"extra\.npy is not among the files"):
        KeptFolder(folder).array("extra")


# -- who writes it


def test_the_first_writer_of_a_whole_folder_wins(folder):
    commit_folder(folder, fill("second"))
    assert text_of(folder) == "first"
    assert [path.name for path in folder.parent.iterdir()] == ["made"]


@pytest.mark.parametrize("file", ["about.json", "array.npy", DIGESTS])
def test_a_folder_that_is_not_whole_is_replaced(folder, file):
    (folder / file).unlink()
    commit_folder(folder, fill("second"))
    assert text_of(folder) == "second"
    assert [path.name for path in folder.parent.iterdir()] == ["made"]


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
def test_an_empty_folder_or_a_file_in_its_place_is_replaced(tmp_path, make):
    make(tmp_path / "made")
    commit_folder(tmp_path / "made", fill("second"))
    assert text_of(tmp_path / "made") == "second"


@pytest.mark.fault(27)
def test_the_loser_of_a_race_accepts_what_the_winner_wrote_meanwhile(tmp_path):
    def lose(folder: Path) -> None:
        commit_folder(tmp_path / "made", fill("winner"))
        fill("loser")(folder)

    commit_folder(tmp_path / "made", lose)
    assert text_of(tmp_path / "made") == "winner"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


RACE = """
import sys
from pathlib import Path
import numpy as np
from bench.storage.kept import commit_folder
sys.stdin.readline()
for number in range(40):
    commit_folder(
        Path(sys.argv[1]) / f"made-{number}", lambda folder: np.save(folder / "array.npy", np.arange(1000))
    )
"""


@pytest.mark.fault(27)
def test_processes_that_write_the_same_folders_at_once_all_end_well(tmp_path):
    command = [sys.executable, "-c", RACE, str(tmp_path)]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(3)]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate()
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert len(list(tmp_path.iterdir())) == 40
    assert {KeptFolder(made).damage() for made in tmp_path.iterdir()} == {""}


@pytest.mark.fault(29)
def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    def fail(folder):
        (folder / "half").touch()
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        commit_folder(tmp_path / "steps" / "made", fail)
    assert list((tmp_path / "steps").iterdir()) == []


def test_what_is_discarded_is_gone_and_may_be_gone_before(folder):
    discard(folder)
    discard(folder)
    assert list(folder.parent.iterdir()) == []


# -- trouble


def test_a_cache_that_can_not_be_written_is_named_with_the_fix(tmp_path):
    (tmp_path / "file").touch()
    cache = tmp_path / "file" / "cache"
    with pytest.raises(
        StorageError,
        match=rf"^cache {cache}: can't be written: Not a directory; move .*, or choose another folder with --cache-dir",
    ):
        check_writable(cache)


def test_an_error_of_numpy_without_a_number_is_a_full_disk(tmp_path):
    full = r"No space left on device .*; free some space, or"
    with pytest.raises(StorageError, match=full), writing(tmp_path):
        raise OSError("100 requested and 60 written")


def test_who_is_blamed_for_an_error(tmp_path):
    own, value = FileNotFoundError(2, "No such file", "settings.csv"), ValueError("wrong")
    assert blamed(own, tmp_path) is own
    assert blamed(value, tmp_path / "gone") is value
    assert isinstance(blamed(own, tmp_path / "gone"), StorageError)
    assert list(tmp_path.iterdir()) == []
