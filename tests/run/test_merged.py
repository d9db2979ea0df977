"""Two machines ran the same suite with other seeds: their folders, copied together, are one run."""

from __future__ import annotations

import shutil

import pytest

from bench.records import load
from bench.records.repair import repair
from bench.records.verify import verify
from bench.report import build


@pytest.mark.parametrize("split", ["base_predictions: in-sample", "split_seed: trial"])
def test_runs_of_two_machines_are_joined_and_only_the_analysis_is_made_anew(
    go, write_suite, tmp_path, split
):
    file = write_suite(protocol=split)
    first, _ = go(file, "a", cache="cache-a", seeds=(5,))
    second, _ = go(file, "b", cache="cache-b", seeds=(6,))
    for run in (first, second):
        assert verify(run.folder).findings == ()
    shutil.copytree(tmp_path / "b", tmp_path / "a", dirs_exist_ok=True)
    assert {record["trial"]["seed"] for record in load(tmp_path / "a").records} == {6}

    repair(tmp_path / "a")
    merged = load(tmp_path / "a")
    assert len(merged.records) == len(first.records) + len(second.records)
    assert merged.manifest["seeds"] == [5, 6]
    assert not build(merged).failures
    assert {one.kind for one in verify(tmp_path / "a").findings} == {"outdated"}

    again, watcher = go(file, "a", cache="cache-a", seeds=(5,))
    assert watcher.steps == 0
    assert again.manifest["seeds"] == [5, 6]
    assert again.analyses
    alone = {record["id"]: record["metrics"] for record in (*first.records, *second.records)}
    assert {record["id"]: record["metrics"] for record in again.records} == alone
    repair(tmp_path / "a")  # what the two analyses kept
    assert verify(tmp_path / "a").findings == ()
