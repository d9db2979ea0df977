"""A disk that fails at any call of a commit: what was there stays or the new is there, nothing between; the error says where
and what to do; the next try succeeds."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from bench.errors import StorageError
from bench.job.outcome import Outcome
from bench.records import load, write_analyses, write_beside, write_blob, write_manifest
from bench.records import write_record as write
from bench.records.repair import repair
from bench.records.verify import verify
from bench.storage.in_use import touch, using
from bench.storage.kept import DIGESTS, commit_folder
from bench.storage.temporary import sweep
from bench.storage.trouble import writing
from tests.records.made import edit, identity, make_run, manifest, record
from tests.storage.faulty import FAULTS, Fault, content, disk, temporaries

STEP = "steps/fit-x"


class Commit(NamedTuple):
    """`before` makes the old state, `act` commits the new one."""

    before: Callable[[Path], object]
    act: Callable[[Path], object]


def nothing(_: Path) -> None:
    pass


def fill(work: Path) -> None:
    (work / "logits.npy").write_bytes(b"logits" * 100)
    (work / "result.json").write_text('{"cost": {}}', "utf-8")


def commit_step(folder: Path) -> None:
    with writing(folder):
        commit_folder(folder / STEP, fill)


def damage_step(folder: Path) -> None:
    commit_step(folder)
    (folder / STEP / "logits.npy").write_bytes(b"x")


def failed(reason: str) -> dict[str, Any]:
    outcome = Outcome(status="error", reason=reason).model_dump(mode="json")
    return record("fm") | {"outcome": outcome}


def other_result() -> dict[str, Any]:
    other = record("fm")
    other["metrics"]["auc"]["value"] = 0.75
    return other


def damage_blob(folder: Path) -> None:
    name = write_blob(folder, np.arange(99.0))
    (folder / "blobs" / f"{name}.npy").write_bytes(b"x")


def manifest_of(seed: int) -> dict[str, Any]:
    line = {
        **record("fm")["trial"],
        "seed": seed,
        "kind": "base_model",
        "id": None,
        "asked": True,
        "record": None,
    }
    return manifest([line | {"status": None}])


COMMITS = {
    "a record": Commit(nothing, lambda folder: write(folder, record("fm"))),
    "a second result": Commit(
        lambda folder: write(folder, record("fm")), lambda folder: write(folder, other_result())
    ),
    "a failure": Commit(
        lambda folder: write(folder, failed("first")), lambda folder: write(folder, failed("second"))
    ),
    "a blob": Commit(nothing, lambda folder: write_blob(folder, np.arange(99.0))),
    "a blob for a damaged one": Commit(
        damage_blob, lambda folder: write_blob(folder, np.arange(99.0))
    ),
    "a manifest": Commit(nothing, lambda folder: write_manifest(folder, manifest_of(0))),
    "a manifest for another": Commit(
        lambda folder: write_manifest(folder, manifest_of(0)),
        lambda folder: write_manifest(folder, manifest_of(1)),
    ),
    "an analysis": Commit(make_run, lambda folder: write_analyses(folder, load(folder).records, {}, {})),
    "suite.yaml": Commit(make_run, lambda folder: write_beside(folder / "suite.yaml", "version: 2\n")),
    "a step": Commit(nothing, commit_step),
    "a step for a damaged one": Commit(damage_step, commit_step),
}  # fmt: skip


@pytest.mark.fault(22, 23)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", COMMITS)
def test_a_commit_is_done_or_not_at_whatever_call_the_disk_fails(
    tmp_path: Path, name: str, fault: Fault
) -> None:
    before, act = COMMITS[name]
    before(counted := tmp_path / "counted")
    old = content(counted)
    with disk() as healthy:
        act(counted)
    new = content(counted)
    assert new != old
    assert {"write", "fsync"} <= set(healthy.calls), healthy.calls

    for n, call in enumerate(healthy.calls):
        before(folder := tmp_path / str(n))
        with disk(n, fault) as failing:
            error = _raised(act, folder)
        assert failing.failed
        told = f"{call}, call {n} of {healthy.calls}: {error}"
        state = content(folder)
        if error is None:
            assert state == new, f"it says that it is done after {told}"
        else:
            assert state in (old, new, without_step(old)), told
            assert str(folder) in str(error), told
            assert "choose another folder" in str(error), told
            assert "\n" not in str(error), told
        act(folder)
        assert content(folder) == new, told
        for room in {path.parent for path in temporaries(folder)}:
            sweep(room)
        assert temporaries(folder) == [], told


def without_step(old: dict[str, bytes]) -> dict[str, bytes]:
    """A damaged step is out of the way before the new one is in its place: none is there, as far as anybody sees."""
    return {name: held for name, held in old.items() if not name.startswith(STEP)}


def _raised(act: Callable[[Path], object], folder: Path) -> StorageError | None:
    try:
        act(folder)
    except StorageError as error:
        return error
    return None


@pytest.mark.fault(22)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_repair_that_fails_loses_nothing(tmp_path: Path, fault: Fault) -> None:
    def broken(folder: Path) -> Path:
        make_run(folder)
        edit(
            folder / "manifest.json",
            lambda value: value["trials"][0].update(status=None),
            seal=True,
        )
        write_blob(folder, np.zeros(3))
        (folder / "records" / f".x.json.{'0' * 32}.tmp").write_text("half")
        return folder

    broken(counted := tmp_path / "counted")
    records = content(counted / "records")
    with disk() as healthy:
        repair(counted)
    assert verify(counted).findings == ()
    for n in range(len(healthy.calls)):
        folder = broken(tmp_path / str(n))
        with disk(n, fault):
            _raised(repair, folder)
        assert content(folder / "records") == records
        repair(folder)
        assert verify(folder).findings == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_marks_of_use_never_raise(tmp_path: Path, fault: Fault) -> None:
    commit_step(tmp_path)
    for n in range(9):
        with disk(n, fault), using(tmp_path / "blobs"):
            touch(tmp_path / STEP)
    assert (tmp_path / STEP / DIGESTS).exists()


# -- a limit of the system's own


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """Fills the disk for files above so many bytes: the system writes as much as there is room for, then refuses."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.fault(22)
@pytest.mark.parametrize("name", COMMITS)
@pytest.mark.parametrize("most", [0, 1, 100])
def test_a_disk_without_room_changes_nothing(
    tmp_path: Path, full_disk: Callable[[int], None], name: str, most: int
) -> None:
    before, act = COMMITS[name]
    before(tmp_path)
    old = content(tmp_path)
    full_disk(0 if name == "suite.yaml" else most)
    with pytest.raises(StorageError, match="choose another folder"):
        act(tmp_path)
    full_disk(resource.RLIM_INFINITY)
    assert content(tmp_path) == old
    assert temporaries(tmp_path) == []
    act(tmp_path)
    assert content(tmp_path) != old


@pytest.mark.fault(22)
def test_what_was_committed_is_read_after_the_disk_was_full(
    tmp_path: Path, full_disk: Callable[[int], None]
) -> None:
    make_run(tmp_path)
    full_disk(100)
    with pytest.raises(StorageError):
        write(tmp_path, record("late"))
    full_disk(resource.RLIM_INFINITY)
    assert verify(tmp_path).findings == ()
    assert {one["id"] for one in load(tmp_path).records} >= {identity("fm")}
