"""What may lie in a run's folder in place of a file: it is refused by name, in bounded time and memory, and never a bug."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import RecordError, StorageError
from bench.records import capped, load, read_blob, read_record, read_table, write_blob
from bench.records.details import MOST_BYTES
from tests.records.made import METHODS, edit, identity, make_run

COMMANDS = (("report",), ("report", "--json"), ("compare",), ("compare", "--json"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run")


def refused(folder: Path, name: str) -> None:
    """All commands that read a run name the file and end as storage errors do."""
    for command, *options in COMMANDS:
        folders = [str(folder)] * (1 + (command == "compare"))
        told = CliRunner().invoke(main, [command, *folders, *options])
        assert told.exit_code == 5, (command, told.output, told.exception)
        assert name in told.stderr
        assert "Traceback" not in told.stderr


def put(*path: str, to: Any) -> Any:
    """Changes a value of a record."""

    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = to

    return change


def without(key: str) -> Any:
    return lambda value: value.pop(key)


WRONG = {
    "a list of metrics": put("metrics", to=[1]),
    "a metric without a value": put("metrics", "auc", to={}),
    "a metric that is a number": put("metrics", "auc", to=0.5),
    "a value that is text": put("metrics", "auc", "value", to="0.5"),
    "a value that is true": put("metrics", "auc", "value", to=True),
    "a value beyond floats": put("metrics", "auc", "value", to=10**400),
    "no metrics": without("metrics"),
    "no trial": without("trial"),
    "a trial that is text": put("trial", to="fm"),
    "a seed that is text": put("trial", "seed", to="0"),
    "a dataset that is a list": put("trial", "dataset", to=["ml"]),
    "a kind of its own": put("kind", to="winner"),
    "no kind": without("kind"),
    "no outcome": without("outcome"),
    "an outcome that is a list": put("outcome", to=[]),
    "an outcome of its own": put("outcome", "status", to="great"),
    "no identity": without("identity"),
    "an identity without data": put("identity", to={"split": "s", "metrics": {}}),
    "metrics of an identity": put("identity", "metrics", to=["auc"]),
    "plugins without names": put("identity", "plugins", to=[{}]),
    "settings that are a list": put("identity", "settings", to=[1]),
    "a cost that is null": put("cost", to=None),
    "a cost that is text": put("cost", "own", to={"train_cpu_s": "2"}),
    "no cost": without("cost"),
    "validation that is a list": put("validation", to=[0.5]),
    "details that are a list": put("details", to=[{}]),
    "blobs that lead elsewhere": put("blobs", to={"logits": "../../secret"}),
    "versions that are a number": put("versions", to=3),
    "an id that is a number": put("id", to=7),
}


@pytest.mark.fault(21)
@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_record_that_is_sealed_and_none_is_refused(folder: Path, change: Any) -> None:
    path = folder / "records" / f"{identity('fm')}.json"
    edit(path, change, seal=True)
    refused(folder, path.name)


@pytest.mark.parametrize("text", ["1e999", "-1e999", "NaN", "Infinity", "1" * 5000])
def test_a_number_that_no_float_holds_is_refused(folder: Path, text: str) -> None:
    path = folder / "records" / f"{identity('fm')}.json"
    path.write_text(path.read_text("utf-8").replace("0.5", text, 1), "utf-8")
    refused(folder, path.name)


MANIFEST = {
    "trials that are none": put("trials", to=[1]),
    "no trials": without("trials"),
    "a line without a seed": lambda value: value["trials"][0].pop("seed"),
    "a line whose method is a list": lambda value: value["trials"][0].update(method=["lr"]),
    "a line of a kind of its own": lambda value: value["trials"][0].update(kind="winner"),
    "a record that leads elsewhere": lambda value: value["trials"][0].update(id="../../x"),
    "seeds that are text": put("seeds", to=["0"]),
    "metrics that are a mapping": put("metrics", to={"auc": 1}),
    "a suite that is a list": put("suite", to=["made"]),
    "datasets that are a list": put("datasets", to=[]),
    "data that are a number": put("datasets", to={"ml": 1}),
    "a split that is text": put("splits", to={"ml/cold": "x"}),
    "plugins that are a list": put("plugins", to=[]),
    "a citation that is no text": put(
        "plugins", to={"citations": [{"kind": "models", "name": "fm", "citation": 1}]}
    ),
    "a quarantined plugin without a reason": put("plugins", to={"quarantined": [{"origin": "x"}]}),
    "a tolerance that is text": put("tolerance", to={"auc": "0"}),
    "a primary that is a list": put("primary", to=["auc"]),
}


@pytest.mark.fault(21)
@pytest.mark.parametrize("change", MANIFEST.values(), ids=MANIFEST)
def test_a_manifest_that_is_sealed_and_none_is_refused(folder: Path, change: Any) -> None:
    edit(folder / "manifest.json", change, seal=True)
    refused(folder, "manifest.json")


def test_a_report_needs_a_suite_that_is_not_null(folder: Path) -> None:
    edit(folder / "manifest.json", put("suite", to=None), seal=True)
    told = CliRunner().invoke(main, ["report", str(folder)])
    assert told.exit_code == 5
    assert "manifest.json: no manifest: suite is missing" in told.stderr


def test_a_name_with_line_ends_is_told_of_in_one_line(folder: Path) -> None:
    path = folder / "records" / f"{identity('fm')}.json"
    edit(path, put("outcome", to={"status": "ok", "a\nsecond: line\r": 1}), seal=True)
    told = CliRunner().invoke(main, ["report", str(folder)])
    assert told.exit_code == 5
    assert told.stderr.count("\n") == 1
    assert r"outcome.a\nsecond: line\r: " in told.stderr


@pytest.mark.parametrize("key", ["use", "params", "digest"])
def test_a_metric_of_which_less_is_recorded_is_compared_as_far_as_it_goes(
    folder: Path, tmp_path: Path, key: str
) -> None:
    whole = {"version": 1, "use": "auc", "params": {}, "digest": "d"}
    for name in METHODS:
        path = folder / "records" / f"{identity(name)}.json"
        edit(path, put("identity", "metrics", to={"auc": whole}), seal=True)
    shutil.copytree(folder, tmp_path / "other")
    path = tmp_path / "other" / "records" / f"{identity('fm')}.json"
    edit(path, lambda value: value["identity"]["metrics"]["auc"].pop(key), seal=True)
    edit(path, lambda value: value["metrics"]["auc"].pop("reason"), seal=True)
    for command in (("compare", folder, tmp_path / "other"), ("report", tmp_path / "other")):
        told = CliRunner().invoke(main, [str(part) for part in command])
        assert told.exit_code in (0, 2), (told.output, told.exception)
        assert "Traceback" not in told.output


@pytest.mark.parametrize("key", ["suite", "metrics", "datasets", "plugins", "relaimpr_base"])
def test_a_report_needs_what_it_is_made_of(folder: Path, key: str) -> None:
    edit(folder / "manifest.json", without(key), seal=True)
    told = CliRunner().invoke(main, ["report", str(folder)])
    assert told.exit_code == 5
    assert f"manifest.json: no manifest: {key} is missing" in told.stderr


DETAILS = {
    "chosen": "x", "epochs": "many", "best_epoch": [1], "training": 5, "source_shift": [1], "warnings": "careful",
    "calibrated": 3, "support_rows": "all", "empty_support_users": [1], "predictions": {"rows": "x"},
    "base_predictions": {"a": 1}, "best_model_share": [0.5],
}  # fmt: skip


@pytest.mark.parametrize("key", DETAILS)
def test_details_may_hold_anything(folder: Path, key: str) -> None:
    """A plugin may use a key that the harness uses too."""
    edit(
        folder / "records" / f"{identity('fm')}.json",
        put("details", key, to=DETAILS[key]),
        seal=True,
    )
    (folder / "analysis.json").unlink()
    for command in (("report", folder), ("compare", folder, folder)):
        told = CliRunner().invoke(main, [str(part) for part in command])
        assert told.exit_code == 0, (told.output, told.exception)


PLACES = ("manifest.json", "analysis.json", f"records/{identity('fm')}.json")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("what", ["pipe", "folder", "device", "endless"])
def test_what_is_no_file_is_refused_at_once(folder: Path, place: str, what: str) -> None:
    path = folder / place
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(2**42)  # sparse: it takes no room
    told = subprocess.run(
        [sys.executable, "-m", "bench.cli", "report", str(folder)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in told.stderr
    if place == "analysis.json":
        assert told.returncode == 0
        assert "The analysis can't be used" in told.stdout
    else:
        assert told.returncode == 5
        assert path.name in told.stderr
        assert "remove it and run again" in told.stderr


@pytest.mark.fault(42)
def test_a_blob_that_is_no_file_or_no_array_is_refused(tmp_path: Path) -> None:
    name = write_blob(tmp_path, np.zeros(3))
    path = tmp_path / "blobs" / f"{name}.npy"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StorageError, match="not a regular file"):
        read_blob(tmp_path, name)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(2**42)
    with pytest.raises(RecordError, match="more than any that is written here"):
        read_blob(tmp_path, name)
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # sha256 of b""
    for kind, read in (("npy", read_blob), ("parquet", read_table)):
        (tmp_path / "blobs" / f"{nothing}.{kind}").write_bytes(b"")
        with pytest.raises(RecordError, match="holds no"):
            read(tmp_path, nothing)


def test_a_folder_in_place_of_the_records_is_said(folder: Path) -> None:
    for path in (folder / "records").iterdir():
        path.unlink()
        path.mkdir()
    with pytest.raises(RecordError, match="not a regular file; remove it and run again"):
        read_record(folder / "records" / f"{identity('fm')}.json")
    with pytest.raises(RecordError, match="not a regular file"):
        load(folder)


# -- details have a limit


def test_details_within_the_limit_stay_as_they_are() -> None:
    details = {"epochs": 3, "warnings": ["odd"], "notes": "x" * (MOST_BYTES - 100)}
    assert capped(details) == details


def test_details_beyond_it_lose_their_largest_entries_and_say_so() -> None:
    details = {
        "epochs": 3, "warnings": ["odd"], "trace": "x" * (3 * MOST_BYTES), "path": ["y"] * MOST_BYTES, "few": "z" * 999,
    }  # fmt: skip
    kept = capped(details)
    assert kept.keys() == {"epochs", "warnings", "few"}
    odd, told = kept["warnings"]
    assert odd == "odd"
    assert "details of 7,000,0" in told
    assert "(path, trace): a record keeps 1,000,000 bytes of them at most" in told


def test_very_many_small_details_have_a_limit_too() -> None:
    kept = capped({f"key-{number}": number for number in range(100_000)})
    (told,) = kept["warnings"]
    assert "and 4" in told
    assert len(str(kept)) < 1.3 * MOST_BYTES
