"""Records, blobs and manifests: what is written is read back, and nothing else is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import NoRunError, RecordError, StorageError
from bench.job.outcome import Outcome, of_record
from bench.records import (
    SCHEMA,
    canonical,
    digest,
    load,
    read_blob,
    read_manifest,
    read_record,
    read_table,
    record_path,
    write_analyses,
    write_blob,
    write_manifest,
    write_table,
)
from bench.records import write_record as write


def record(
    identity: str = "a" * 32, auc: float | None = 0.7, method: str = "m0", **more: Any
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": identity,
        "created": "2024-01-01T00:00:00+00:00",
        "trial": {"dataset": "ml", "protocol": "cold", "method": method, "seed": 0},
        "kind": "base_model",
        "outcome": Outcome().model_dump(mode="json"),
        "identity": {"data": "d" * 64, "split": "s" * 64, "metrics": {"auc": 1}},
        "details": {},
        "environment": {},
        "versions": {},
        "metrics": {"auc": {"value": auc, "reason": "", "counts": {}}},
        "validation": {"logloss": 0.5},
        "cost": {"own": {}, "total": {}},
        "blobs": {},
    } | more


def manifest(*records: str | None) -> dict[str, Any]:
    trials = [
        {
            "dataset": "ml",
            "protocol": "cold",
            "method": f"m{i}",
            "seed": 0,
            "kind": "method",
            "record": identity,
            "status": "ok" if identity else None,
        }
        for i, identity in enumerate(records)
    ]
    return {"schema": SCHEMA, "primary": "logloss", "trials": trials}


def only_file(folder: Path) -> Path:
    (path,) = (folder / "records").iterdir()
    return path


# -- canonical text

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
@settings(max_examples=60)
def test_a_value_and_what_is_read_back_of_it_have_one_digest(value: Any) -> None:
    assert digest(json.loads(json.dumps(value, indent=3))) == digest(value)


def test_the_order_of_keys_does_not_matter_and_values_do() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": (2,), "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


@pytest.mark.fault(14)
@pytest.mark.parametrize("value", [float("nan"), {"x": [float("inf")]}])
def test_nan_has_no_canonical_text(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(value)


def test_keys_are_never_turned_into_text_in_silence() -> None:
    with pytest.raises(TypeError, match="key 1 is not text"):
        canonical([{"a": {1: 2}}])


# -- records


def test_a_record_is_read_back_as_written_with_its_digest(tmp_path: Path) -> None:
    written = write(tmp_path, record(details={"name": "<é\ud800\u202e"}))
    assert read_record(only_file(tmp_path)) == written
    assert written["digest"] == digest(
        {key: value for key, value in written.items() if key != "digest"}
    )


@pytest.mark.fault(21)
@pytest.mark.parametrize(
    "damage",
    [lambda text: text[: len(text) // 2], lambda text: text.replace("0.7", "0.9"), lambda _: ""],
)
def test_a_truncated_or_edited_record_is_refused(tmp_path: Path, damage: Any) -> None:
    write(tmp_path, record())
    path = only_file(tmp_path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(RecordError, match="truncated or edited"):
        read_record(path)


@pytest.mark.fault(14, 21)
def test_a_record_with_nan_typed_in_is_refused(tmp_path: Path) -> None:
    write(tmp_path, record())
    path = only_file(tmp_path)
    path.write_text(path.read_text().replace("0.7", "NaN"))
    with pytest.raises(RecordError, match="NaN is not JSON"):
        read_record(path)


@pytest.mark.fault(21)
def test_a_record_under_the_name_of_another_is_refused(tmp_path: Path) -> None:
    write(tmp_path, record())
    path = only_file(tmp_path).rename(tmp_path / "records" / f"{'b' * 32}.json")
    with pytest.raises(RecordError, match="give the file its name back"):
        read_record(path)


@pytest.mark.fault(31)
def test_a_newer_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(record() | {"schema": 7}))
    with pytest.raises(RecordError, match=f"schema 7, newer than {SCHEMA}"):
        read_record(path)


def test_a_failed_trial_has_a_place_of_its_own_and_stands_in_nobody_s_way(tmp_path: Path) -> None:
    """The next try replaces it, whether it fails again or not."""
    for reason in ("first", "second"):
        write(
            tmp_path, record(outcome=Outcome(status="error", reason=reason).model_dump(mode="json"))
        )
    path = record_path(tmp_path, "a" * 32, ok=False)
    assert path == tmp_path / "failures" / f"{'a' * 32}.json"
    assert read_record(path)["outcome"]["reason"] == "second"
    assert not (tmp_path / "records").exists()
    write(tmp_path, record())
    assert only_file(tmp_path) == record_path(tmp_path, "a" * 32)


@pytest.mark.fault(31)
def test_records_and_manifests_of_schema_1_are_read(tmp_path: Path) -> None:
    """They had what a trial came to as three texts, and failed records beside the others, marked by their names."""
    (tmp_path / "records").mkdir()
    olds = []
    for name, status in (("a" * 32, "ok"), (f"{'b' * 32}-failed", "crashed:SIGSEGV")):
        method = "m0" if status == "ok" else "m1"
        old = {key: value for key, value in record(name, method=method).items() if key != "outcome"}
        old |= {"schema": 1, "status": status, "reason": "why", "traceback": "where"}
        sealed = old | {"digest": digest(old)}
        (tmp_path / "records" / f"{name}.json").write_text(json.dumps(sealed), "utf-8")
        olds.append(name)
    listed = {
        "schema": 1,
        "trials": [
            {**record(method=method)["trial"], "kind": "base_model", "record": name}
            for method, name in zip(("m0", "m1", "m2"), (*olds, None), strict=True)
        ],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(listed), "utf-8")
    run = load(tmp_path)
    outcomes = [of_record(one) for one in run.records]
    assert [(one.label, one.reason, one.traceback) for one in outcomes] == [
        ("ok", "why", "where"), ("crashed:SIGSEGV", "why", "where")
    ]  # fmt: skip
    assert [trial["status"] for trial in run.manifest["trials"]] == ["ok", "crashed", None]
    assert run.manifest["primary"] == "logloss"


@pytest.mark.fault(14)
def test_nan_and_numpy_numbers_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    for bad in (float("nan"), np.float32(0.5)):
        with pytest.raises(RecordError, match="not JSON: "):
            write(tmp_path, record(auc=bad))  # type: ignore[arg-type]
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize(
    "odd", [{"versions": {"x": 5}}, {"details": "text"}, {"blobs": {"logits": "a"}}]
)
def test_what_would_be_refused_when_read_is_refused_before_it_is_written(
    tmp_path: Path, odd: dict[str, Any]
) -> None:
    with pytest.raises(RecordError, match=f"no record: {next(iter(odd))}"):
        write(tmp_path, record() | odd)
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.fault(43)
@pytest.mark.parametrize("identity", ["../x", "", "a/b", "a.b", "x" * 101])
def test_an_id_can_not_lead_out_of_the_folder(tmp_path: Path, identity: str) -> None:
    with pytest.raises(RecordError, match="is not the id of a record"):
        write(tmp_path, record(identity))
    assert not list(tmp_path.iterdir())


def test_the_first_writer_wins_where_the_result_is_the_same(tmp_path: Path) -> None:
    first = write(tmp_path, record(cost={"own": {"train_cpu_s": 1.0}, "total": {}}))
    again = write(
        tmp_path, record(cost={"own": {"train_cpu_s": 2.0}, "total": {}}, created="later")
    )
    assert again == first
    assert read_record(only_file(tmp_path)) == first


@pytest.mark.fault(20)
def test_same_id_and_other_numbers_keeps_both_and_load_tells(tmp_path: Path) -> None:
    first, second = write(tmp_path, record()), write(tmp_path, record(auc=0.8))
    assert write(tmp_path, record(auc=0.8))["digest"] == second["digest"]
    write_manifest(tmp_path, manifest("a" * 32))
    run = load(tmp_path)
    assert run.records == (first,)
    ((trial, files),) = run.conflicts
    assert trial == first["trial"]
    assert [read_record(tmp_path / file)["metrics"]["auc"]["value"] for file in files] == [0.7, 0.8]


@pytest.mark.fault(27)
def test_many_writers_of_one_record_leave_one_whole_file(tmp_path: Path) -> None:
    costs = [record(cost={"own": {"train_cpu_s": float(i)}, "total": {}}) for i in range(24)]
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda one: write(tmp_path, one), costs))
    standing = read_record(only_file(tmp_path))
    assert all(one == standing for one in written)


KILLED = """
import sys
from pathlib import Path
from bench.records import write_record
for i in range(100_000):
    one = {"schema": 2, "id": f"{i:032x}", "outcome": {"status": "ok"}, "filler": "x" * 20_000}
    write_record(Path(sys.argv[1]), one)
    print(i, flush=True)
