"""`bench verify`: what is wrong with a run's folder is told, all of it; what needs no run is put right."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.job.outcome import Outcome
from bench.records import load, read_manifest, write_analyses, write_blob, write_record
from bench.records.findings import Finding
from bench.records.repair import repair
from bench.records.verify import verify
from bench.storage.in_use import using
from tests.records.made import METHODS, edit, identity, make_run, record, write_companions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run of which every record has a blob, and the analysis its resamples."""
    folder = make_run(tmp_path / "run")
    for number, name in enumerate(METHODS):
        logits = write_blob(folder, np.full(3, float(number)))
        edit(
            record_file(folder, name),
            lambda one, to=logits: one.update(blobs={"logits": to}),
            seal=True,
        )
    kept = write_blob(folder, np.arange(5.0))
    draws = write_blob(folder, np.arange(6.0))
    of_place = {"ml/cold": {"kept_resamples": {"blob": kept}, "kept_draws": {"blob": draws}}}
    write_analyses(folder, load(folder).records, of_place, {})
    return folder


def bench_verify(*arguments: Path | str) -> Result:
    return CliRunner().invoke(main, ["verify", *map(str, arguments)])


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def record_file(folder: Path, name: str) -> Path:
    return folder / "records" / f"{identity(name)}.json"


def blob_of(folder: Path, name: str) -> Path:
    blob = json.loads(record_file(folder, name).read_text("utf-8"))["blobs"]["logits"]
    return folder / "blobs" / f"{blob}.npy"


def test_a_whole_run_is_whole_and_nothing_is_written(folder: Path) -> None:
    before = snapshot(folder)
    told = bench_verify(folder)
    assert told.exit_code == 0
    assert told.stdout == f"{folder}: whole: 3 trials, 3 records, 0 failures, 5 blobs\n"
    assert snapshot(folder) == before
    assert repair(folder) == []
    assert snapshot(folder) == before


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def moved(path: Path) -> None:
    path.rename(path.with_name(f"{'b' * 32}.json"))


def newer(path: Path) -> None:
    edit(path, lambda value: value.update(schema=99), seal=True)


def of_another_trial(path: Path) -> None:
    edit(path, lambda value: value["trial"].update(seed=7), seal=True)


def failed(path: Path) -> None:
    outcome = Outcome(status="error", reason="why").model_dump(mode="json")
    edit(path, lambda value: value.update(outcome=outcome), seal=True)


RECORD: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "cut": (cut, "damaged", "truncated or edited"),
    "edited": (lambda path: edit(path, lambda value: value.update(kind="bound"), seal=False), "damaged", "another digest"),
    "gone": (Path.unlink, "missing", "ml/cold fm, seed 0 has a record"),
    "renamed": (moved, "damaged", "give the file its name back"),
    "newer": (newer, "damaged", "schema 99, newer than"),
    "of another trial": (of_another_trial, "damaged", "another trial than the manifest says (ml/cold fm, seed 0)"),
    "a failure": (failed, "damaged", "is a failure; move it to failures/"),
}  # fmt: skip


@pytest.mark.parametrize("case", RECORD)
def test_a_record_that_is_not_what_was_written_is_told(folder: Path, case: str) -> None:
    damage, kind, what = RECORD[case]
    damage(record_file(folder, "fm"))
    told = bench_verify(folder)
    assert told.exit_code == 5
    lines = [line for line in told.stdout.splitlines() if line.startswith(f"{kind}: records/")]
    assert any(what in line for line in lines), told.stdout
    assert "not whole: 3 trials, " in told.stdout


def test_all_that_is_wrong_is_told_and_not_the_first_alone(folder: Path) -> None:
    cut(record_file(folder, "lr"))
    flip(blob_of(folder, "fm"))
    blob_of(folder, "average").unlink()
    cut(folder / "analysis.json")
    cut(folder / "manifest.json")
    (folder / "data.json").unlink()
    told = json.loads(bench_verify(folder, "--json").stdout)
    found = {(one["kind"], one["file"].split("/")[0]) for one in told["runs"][0]["findings"]}
    assert told["exit_code"] == 5
    assert found == {
        ("damaged", "records"), ("damaged", "blobs"), ("missing", "blobs"), ("damaged", "analysis.json"),
        ("damaged", "manifest.json"),
    }  # fmt: skip
    assert all(one["what"] and one["fix"] for one in told["runs"][0]["findings"])


