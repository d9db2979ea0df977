"""Preparing: once, from the first source that serves, into a cache that is never trusted blindly."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bench.data import Interactions, cache_dir, prepare
from bench.errors import DataError, DownloadError, StorageError
from bench.interfaces import Source
from tests.data.toy import CSV, Toy, archive, toy_from

pytestmark = pytest.mark.usefixtures("no_data_folder")
ARCHIVE = archive({"toy/clicks.csv": CSV})
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data/toy").mkdir(parents=True)
    (tmp_path / "data/toy/clicks.csv").write_text(CSV)
    return tmp_path / "data"


def remote(url: str, sha256: str = SHA256, name: str = "site") -> Source:
    return Source(name, url, sha256, ("toy/clicks.csv",))


def prepare_toy(data: Path | None, cache: Path, said: list[str] | None = None) -> Interactions:
    return prepare(
        Toy(Toy.Params()),
        data_dir=data,
        cache=cache,
        report=[].append if said is None else said.append,
    )


def test_a_dataset_is_prepared_once_and_says_where_from(data, cache):
    said: list[str] = []
    first, second = (prepare_toy(data, cache, said) for _ in range(2))
    assert said == [
        "toy: prepared from toy/clicks.csv",
        "toy: already prepared, from toy/clicks.csv",
    ]
    assert first.folder == second.folder
    assert len(first) == 40
    assert first.meta["name"] == "toy"
    assert first.meta["source"] == {
        "name": "toy",
        "sha256": {"clicks.csv": hashlib.sha256(CSV.encode()).hexdigest()},
    }
    assert list((cache / "data").iterdir()) == [first.folder]


def test_the_environment_names_the_data_folder(data, cache, monkeypatch):
    monkeypatch.setenv("BENCH_DATA", str(data))
    assert len(prepare_toy(None, cache)) == 40


@pytest.mark.fault(28)
def test_other_content_is_another_folder_and_the_same_content_the_same_digest(
    data, cache, tmp_path
):
    first = prepare_toy(data, cache)
    header, *rows = CSV.splitlines()
    (data / "toy/clicks.csv").write_text("\n".join([header, *rows[::-1]]))
    reordered = prepare_toy(data, cache)
    assert reordered.folder != first.folder
    assert reordered.digest == first.digest
    (data / "toy/clicks.csv").write_text(CSV + "u9,i0,1,99\n")
    assert prepare_toy(data, cache).digest != first.digest


@pytest.mark.fault(28)
def test_changed_code_of_a_plugin_prepares_anew(data, cache, tmp_path):
    file = tmp_path / "my_toy.py"
    folders = set()
    for version in range(2):
        file.write_text(
            f"from tests.data.toy import Toy\nclass MyToy(Toy):\n    version = {version}\n"
        )
        spec = importlib.util.spec_from_file_location("my_toy", file)
        sys.modules["my_toy"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        folders.add(prepare(module.MyToy(module.MyToy.Params()), data_dir=data, cache=cache).folder)
    del sys.modules["my_toy"]
    assert len(folders) == 2


def flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "items.npy").read_bytes())
    content[-1] ^= 1
    (folder / "items.npy").write_bytes(content)


def truncate(folder: Path) -> None:
    path = folder / "categorical.npy"
    path.write_bytes(path.read_bytes()[:-8])


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    "damage",
    [
        flip_a_byte,
        truncate,
        lambda folder: (folder / "meta.json").write_text('{"digest": "'),
        lambda folder: (folder / "meta.json").unlink(),
        lambda folder: (folder / "labels.npy").write_bytes(b""),
        lambda folder: (folder / "user_ids.parquet").unlink(),
        lambda folder: (folder / "item_ids.parquet").write_bytes(
            (folder / "user_ids.parquet").read_bytes()
        ),
        lambda folder: (folder / "digests.json").unlink(),
    ],
)
def test_a_damaged_cache_is_set_aside_and_made_again_once(data, cache, damage):
    first = prepare_toy(data, cache)
    digest, said = first.digest, []
    damage(first.folder)
    again = prepare_toy(data, cache, said)
    assert again.digest == digest
    assert said == [
        f"toy: the cache was damaged; kept as {first.folder}.corrupt, and prepared again",
        "toy: prepared from toy/clicks.csv",
    ]
    prepare_toy(data, cache, said)
    assert said[2:] == ["toy: already prepared, from toy/clicks.csv"]


@pytest.mark.fault(42)
def test_an_array_of_pickles_is_never_loaded(data, cache):
    folder = prepare_toy(data, cache).folder
    np.save(folder / "labels.npy", np.array([print], dtype=object), allow_pickle=True)
    assert prepare_toy(data, cache).labels().dtype == np.uint8


def test_sources_are_tried_in_order_and_the_one_that_served_is_recorded(site, cache):
    site.pages["/toy.zip"] = ARCHIVE
    toy = toy_from(
        Source("toy", "", "", ("clicks.csv",)),
        remote(f"{site.url}gone.zip", name="first"),
        remote(f"{site.url}toy.zip", name="second"),
    )
    said: list[str] = []
    prepared = prepare(toy, data_dir=None, cache=cache, report=said.append)
    assert said == [
        f"toy: first: {site.url}gone.zip can't be read (HTTP status 404); "
        f"taking second ({site.url}toy.zip) instead",
        f"toy: prepared from second ({site.url}toy.zip)",
    ]
    assert prepared.meta["source"] == {"name": "second", "sha256": {"toy.zip": SHA256}}
    asked = len(site.asked)
    assert prepare(toy, data_dir=None, cache=cache).folder == prepared.folder
    assert (
        len(site.asked) == asked
    )  # neither the site that fails nor the one that served is asked again


def test_files_at_hand_come_before_a_download_that_was_prepared(site, cache, data):
    site.pages["/toy.zip"] = ARCHIVE
    toy = toy_from(Toy.places[0], remote(f"{site.url}toy.zip"))
    downloaded = prepare(toy, data_dir=None, cache=cache)
    local = prepare(toy, data_dir=data, cache=cache)
    assert local.meta["source"]["name"] == "toy"
    assert local.digest == downloaded.digest


def test_when_no_source_serves_each_is_named_with_its_reason_and_nothing_is_kept(
    site, cache, tmp_path
):
    site.pages["/toy.zip"] = ARCHIVE
    toy = toy_from(
        Source("toy", "", "", ("clicks.csv",)),
        remote(f"{site.url}gone.zip", name="first"),
        remote(f"{site.url}toy.zip", "0" * 64, name="second"),
    )
    error = (
        rf"^toy: no file toy/clicks\.csv below {tmp_path}; first: \S+ can't be read \(HTTP status 404\); "
        r"second: \S+ is truncated or another file: .*; "
        r"put the files there, or give their folder as --data-dir DIR or BENCH_DATA$"
    )
    with pytest.raises(DownloadError, match=error):
        prepare(toy, data_dir=tmp_path, cache=cache)
    assert not (cache / "data").exists()
    assert not list((cache / "downloads").iterdir())


def test_bad_data_leaves_nothing_prepared(data, cache):
    (data / "toy/clicks.csv").write_text(CSV.replace(",1,", ",7,"))
    with pytest.raises(
        DataError, match=r"^clicks\.csv:3: column 'click': 7 is not a label of 0 or 1"
    ):
        prepare_toy(data, cache)
    assert not (cache / "data").exists()


@pytest.mark.fault(23)
def test_a_cache_that_can_not_be_written_is_a_storage_error(data, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        StorageError,
        match=r"^cache .*/file/cache: can't be written: .*; .*choose another folder with --cache-dir",
    ):
        prepare_toy(data, tmp_path / "file/cache")


def test_the_cache_folder_is_the_option_the_environment_or_the_platforms(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "environment"))
    assert cache_dir(tmp_path / "option") == tmp_path / "option"
    assert cache_dir(None) == tmp_path / "environment"
    monkeypatch.delenv("BENCH_CACHE")
    assert cache_dir(None).name == "metaselector-bench"


SCRIPT = """
import sys
from pathlib import Path
from bench.data import prepare
from bench.interfaces import Source
from tests.data.toy import toy_from
url, sha256, cache = sys.argv[1:]
toy = toy_from(Source("site", url, sha256, ("toy/clicks.csv",)))
print(prepare(toy, data_dir=None, cache=Path(cache), report=print).digest, flush=True)
"""


def start(url: str, cache: Path) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SCRIPT, url, SHA256, str(cache)]
    return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.fault(27, 29)
def test_of_two_processes_one_downloads_and_prepares_and_the_other_waits(site, cache):
    site.pages["/toy.zip"], site.delay = ARCHIVE, 1.5
    processes = [start(f"{site.url}toy.zip", cache) for _ in range(2)]
    outputs = [process.communicate(timeout=240)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert outputs[0][-1] == outputs[1][-1]
    assert site.asked == ["/toy.zip"]
    assert len(list((cache / "data").iterdir())) == 1


@pytest.mark.fault(26, 29)
def test_a_process_that_is_killed_leaves_nothing_in_the_way(site, cache):
    site.pages["/toy.zip"], site.delay = ARCHIVE, 600.0
    process = start(f"{site.url}toy.zip", cache)
    while not site.asked:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert list((cache / "downloads").iterdir())  # half a download
    site.delay = 0.0
    prepared = prepare(toy_from(remote(f"{site.url}toy.zip")), data_dir=None, cache=cache)
    assert len(prepared) == 40
    assert len(list((cache / "downloads").iterdir())) == 1
