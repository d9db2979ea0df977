"""Nothing of a run's folder is believed that was edited since it was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import RecordError
from bench.records import load, read_manifest, write_manifest
from tests.records.made import METHODS, edit, make_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run")


def drop_a_trial(manifest: dict[str, Any]) -> None:
    manifest["trials"].pop()


def list_a_trial_twice(manifest: dict[str, Any]) -> None:
    manifest["trials"].append(dict(manifest["trials"][0]))


def rename_the_suite(manifest: dict[str, Any]) -> None:
    manifest["suite"]["name"] = "better"


def loosen_the_gate(manifest: dict[str, Any]) -> None:
    manifest["tolerance"] = {"logloss": 1.0}


def remove_the_seal(manifest: dict[str, Any]) -> None:
    del manifest["digest"]


@pytest.mark.fault(21)
@pytest.mark.parametrize(
    "change",
    [drop_a_trial, list_a_trial_twice, rename_the_suite, loosen_the_gate, remove_the_seal],
)
def test_an_edited_manifest_is_refused_by_name(folder: Path, change: Any) -> None:
    edit(folder / "manifest.json", change, seal=False)
    with pytest.raises(RecordError, match=r"manifest\.json: truncated or edited, .* run again"):
        load(folder)
    for command in (("report", folder), ("compare", folder, folder)):
        told = CliRunner().invoke(main, [str(part) for part in command])
        assert told.exit_code == 5
        assert "truncated or edited" in told.stderr
        assert told.stdout == ""


def test_a_trial_that_is_listed_twice_is_refused_though_it_is_sealed(folder: Path) -> None:
    edit(folder / "manifest.json", list_a_trial_twice, seal=True)
    with pytest.raises(
        RecordError, match=r"lists ml/cold lr, seed 0 twice; restore it from git, or remove it"
    ):
        load(folder)

    def under_another_name(manifest: dict[str, Any]) -> None:
        manifest["trials"][-1]["method"] = "lr-again"

    edit(folder / "manifest.json", under_another_name, seal=True)
    with pytest.raises(RecordError, match="lists ml/cold lr-again, seed 0 twice"):
        load(folder)


def test_what_was_read_can_be_written_again(folder: Path) -> None:
    """A seal is of what is written, whatever seal that had before."""
    manifest = load(folder).manifest
    write_manifest(folder, manifest | {"tolerance": {"auc": 0.01}})
    assert read_manifest(folder)["tolerance"] == {"auc": 0.01}


@pytest.mark.fault(31)
@pytest.mark.parametrize("schema", [1, 2])
def test_manifests_and_analyses_of_before_had_no_seals_and_are_read(
    folder: Path, schema: int
) -> None:
    def of_old(value: dict[str, Any]) -> None:
        del value["digest"]
        value["schema"] = schema
        for line in value.get("trials", ()):
            del line["id"], line["asked"]

    for name in ("manifest.json", "analysis.json"):
        edit(folder / name, of_old, seal=False)
    run = load(folder)
    assert [one["trial"]["method"] for one in run.records] == list(METHODS)
    assert run.manifest["status"] == "complete"
    assert run.analyses == {"ml/cold": {"lead": "lr"}}


@pytest.mark.fault(21)
def test_an_edited_headline_is_not_shown_and_the_rest_is(folder: Path) -> None:
    assert load(folder).analyses == {"ml/cold": {"lead": "lr"}}

    def put_another_first(analysis: dict[str, Any]) -> None:
        analysis["analyses"]["ml/cold"]["lead"] = "fm"

    edit(folder / "analysis.json", put_another_first, seal=False)
    run = load(folder)
    assert run.analyses == {}
    assert "analysis.json: truncated or edited" in run.analysis_fault
    told = CliRunner().invoke(main, ["report", str(folder)])
    assert told.exit_code == 0
    shown = " ".join(told.stdout.split())
    assert "The analysis can't be used:" in shown
    assert "To get them, run the suite again" in shown
    assert "3 of 3 trials have a result" in shown


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"schema": 3}', b'{"schema": 99}', b"\xff\xfe"]
)
def test_an_analysis_that_is_none_stops_nobody(folder: Path, content: bytes) -> None:
    (folder / "analysis.json").write_bytes(content)
    run = load(folder)
    assert (run.analyses, len(run.records)) == ({}, 3)
    assert "analysis.json" in run.analysis_fault


def test_a_record_of_another_trial_is_refused(folder: Path) -> None:
    """Under the right name and with a right seal."""
    path = next(
        path
        for path in (folder / "records").iterdir()
        if json.loads(path.read_text("utf-8"))["trial"]["method"] == "fm"
    )

    def be_another(record: dict[str, Any]) -> None:
        record["trial"]["method"] = "lr"

    edit(path, be_another, seal=True)
    with pytest.raises(RecordError, match="holds another trial than the manifest says"):
        load(folder)
