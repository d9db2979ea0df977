"""A cache that is full, of somebody else, or gone: one line that names its folder and the fix, and no model is blamed."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import StorageError
from bench.records import read_manifest
from bench.run.preview import preview
from tests.run.conftest import Counting, by_method, load_suite, status, write_ratings

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"
IN_SAMPLE = "base_predictions: in-sample"
FIX = "choose another folder with --cache-dir or BENCH_CACHE$"


class Watching(Counting):
    """Does something as a step starts, by a part of its title."""

    def __init__(self, started) -> None:
        super().__init__()
        self.acts = started

    def started(self, step, title):
        for part, act in self.acts.items():
            if part in title:
                act()


@pytest.fixture
def full_disk():
    """Fills the disk for files above so many bytes: the system refuses to write more, as it does where there is no room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


# -- full


@pytest.mark.fault(22)
@pytest.mark.parametrize("too_large", ["logits.npy", "parameters.safetensors"])
def test_a_cache_that_is_full_as_a_step_is_left_ends_the_run(
    go, write_suite, tmp_path, full_disk, too_large
):
    if too_large == "logits.npy":
        write_ratings(tmp_path / "ratings.csv", users=900)  # about 9,000 logits of 4 bytes
    wide = 400 if too_large == "parameters.safetensors" else 2
    models = f"  lr: {{use: lr}}\n  fm: {{use: fm, embedding_dim: {wide}}}"
    suite = write_suite(models=models, protocol=IN_SAMPLE)
    failing = "lr, all training rows" if too_large == "logits.npy" else "fm, all training rows"
    preview(load_suite(suite), cache_dir=tmp_path / "cache", autoload=False)  # divides
    watcher = Watching({failing: lambda: full_disk(30_000)})
    with pytest.raises(StorageError, match=rf"^cache {tmp_path}/cache: can't be written: .*{FIX}"):
        go(suite, cache="cache", watcher=watcher)
    full_disk(resource.RLIM_INFINITY)

    assert not (tmp_path / "one" / "failures").exists()
    assert read_manifest(tmp_path / "one")["status"] == "interrupted"
    recorded = list((tmp_path / "one" / "records").glob("*"))
    assert len(recorded) == (failing == "fm, all training rows")  # lr, which was done before
    resumed, watcher = go(suite, cache="cache")
    assert set(status(resumed).values()) == {"ok"}
    assert watcher.reused == len(recorded)


@pytest.mark.fault(22)
def test_a_scratch_folder_that_is_full_is_the_cache_s(go, write_suite, tmp_path, full_disk):
    """A plugin's own write fails, and so does everybody's."""
    models = "  lr: {use: lr}\n  rate: {use: faulty, fault: scratch}"
    suite = write_suite(models=models, protocol=IN_SAMPLE)
    watcher = Watching({"rate, all training rows": lambda: full_disk(30_000)})
    with pytest.raises(StorageError, match=rf"^cache {tmp_path}/cache: can't be written: .*{FIX}"):
        go(suite, cache="cache", watcher=watcher, plugins=(FAULTY,))
    full_disk(resource.RLIM_INFINITY)
    resumed, _ = go(suite, cache="cache", plugins=(FAULTY,))
    assert set(status(resumed).values()) == {"ok"}


def test_a_file_that_a_plugin_lacks_is_the_plugin_s(go, write_suite):
    models = "  lr: {use: lr}\n  rate: {use: faulty, fault: lacks-file}"
    finished, _ = go(write_suite(models=models, protocol=IN_SAMPLE), plugins=(FAULTY,))
    outcome = by_method(finished)["rate"]["outcome"]
    assert outcome["status"] == "error"
    assert outcome["reason"].startswith("FileNotFoundError: ")


