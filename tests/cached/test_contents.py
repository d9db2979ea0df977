"""What lies in a cache, and what of it is the harness's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cached import Criteria, contents, is_cache, prune
from bench.cli import main
from bench.storage.in_use import touch
from bench.storage.kept import KeptFolder, commit_folder

HEX = "0123456789abcdef" * 2


def put(cache: Path, name: str, size: int = 1000) -> Path:
    """An entry of the cache, as the harness makes them."""
    path = cache / name
    if name.startswith(("data/", "steps/")):
        commit_folder(path, lambda work: _fill(work, size))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    return path


def _fill(work: Path, size: int) -> None:
    (work / "logits.npy").write_bytes(bytes(size))


OURS = (
    f"data/ml-{HEX[:24]}", f"steps/fit-{HEX}", f"steps/split-{HEX}", f"downloads/{HEX[:16]}-ml.zip", f"runs/{HEX}.json",
)  # fmt: skip


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    for name in OURS:
        put(tmp_path / "cache", name)
    return tmp_path / "cache"


def bench_cache(*arguments: Path | str) -> Result:
    return CliRunner().invoke(main, ["cache", *map(str, arguments)])


def test_each_entry_is_counted_with_its_size_and_last_use(cache: Path) -> None:
    found = contents(cache)
    assert {f"{one.room}/{one.path.name}" for one in found.entries} == set(OURS)
    assert all(1000 <= one.bytes < 1500 for one in found.entries)
    assert found.unknown == ()
    told = json.loads(bench_cache("info", "--cache-dir", cache, "--json").stdout)
    assert {room: of["entries"] for room, of in told["rooms"].items()} == {
        "data": 1, "steps": 2, "downloads": 1, "runs": 1,
    }  # fmt: skip
    assert [of["entries"] for of in told["unused"].values()] == [0, 0, 0]


def test_what_people_read_says_where_and_how_much(cache: Path) -> None:
    told = bench_cache("info", "--cache-dir", cache).stdout
    assert told.startswith(f"cache: {cache}\n")
    assert "steps               2        2." in told


@pytest.mark.parametrize(
    "name", ["notes.txt", "steps/mine", f"steps/fit-{HEX}x", "data/readme.md", f"steps/select-{HEX}", "photos/a.jpg"]
)  # fmt: skip
def test_what_the_harness_did_not_make_is_none_of_its_entries(cache: Path, name: str) -> None:
    """Also a folder of the right name without the digests that the harness writes into each."""
    path = cache / name
    path.parent.mkdir(exist_ok=True)
    if "select" in name:
        (path / "sub").mkdir(parents=True)
    else:
        path.write_text("mine")
    found = contents(cache)
    assert len(found.entries) == len(OURS)
    assert len(found.unknown) == 1
    told = bench_cache("prune", "--cache-dir", cache, "--max-size", "0")
    assert told.exit_code == 0
    assert path.exists()
    assert contents(cache).entries == ()


def test_a_link_is_no_entry(cache: Path, tmp_path: Path) -> None:
    elsewhere = put(tmp_path / "other", f"steps/fit-{HEX}")
    link = cache / "steps" / f"select-{HEX}"
    link.symlink_to(elsewhere)
    bench_cache("prune", "--cache-dir", cache, "--max-size", "0")
    assert link.is_symlink()
    assert (elsewhere / "logits.npy").exists()


@pytest.mark.parametrize("command", [("info",), ("prune", "--older-than", "0s")])
def test_a_folder_that_is_no_cache_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A home folder may well have folders `data` and `downloads`."""
    for name in ("letter.txt", "data/table.csv", "downloads/film.mp4", "steps/fit"):
        (tmp_path / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "home" / name).write_text("mine")
    told = bench_cache(*command, "--cache-dir", tmp_path / "home")
    assert told.exit_code == 2
    assert "is no cache of metaselector-bench" in told.stderr
    assert (tmp_path / "home" / "downloads" / "film.mp4").exists()


def test_a_cache_that_is_not_there_yet_is_empty_and_is_not_made(tmp_path: Path) -> None:
    assert is_cache(tmp_path / "none")
    told = bench_cache("info", "--cache-dir", tmp_path / "none")
    assert told.exit_code == 0
    assert bench_cache("prune", "--max-size", "0", "--cache-dir", tmp_path / "none").exit_code == 0
    assert not (tmp_path / "none").exists()


def test_a_cache_that_can_not_be_listed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    told = bench_cache("info", "--cache-dir", tmp_path)
    assert told.exit_code == 5
    assert told.stderr.startswith(f"cache {tmp_path}")
    assert "can't be read: Permission denied; make it readable" in told.stderr


def test_use_is_the_last_use(cache: Path) -> None:
    import os

    step = cache / "steps" / f"fit-{HEX}"
    os.utime(step, (1000, 1000))
    assert contents(cache).entries[1].used == 1000
    assert KeptFolder(step).damage() == ""
    assert contents(cache).entries[1].used > 1000
    touch(cache / "steps" / "nothing")
    assert not (cache / "steps" / "nothing").exists()


def test_what_a_step_printed_is_an_entry_beside_it(cache: Path) -> None:
    log = cache / "steps" / f"fit-{'a' * 32}.log"
    log.write_bytes(b"printed")
    found = contents(cache)
    assert log in {entry.path for entry in found.entries}
    assert log not in found.unknown
    pruned = prune(cache, Criteria(None, 0, frozenset()))
    assert log in {entry.path for entry in pruned.removed}
    assert not log.exists()
