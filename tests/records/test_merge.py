"""`bench verify HERE --merge THERE`: what two machines were asked for in one folder, or nothing copied and the reason said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.errors import StorageError
from bench.records import load, read_manifest, write_blob, write_manifest
from bench.records import write_record as write
from bench.records.merge import merge
from bench.records.repair import repair
from bench.records.verify import verify
from tests.records import made
from tests.records.test_merging import METHODS, failed, make, record
from tests.records.test_verify import snapshot


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return make(tmp_path / "here", (5,))


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return make(tmp_path / "there", (6,))


def bench_verify(*arguments: Path | str) -> Result:
    return CliRunner().invoke(main, ["verify", *map(str, arguments)])


def trials(folder: Path) -> set[tuple[int, str]]:
    return {(one["trial"]["seed"], one["trial"]["method"]) for one in load(folder).records}


def file_of(folder: Path, method: str, seed: int, room: str = "records") -> Path:
    return folder / room / f"{record(method, seed)['id']}.json"


def add_line(folder: Path, one: dict[str, Any], status: str | None = None) -> None:
    """A trial that was asked for; its record, if it has one, is not written."""
    manifest = read_manifest(folder)
    manifest["trials"] = [line for line in manifest["trials"] if line["id"] != one["id"]]
    done = {"asked": True, "record": one["id"] if status else None, "status": status}
    manifest["trials"].append({**one["trial"], "kind": one["kind"], "id": one["id"], **done})
    write_manifest(folder, manifest)


def test_what_both_have_is_one_run_and_the_other_stays_as_it_is(here: Path, there: Path) -> None:
    blob = write_blob(there, np.arange(3.0))
    made.edit(file_of(there, "fm", 6), lambda one: one.update(blobs={"logits": blob}), seal=True)
    before = snapshot(there)
    told = bench_verify(here, "--merge", there)
    assert told.exit_code == 0, told.output
    assert f"merged: 3 records and 1 blobs copied from {there}" in told.stdout
    assert "merged: manifest.json: lists ml/cold lr, seed 6\n" in told.stdout
    assert trials(here) == {(seed, method) for seed in (5, 6) for method in METHODS}
    assert load(here).manifest["seeds"] == [5, 6]
    (analysis,) = verify(here).findings
    assert analysis.file == "analysis.json"
    assert "--seeds 5,6: it is made anew, and nothing else" in analysis.fix
    assert snapshot(there) == before
    once = snapshot(here)
    assert merge(here, there).done == (f"0 records and 0 blobs copied from {there}",)
    assert {file: kept[0] for file, kept in snapshot(here).items()} == {
        file: kept[0] for file, kept in once.items()
    }


@pytest.mark.parametrize("lost", ["here", "there", "all of there"])
def test_what_was_asked_for_and_has_no_result_is_not_forgotten(
    here: Path, there: Path, lost: str
) -> None:
    """As a killed run leaves it: no record of it lies anywhere."""
    folder, seed = (here, 5) if lost == "here" else (there, 6)
    gone = METHODS if lost == "all of there" else ("fm",)
    for method in gone:
        file_of(folder, method, seed).unlink()
        add_line(folder, record(method, seed))
    told = bench_verify(here, "--merge", there)
    assert told.exit_code == 4
    for method in gone:
        assert f"lacking: manifest.json: ml/cold {method}, seed {seed} was asked" in told.stdout
    assert load(here).manifest["status"] == "incomplete"
    assert {line["method"] for line in load(here).lacking} == set(gone)
    repair(here)
    assert verify(here).exit_code == 4


def test_what_a_copy_had_forgotten_stays_asked_for(here: Path, there: Path) -> None:
    """HERE lists it without an id, THERE as not asked for."""
    for folder, seed in ((here, 5), (there, 6)):
        line = {**record("fm", 7)["trial"], "kind": "base_model", "record": None, "status": None}
        known = (
            {"asked": True, "id": None}
            if seed == 5
            else {"asked": False, "id": record("fm", 7)["id"]}
        )
        made.edit(
            folder / "manifest.json",
            lambda value, more=line | known: value["trials"].append(more),
            seal=True,
        )
    assert bench_verify(here, "--merge", there).exit_code == 4
    (lacking,) = load(here).lacking
    assert lacking["id"] == record("fm", 7)["id"]


def test_trials_that_were_not_asked_for_make_it_a_part(here: Path, there: Path) -> None:
    assert read_manifest(there)["trials"][0]["seed"] == 0  # the suite's own seed
    merge(here, there)
    assert read_manifest(here)["status"] == "part"


def test_methods_of_one_seed_are_put_together(tmp_path: Path) -> None:
    here, there = make(tmp_path / "a", (0,), ("lr",)), make(tmp_path / "b", (0,), METHODS[1:])
    assert not merge(here, there).refused
    assert read_manifest(here)["status"] == "complete"
    assert trials(here) == {(0, method) for method in METHODS}


# -- what keeps two runs apart


def refused(here: Path, there: Path, code: int, *told: str) -> None:
    before = snapshot(here), snapshot(there)
    found = bench_verify(here, "--merge", there)
    assert found.exit_code == code, found.output
    for text in told:
        assert text in found.stdout
    assert f"{here}: nothing was copied from {there}" in found.stdout
    assert (snapshot(here), snapshot(there)) == before
    as_json = json.loads(bench_verify(here, "--merge", there, "--json").stdout)
    assert as_json["exit_code"] == code
    assert as_json["refused"]


def test_a_conflict_is_told_before_anything_is_copied(here: Path, there: Path) -> None:
    other = record("average", 5)
    other["metrics"]["auc"]["value"] = 0.75
    write(there, other)
    refused(here, there, 5, "conflict: ", "ml/cold average, seed 5 has another result in")


@pytest.mark.parametrize("which", ["here", "there"])
def test_a_damaged_run_is_merged_with_none(here: Path, there: Path, which: str) -> None:
    folder, seed = (here, 5) if which == "here" else (there, 6)
    file = file_of(folder, "fm", seed)
    file.write_bytes(file.read_bytes()[:-20])
    refused(here, there, 5, f"damaged: {folder}/records/{file.name}: truncated or edited")


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("fits", "pool of base models"),
        ("division", "way of dividing"),
        ("source", "source of base predictions"),
    ],
)
def test_a_run_of_other_settings_is_refused_whole(
    here: Path, there: Path, part: str, told: str
) -> None:
    made.edit(
        there / "manifest.json",
        lambda value: value["recipes"]["ml"]["cold"]["fm"].update({part: "other"}),
        seal=True,
    )
    refused(here, there, 2, "ml/cold fm, seed 6: its ", told)


def test_the_same_trial_under_another_id_is_refused(here: Path, there: Path) -> None:
    other = record("fm", 5, steps=["other"])
    write(there, other)
    add_line(there, other, "ok")
    refused(here, there, 2, "ml/cold fm, seed 5: its settings, code or versions are not those")


def test_a_method_that_the_suite_has_not_is_refused(here: Path, there: Path) -> None:
    write(there, record("deepfm", 6))
    add_line(there, record("deepfm", 6), "ok")
    text = (there / "suite.yaml").read_text("utf-8")
    extended = text.replace("methods: {}", 'methods:\n  "deepfm": {}')
    (there / "suite.yaml").write_text(extended, "utf-8")
    refused(here, there, 2, "ml/cold deepfm, seed 6: there is no such method here")


def test_what_an_older_version_ran_is_refused(here: Path, there: Path) -> None:
    made.edit(there / "manifest.json", lambda value: value.pop("recipes"), seal=True)
    refused(here, there, 2, "an older version wrote it, and nothing tells")


def test_a_trial_of_other_settings_without_a_result_is_lacking_and_no_reason(
    here: Path, there: Path
) -> None:
    """A plugin that THERE has not: its trials are unavailable, the others have results."""
    file_of(there, "fm", 6).unlink()
    write(there, failed("fm", 6, "unavailable"))
    made.edit(
        there / "manifest.json",
        lambda value: value["recipes"]["ml"]["cold"]["fm"].update(plugins="none"),
        seal=True,
    )
    repair(there)
    assert bench_verify(here, "--merge", there).exit_code == 4
    assert [(line["method"], line["seed"]) for line in load(here).lacking] == [("fm", 6)]
    assert not file_of(here, "fm", 6, "failures").exists()


def test_a_run_is_not_merged_with_itself_nor_with_two(here: Path, there: Path) -> None:
    for arguments in ((here, "--merge", here), (here, there, "--merge", there)):
        assert bench_verify(*arguments).exit_code == 2
    assert bench_verify(here, "--merge", here.parent / "nowhere").exit_code == 2


# -- results and failures


@pytest.mark.parametrize("failed_in", ["here", "there"])
def test_a_result_outranks_the_other_run_s_failure(here: Path, there: Path, failed_in: str) -> None:
    for folder in (here, there):
        write(folder, failed("fm", 7, "memory") if folder.name == failed_in else record("fm", 7))
        add_line(folder, record("fm", 7))
        repair(folder)
    loser = here if failed_in == "here" else there
    winner = there if failed_in == "here" else here
    foretold = bench_verify(here, there)
    assert (
        f"stray: {file_of(loser, 'fm', 7, 'failures')}: ml/cold fm, seed 7 has a result in {winner}, which counts"
        in foretold.stdout
    )
    assert f"{here} with {there}: 7 trials, each with a result" in foretold.stdout
    assert bench_verify(here, "--merge", there).exit_code == 0
    assert (7, "fm") in trials(here)
    assert not file_of(here, "fm", 7, "failures").exists()
    assert not load(here).lacking


def test_a_failure_is_taken_where_nothing_is_known(here: Path, there: Path) -> None:
    file_of(there, "fm", 6).unlink()
    write(there, failed("fm", 6, "timeout"))
    repair(there)
    foretold = bench_verify(here, there)
    assert f"{here} with {there}: 6 trials, 1 of them without a result: ml/cold fm, seed 6" in (
        foretold.stdout
    )
    assert bench_verify(here, "--merge", there).exit_code == 4
    (fm,) = [one for one in load(here).records if one["outcome"]["status"] != "ok"]
    assert fm["outcome"]["status"] == "timeout"


def test_runs_that_can_not_be_merged_are_told_before(here: Path, there: Path) -> None:
    made.edit(there / "manifest.json", lambda value: value.pop("recipes"), seal=True)
    told = bench_verify(here, there)
    assert told.exit_code == 0
    assert f"{here} with {there}: can't be merged" in told.stdout
    made.edit(there / "manifest.json", lambda value: value["suite"].update(name="x"), seal=True)
    (there / "suite.yaml").write_text(
        (there / "suite.yaml").read_text("utf-8").replace('"made"', '"x"'), "utf-8"
    )
    assert "merged" not in bench_verify(here, there).stdout  # two suites: nobody would


# -- cut short


def test_a_merge_that_was_cut_short_is_done_again(
    here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("disk full")

    before = read_manifest(here)
    with monkeypatch.context() as patched:
        patched.setattr("bench.records.merge.write_manifest", full)
        with pytest.raises(StorageError):
            merge(here, there)
    assert read_manifest(here) == before
    assert verify(here).exit_code == 0  # records that are not listed yet
    assert not merge(here, there).refused
    assert trials(here) == {(seed, method) for seed in (5, 6) for method in METHODS}
    shutil.rmtree(there)
    assert verify(here).exit_code == 0