"""


@pytest.mark.fault(25)
def test_what_was_acknowledged_before_a_kill_is_there_and_whole(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(20)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in child.stdout.read().split()]
    child.wait()
    child.stdout.close()
    names = {read_record(path)["id"] for path in (tmp_path / "records").glob("*.json")}
    assert {f"{i:032x}" for i in acknowledged} <= names


NO_SPACE = """
import resource, sys
from pathlib import Path
from bench.errors import StorageError
from bench.records import write_record
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
write_record(Path(sys.argv[1]), {"schema": 2, "outcome": {"status": "ok"}, "id": "a"})
try:
    write_record(Path(sys.argv[1]), {"schema": 2, "outcome": {"status": "ok"}, "id": "b", "filler": "x" * 10_000})
except StorageError as error:
    print(error)
"""


@pytest.mark.fault(22)
def test_no_room_ends_in_a_storage_error_and_leaves_earlier_records_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_SPACE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert (
        "b.json: can't be written: File too large; raise the limit on the size of files (ulimit -f), or choose another "
        "folder with --out" in done.stdout
    )
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["a.json"]
    assert read_record(only_file(tmp_path))["id"] == "a"


@pytest.mark.fault(23)
def test_a_folder_that_can_not_be_written_to_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file where a folder belongs")
    with pytest.raises(StorageError, match="can't be written"):
        write(tmp_path, record())


# -- blobs


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_blob_is_read_back_bit_for_bit(tmp_path: Path, dtype: type) -> None:
    array = np.random.default_rng(0).normal(size=(5, 3)).astype(dtype).T  # not contiguous
    name = write_blob(tmp_path, array)
    back = read_blob(tmp_path, name)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, array)
    assert write_blob(tmp_path, array.copy()) == name
    assert len(list((tmp_path / "blobs").iterdir())) == 1


@pytest.mark.fault(21)
def test_a_damaged_blob_is_refused_and_mended_by_the_next_write(tmp_path: Path) -> None:
    name = write_blob(tmp_path, np.zeros(100))
    os.truncate(tmp_path / "blobs" / f"{name}.npy", 300)
    with pytest.raises(RecordError, match="truncated or edited"):
        read_blob(tmp_path, name)
    assert write_blob(tmp_path, np.zeros(100)) == name
    np.testing.assert_array_equal(read_blob(tmp_path, name), np.zeros(100))


@pytest.mark.fault(42)
def test_objects_are_no_blob_and_a_missing_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="float32 or float64, not object"):
        write_blob(tmp_path, np.array([{}], dtype=object))
    with pytest.raises(RecordError, match="missing"):
        read_blob(tmp_path, "0" * 64)


# -- runs


def test_a_run_holds_the_records_that_its_manifest_names(tmp_path: Path) -> None:
    for identity, method in (("a" * 32, "m2"), ("b" * 32, "m0"), ("old", "m1")):
        write(tmp_path, record(identity, method=method))
    (tmp_path / "records" / ".x.json.0.tmp").write_text("left by a killed writer")
    write_manifest(tmp_path, manifest("b" * 32, None, "a" * 32, "gone"))
    run = load(tmp_path)
    assert [one["id"] for one in run.records] == ["b" * 32, "a" * 32]
    assert [line["record"] for line in run.manifest["trials"]] == ["b" * 32, None, "a" * 32, None]
    assert run.conflicts == ()


@pytest.mark.fault(21)
def test_a_run_with_a_damaged_record_is_refused(tmp_path: Path) -> None:
    write(tmp_path, record())
    write_manifest(tmp_path, manifest("a" * 32))
    only_file(tmp_path).write_text("{")
    with pytest.raises(RecordError, match="remove it and run again"):
        load(tmp_path)


def test_a_manifest_is_replaced_whole(tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest(None))
    write_manifest(tmp_path, manifest(None, None))
    assert len(read_manifest(tmp_path)["trials"]) == 2
    with pytest.raises(RecordError, match="not JSON"):
        write_manifest(tmp_path, manifest() | {"tolerance": {"auc": float("nan")}})
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]
    assert len(read_manifest(tmp_path)["trials"]) == 2


@pytest.mark.fault(21, 31)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is not a run; name the folder that `bench run` wrote"),
        ("{", "truncated or edited"),
        ("[1]", "names no schema"),
        ('{"schema": 4, "trials": []}', "schema 4, newer than 3"),
        ('{"schema": 1}', "it lists no trials"),
        ('{"schema": 1, "trials": [{"record": "x"}]}', "trials.0.dataset: Field required"),
        ("[" * 100_000, "truncated or edited"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(NoRunError if text is None else RecordError, match=message):
        load(tmp_path)


# -- what a run's analysis found


def test_an_analysis_is_of_the_very_records(tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest(None))
    run = load(tmp_path)
    assert (run.analyses, run.user_tables) == ({}, {})
    write_analyses(tmp_path, run.records, {"d/p": {"lead": "x"}}, {"d/p": "ab" * 32})
    assert load(tmp_path).analyses == {"d/p": {"lead": "x"}}
    assert load(tmp_path).user_tables == {"d/p": "ab" * 32}
    write_analyses(tmp_path, [{"digest": "of another record"}], {"d/p": {"lead": "x"}}, {})
    assert load(tmp_path).analyses == {}, "it is stale"


@pytest.mark.fault(21)
def test_tables_are_named_by_their_content(tmp_path: Path) -> None:
    table = pa.table({"user": [1, 2], "auc": [0.5, None]})
    digest = write_table(tmp_path, table)
    assert read_table(tmp_path, digest).equals(table)
    first = table.column_names[0]
    assert read_table(tmp_path, digest, {first, "none"}).equals(table.select([first]))
    assert write_table(tmp_path, table) == digest
    (tmp_path / "blobs" / f"{digest}.parquet").write_bytes(b"PAR1")
    with pytest.raises(RecordError, match="truncated or edited"):
        read_table(tmp_path, digest)
    with pytest.raises(RecordError, match="missing; run the suite again"):
        read_table(tmp_path, "0" * 64)