@pytest.mark.fault(22)
def test_a_cache_without_any_room_is_found_before_the_first_step(
    go, write_suite, tmp_path, full_disk
):
    suite = write_suite()
    preview(load_suite(suite), cache_dir=tmp_path / "cache", autoload=False)
    full_disk(3_500)
    with pytest.raises(StorageError, match=rf"^cache {tmp_path}/cache: can't be written: .*{FIX}"):
        go(suite, cache="cache")
    assert not (tmp_path / "one" / "manifest.json").exists()


# -- gone


@pytest.mark.fault(23)
@pytest.mark.parametrize("executor", ["inline", "local"])
def test_a_cache_that_is_removed_meanwhile_ends_the_run(go, write_suite, tmp_path, executor):
    suite = write_suite(protocol=IN_SAMPLE)
    watcher = Watching({"fm, all training rows": lambda: shutil.rmtree(tmp_path / "cache")})
    with pytest.raises(StorageError, match=rf"^cache {tmp_path}/cache/.*--cache-dir"):
        go(suite, cache="cache", watcher=watcher, executor=executor)
    assert not (tmp_path / "one" / "failures").exists()
    resumed, watcher = go(suite, cache="cache")
    assert set(status(resumed).values()) == {"ok"}
    assert watcher.reused == 1


# -- of somebody else


def without_privilege() -> None:
    """Root heeds permissions too: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_FOWNER are dropped at the next exec."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (1, 2, 3):
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.fixture
def of_others(go, write_suite, tmp_path):
    """A suite whose lr and its division are in a cache that may be read and not written."""
    suite = write_suite(protocol=IN_SAMPLE)
    go(suite, "first", cache="shared", only=("lr",))
    folders = [tmp_path / "shared", *(tmp_path / "shared").rglob("*")]
    modes = {path: path.stat().st_mode for path in folders}
    for path, mode in modes.items():
        path.chmod(mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield suite
    for path, mode in modes.items():
        path.chmod(mode)


def bench_run(suite: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    folder = suite.parent
    command = [sys.executable, "-m", "bench.cli", "run", str(suite), "--no-plugin-autoload"]
    folders = ["--cache-dir", str(folder / "shared"), "--out", str(folder / "out")]
    return subprocess.run(
        [*command, *folders, *arguments],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=without_privilege,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


@pytest.mark.fault(23)
def test_what_is_cached_is_used_where_nothing_can_be_written(of_others):
    done = bench_run(of_others, "--only", "lr")
    assert done.returncode == 0, done.stderr
    assert len(list((of_others.parent / "out" / "records").iterdir())) == 1


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    "arguments",
    [
        ("--only", "fm"),
        ("--only", "lr", "--rerun", "all"),
        ("--only", "lr", "--set", "protocols.cold.split_seed=3"),
    ],
    ids=["a step that is not there", "a step that is to be made anew", "another division"],
)
def test_what_has_to_be_written_ends_the_run_before_anything_is_recorded(of_others, arguments):
    done = bench_run(of_others, *arguments)
    assert done.returncode == 5, done.stderr
    cache = of_others.parent / "shared"
    assert done.stderr.splitlines()[-1] == (
        f"cache {cache}: can't be written: Permission denied; make its folder writable, or choose another folder with "
        "--cache-dir or BENCH_CACHE"
    )
    assert "Traceback" not in done.stderr
    assert not (of_others.parent / "out" / "manifest.json").exists()


@pytest.mark.fault(23)
@pytest.mark.parametrize("unreadable", ["steps", "steps/fit-*/logits.npy", "data/*"])
def test_what_can_not_be_read_is_named(of_others, unreadable):
    (path,) = (of_others.parent / "shared").glob(unreadable)
    path.chmod(0)
    done = bench_run(of_others, "--only", "lr")
    assert done.returncode == 5, done.stderr
    last_line = done.stderr.splitlines()[-1]
    assert last_line.startswith(f"cache {path}")
    assert ": can't be read: Permission denied; make it readable, or " in last_line
    assert last_line.endswith("choose another folder with --cache-dir or BENCH_CACHE")