def findings(folder: Path, *kinds: Any) -> list[Finding]:
    return [one for one in verify(folder).findings if one.kind in kinds]


def test_a_blob_says_who_wants_it(folder: Path) -> None:
    blob = blob_of(folder, "fm")
    flip(blob)
    (found,) = findings(folder, "damaged")
    assert found.file == f"blobs/{blob.name}"
    assert f"records/{identity('fm')}.json names it" in found.what
    kept = json.loads((folder / "analysis.json").read_text())["analyses"]["ml/cold"]
    (folder / "blobs" / f"{kept['kept_resamples']['blob']}.npy").unlink()
    (missing,) = findings(folder, "missing")
    assert "analysis.json names it" in missing.what


@pytest.mark.parametrize("name", ["suite.yaml", "data.json"])
def test_what_people_read_of_a_run_has_to_be_there(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert [one.file for one in findings(folder, "missing")] == [name]


COMPANION = {
    "empty suite": ("suite.yaml", lambda _: "", "it is no suite"),
    "cut suite": ("suite.yaml", lambda text: text[: text.index('"average"') + 20], "can't be read"),
    "cut suite between lines": ("suite.yaml", lambda text: text[: text.index("seeds")], "it has no 'seeds'"),
    "suite of another name": ("suite.yaml", lambda text: text.replace("made", "other"), "of another suite than"),
    "suite without a method": ("suite.yaml", lambda text: text.replace('"fm"', '"gm"'), "it lacks 'fm'"),
    "no section": ("suite.yaml", lambda text: text.replace("seeds", "datasets: 5\nseeds"), "it lacks 'ml'"),
    "suite of noise": ("suite.yaml", lambda _: "\x00\udcff: [", "can't be read"),
    "data as {}": ("data.json", lambda _: "{}", "it names no schema"),
    "empty data": ("data.json", lambda _: "", "not JSON"),
    "data without datasets": ("data.json", lambda _: '{"schema": 3}', "it has no 'datasets'"),
    "data of no dataset": ("data.json", lambda _: '{"schema": 3, "datasets": {}}', "it lacks 'ml'"),
    "other data": ("data.json", lambda text: text.replace("d" * 64, "e" * 64), "dataset 'ml' is not that"),
}  # fmt: skip


@pytest.mark.parametrize("case", COMPANION)
def test_what_people_read_of_a_run_has_to_say_what_was_run(folder: Path, case: str) -> None:
    told = {"ml": {"label": "x", "counts": {}, "source": {}, "digest": "d" * 64}}
    edit(folder / "manifest.json", lambda value: value.update(datasets=told), seal=True)
    write_companions(folder, {"ml": {"digest": "d" * 64}})
    assert verify(folder).exit_code == 0
    name, change, what = COMPANION[case]
    text = change((folder / name).read_text("utf-8"))
    (folder / name).write_text(text, "utf-8", "surrogateescape")
    (found,) = verify(folder).findings
    assert (found.kind, found.file) == ("damaged", name)
    assert what in found.what
    assert found.fix
    assert verify(folder).exit_code == 5


def test_records_without_a_manifest_are_told_of_and_an_empty_folder_is_no_run(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "manifest.json").unlink()
    told = bench_verify(folder)
    assert told.exit_code == 5
    assert "missing: manifest.json" in told.stdout
    (tmp_path / "empty").mkdir()
    for no_run in (tmp_path / "empty", tmp_path / "nowhere"):
        for options in ((), ("--repair",)):
            assert bench_verify(no_run, *options).exit_code == 2
    assert not (tmp_path / "nowhere").exists()


def test_a_trial_without_a_result_is_4(folder: Path) -> None:
    outcome = Outcome(status="error", reason="why").model_dump(mode="json")
    record_file(folder, "fm").unlink()
    write_record(folder, record("fm") | {"outcome": outcome})
    repair(folder)
    told = bench_verify(folder)
    assert told.exit_code == 4
    assert (
        f"lacking: failures/{identity('fm')}.json: ml/cold fm, seed 0 ended as error" in told.stdout
    )


def test_two_results_of_one_trial_are_a_conflict(folder: Path) -> None:
    other = record("fm")
    other["metrics"]["auc"]["value"] = 0.75
    write_record(folder, other)
    told = bench_verify(folder)
    assert told.exit_code == 5
    assert f"conflict: records/{identity('fm')}." in told.stdout


# -- what is left over


def leave(folder: Path) -> list[Path]:
    """A temporary file, one in a room, and a blob that nothing names."""
    left = [
        folder / f".manifest.json.{'0' * 32}.tmp",
        folder / "records" / f".x.json.{'1' * 32}.tmp",
        folder / "blobs" / f"{write_blob(folder, np.zeros(7))}.npy",
    ]
    for path in left[:2]:
        path.write_text("half")
    return left


def test_what_is_left_over_is_no_fault_and_removed_when_asked(folder: Path) -> None:
    before = snapshot(folder)
    left = leave(folder)
    told = bench_verify(folder)
    assert told.exit_code == 0
    for path in left:
        assert f"stray: {path.relative_to(folder)}: " in told.stdout
        assert path.exists()
    told = bench_verify(folder, "--repair")
    assert told.exit_code == 0
    assert told.stdout.count("repaired: ") == len(left)
    assert snapshot(folder) == before


def test_what_is_not_a_run_s_is_told_and_never_removed(folder: Path) -> None:
    for name in ("notes.txt", "records/notes.txt", "blobs/logits.npy", "failures"):
        (folder / name).write_text("mine")
    shutil.move(folder / "failures", folder / "more")
    told = bench_verify(folder, "--repair")
    assert told.exit_code == 0
    for name in ("notes.txt", "records/notes.txt", "blobs/logits.npy", "more"):
        assert f"stray: {name}: none of the files that a run consists of" in told.stdout
        assert (folder / name).read_text() == "mine"


def test_a_temporary_file_that_is_being_written_is_left_alone(folder: Path) -> None:
    path = folder / f".manifest.json.{'0' * 32}.tmp"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "stray" not in bench_verify(folder, "--repair").stdout
        assert path.exists()
    assert "half written" in bench_verify(folder, "--repair").stdout
    assert not path.exists()


def test_no_blob_is_removed_while_a_run_is_at_work(folder: Path) -> None:
    blob = leave(folder)[2]
    with using(folder / "blobs"):
        told = bench_verify(folder, "--repair")
        assert "blobs/: left as it is, since a run is at work" in told.stdout
        assert blob.exists()
    bench_verify(folder, "--repair")
    assert not blob.exists()


def test_no_blob_is_removed_where_a_damaged_record_may_name_it(folder: Path) -> None:
    blob = blob_of(folder, "fm")
    cut(record_file(folder, "fm"))
    told = bench_verify(folder, "--repair")
    assert told.exit_code == 5
    assert blob.exists()


def test_a_lost_record_is_not_forgotten(folder: Path) -> None:
    before = read_manifest(folder)["trials"]
    record_file(folder, "fm").unlink()
    assert bench_verify(folder, "--repair").exit_code == 5
    assert read_manifest(folder)["trials"] == before
    assert bench_verify(folder).exit_code == 5


def test_a_manifest_that_is_behind_is_brought_in_line(folder: Path) -> None:
    """As a killed run leaves it."""
    right = read_manifest(folder)
    edit(folder / "manifest.json", _forget, seal=True)
    told = bench_verify(folder)
    assert told.exit_code == 0
    assert "outdated: manifest.json: says otherwise of 3 trials" in told.stdout
    bench_verify(folder, "--repair")
    assert read_manifest(folder)["trials"] == right["trials"]
    assert read_manifest(folder)["status"] == "complete"
    assert verify(folder).findings == ()


def _forget(manifest: dict[str, Any]) -> None:
    manifest["status"] = "incomplete"
    for line in manifest["trials"]:
        line.update(record=None, status=None)


def test_an_analysis_of_other_records_is_no_fault(folder: Path) -> None:
    edit(record_file(folder, "fm"), lambda value: value.update(created="later"), seal=True)
    told = bench_verify(folder)
    assert told.exit_code == 0
    assert "outdated: analysis.json: of other records" in told.stdout


def test_what_can_not_be_removed_is_said(folder: Path) -> None:
    (folder / "blobs" / f"{'0' * 64}.npy").mkdir()
    told = bench_verify(folder, "--repair")
    assert told.exit_code == 5
    assert f"{'0' * 64}.npy: can't be removed: Is a directory; make " in told.stderr
    assert "Traceback" not in told.stderr
