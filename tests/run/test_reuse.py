"""What a run does again, what it takes from an earlier one, and what makes its numbers the same to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from bench.errors import RecordError, SuiteError
from bench.job import environment
from bench.records import load, read_blob, read_manifest, read_record
from bench.run import recording
from bench.run.planning import planned_steps
from bench.storage.kept import DIGESTS, seal
from tests.run.conftest import by_method, status

META = """  gating: {selector: {use: mlp}}
  simplified: {selector: {use: mlp}, meta_learner: {use: meta-sgd, adapt: [selector], train: {epochs: 1}}}
  metaselector:
    selector: {use: mlp, embedding_dim: 2, hidden: [4]}
    meta_learner: {use: meta-sgd, adapt: [selector, base_models], inner_steps: 2, train: {epochs: 1}}"""


def logits(finished):
    """Method to the bytes of its logits."""
    return {
        method: read_blob(finished.folder, record["blobs"]["logits"]).tobytes()
        for method, record in by_method(finished).items()
        if record["blobs"]
    }


# -- what is there is not done again


def test_a_second_run_reuses_everything(go, write_suite):
    file = write_suite()
    first, planned = go(file)
    second, again = go(file)
    assert planned.steps > 0
    assert (again.steps, again.reused, again.titles) == (0, len(first.records), [])
    assert [record["digest"] for record in first.records] == [
        record["digest"] for record in second.records
    ]
    assert second.manifest["status"] == "complete"


def test_the_cache_serves_another_run(go, write_suite):
    file = write_suite()
    first, _ = go(file, "one", cache="shared")
    second, watcher = go(file, "two", cache="shared")
    assert watcher.steps == 0
    assert logits(first) == logits(second)
    assert [record["id"] for record in first.records] == [record["id"] for record in second.records]


def test_the_same_fits_under_other_names_are_another_pool(go, write_suite):
    """Two models of one kind share their fits; which name has which fit makes the method."""
    one = "  a: {use: lr}\n  b: {use: lr}\n  c: {use: fm, embedding_dim: 2}"
    other = "  a: {use: lr}\n  b: {use: fm, embedding_dim: 2}\n  c: {use: fm, embedding_dim: 2}"
    first, _ = go(write_suite(models=one), "one", cache="shared")
    second, _ = go(write_suite(models=other), "two", cache="shared")
    alone, _ = go(write_suite(models=other), "three", cache="of-its-own")
    assert logits(second)["average"] == logits(alone)["average"] != logits(first)["average"]
    assert by_method(first)["average"]["id"] != by_method(second)["average"]["id"]


def test_a_bound_names_the_models_of_its_own_suite(go, write_suite):
    first, _ = go(write_suite(models="  a: {use: lr}\n  b: {use: fm}"), "one", cache="shared")
    second, _ = go(write_suite(models="  b: {use: lr}\n  c: {use: fm}"), "one", cache="shared")
    shares = [
        by_method(run)["perfect-user"]["details"]["best_model_share"] for run in (first, second)
    ]
    assert list(shares[0].values()) == list(shares[1].values())
    assert [list(share) for share in shares] == [["a", "b"], ["b", "c"]]


def test_the_last_try_counts_where_a_trial_that_had_a_record_failed(go, write_suite, monkeypatch):
    file = write_suite()
    go(file)
    monkeypatch.setattr("bench.worker.fit_step.check_logits", lambda *_: 1 / 0)
    failed, _ = go(file, rerun="all")
    assert set(status(failed).values()) == {"error", "unavailable"}
    assert set(status(go(file, rerun="none")[0]).values()) == {"error", "unavailable"}
    monkeypatch.undo()
    again, _ = go(file)
    assert set(status(again).values()) == {"ok"}
    assert again.manifest["status"] == "complete"


def test_folds_that_nothing_reads_void_nothing(go, write_suite):
    protocol = "base_predictions: in-sample"
    go(write_suite(protocol=protocol), "one", cache="shared")
    file = write_suite(protocol=protocol)
    file.write_text(file.read_text("utf-8").replace("folds: 2", "folds: 3"), "utf-8")
    _, watcher = go(file, "two", cache="shared")
    assert watcher.steps == 0


@pytest.mark.fault(28)
def test_what_another_version_of_torch_computed_is_not_reused(go, write_suite, monkeypatch):
    file = write_suite()
    first, planned = go(file, "one", cache="shared")
    monkeypatch.setattr(
        planned_steps, "software", lambda: environment.software() | {"torch": "99.0"}
    )
    second, watcher = go(file, "two", cache="shared")
    assert watcher.steps == planned.steps
    assert {record["id"] for record in first.records}.isdisjoint(
        record["id"] for record in second.records
    )


def test_a_record_tells_of_the_machine_and_versions_that_computed_its_step(
    go, write_suite, tmp_path
):
    """Not of those that wrote the record: a step may come from the cache, and a worker be elsewhere."""
    file = write_suite()
    go(file, "one", cache="shared")
    for result in (tmp_path / "shared" / "steps").glob("*/result.json"):
        told = json.loads(result.read_text("utf-8"))
        told["environment"]["processor"], told["versions"]["torch"] = "of another machine", "98.0"
        result.write_text(json.dumps(told), "utf-8")
        (result.parent / DIGESTS).unlink()
        seal(result.parent)
    second, watcher = go(file, "two", cache="shared")
    assert watcher.steps == 0
    for record in second.records:
        elsewhere = record["kind"] != "bound"  # which the host computes
        assert (record["environment"]["processor"] == "of another machine") == elsewhere
        assert (record["versions"]["torch"] == "98.0") == elsewhere
        assert "others" not in record["environment"]


def test_a_record_names_the_machines_of_all_steps_whose_cost_it_sums_up(go, write_suite, tmp_path):
    first, _ = go(write_suite(), "one", cache="shared")
    fit = next(record for record in first.records if record["kind"] == "base_model")
    (step,) = fit["steps"]
    result = tmp_path / "shared" / "steps" / f"fit-{step}" / "result.json"
    told = json.loads(result.read_text("utf-8"))
    here = told["environment"]
    told["environment"] = here | {"processor": "of another machine", "worker": "node-1"}
    result.write_text(json.dumps(told), "utf-8")
    (result.parent / DIGESTS).unlink()
    seal(result.parent)
    second, _ = go(write_suite(), "two", cache="shared")
    for record in second.records:
        others = record["environment"].get("others", [])
        mixed = record["kind"] == "method" and step in record["steps"]
        assert [one["processor"] for one in others] == ["of another machine"] * mixed
        assert ("worker" in record["environment"]) == (record["id"] == fit["id"])


def test_a_base_model_that_many_methods_need_is_fitted_once(go, write_suite):
    _, watcher = go(write_suite())
    assert sorted(watcher.titles) == sorted(
        [
            f"small/cold {model}, {rows}, seed 0"
            for model in ("lr", "fm")
            for rows in ("all training rows", "fold 1 of 2", "fold 2 of 2")
        ]
        + ["small/cold average, seed 0", "small/cold user-best, seed 0"]
    )


def test_rerun_all_does_everything_again_and_finds_the_same(go, write_suite):
    file = write_suite()
    first, planned = go(file)
    again, watcher = go(file, rerun="all")
    assert watcher.steps == planned.steps
    assert logits(first) == logits(again)
    assert again.conflicts == ()


@pytest.mark.fault(28)
def test_changed_settings_are_other_trials(go, write_suite):
    first, _ = go(write_suite())
    second, watcher = go(write_suite(models="  lr: {use: lr}\n  fm: {use: fm, embedding_dim: 3}"))
    old, new = by_method(first), by_method(second)
    assert old["lr"]["id"] == new["lr"]["id"]
    assert old["fm"]["id"] != new["fm"]["id"]
    assert old["average"]["id"] != new["average"]["id"], "it reads fm's predictions"
    assert not any("lr" in title for title in watcher.titles)


def test_other_names_are_other_trials_of_the_same_steps(go, write_suite):
    file = write_suite()
    first, _ = go(file, cache="shared")
    file.write_text(
        file.read_text().replace("name: small", "name: other").replace("  small: {", "  renamed: {")
    )
    second, watcher = go(file, "two", cache="shared")
    assert watcher.steps == 0
    assert logits(first) == logits(second)
    assert not {r["id"] for r in first.records} & {r["id"] for r in second.records}


@pytest.mark.fault(21)
def test_a_damaged_record_is_refused_and_the_run_stays_readable(go, write_suite):
    file = write_suite()
    first, _ = go(file)
    path = first.folder / "records" / f"{first.records[0]['id']}.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(
        RecordError, match=r"truncated or edited.*; remove it to run the trial again"
    ):
        go(file)
    assert read_manifest(first.folder) == first.manifest
    path.unlink()
    again, _ = go(file)
    assert [record["id"] for record in again.records] == [record["id"] for record in first.records]


# -- a part of a suite


def test_only_runs_a_base_model_alone(go, write_suite):
    finished, watcher = go(write_suite(), only=("lr",), seeds=(4,))
    assert [(r["trial"]["method"], r["trial"]["seed"]) for r in finished.records] == [("lr", 4)]
    assert watcher.titles == ["small/cold lr, all training rows, seed 4"]


def test_only_keeps_the_bounds_where_the_whole_pool_is_needed_anyway(go, write_suite):
    finished, _ = go(write_suite(), only=("average",))
    assert set(status(finished)) == {"average", "perfect-user", "perfect-sample"}


def test_only_a_method_that_there_is(go, write_suite, tmp_path):
    with pytest.raises(SuiteError, match="no method 'avarage' to run; did you mean 'average'"):
        go(write_suite(), only=("avarage",))
    assert not (tmp_path / "one").exists()


# -- the same numbers


def test_one_seed_gives_identical_bytes_inline_and_with_two_workers(go, write_suite):
    file = write_suite(methods=META, protocol="base_predictions: in-sample")
    inline, local = go(file, "a"), go(file, "b", executor="local", workers=2)
    assert set(logits(inline[0])) == {"lr", "fm", "gating", "simplified", "metaselector"}
    assert logits(inline[0]) == logits(local[0])


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(go, write_suite):
    file = write_suite("warm", methods=META)
    found = [
        logits(go(file, f"w{workers}", executor="local", workers=workers)[0])
        for workers in (1, 2, 3)
    ]
    assert found[0] == found[1] == found[2]


def test_another_seed_gives_other_bytes_on_the_same_split(go, write_suite):
    finished, _ = go(write_suite(), seeds=(0, 1))
    fm = [record for record in finished.records if record["trial"]["method"] == "fm"]
    assert fm[0]["blobs"]["logits"] != fm[1]["blobs"]["logits"]
    assert fm[0]["identity"]["split"] == fm[1]["identity"]["split"]


def test_split_seed_trial_divides_anew_for_each_seed(go, write_suite):
    finished, _ = go(write_suite(protocol="split_seed: trial"), seeds=(0, 1), only=("lr",))
    first, second = (record["identity"]["split"] for record in finished.records)
    assert first != second


def test_csv_and_parquet_give_the_same_numbers(go, write_suite, tmp_path):
    file = write_suite()
    first, _ = go(file)
    pd.read_csv(tmp_path / "ratings.csv").to_parquet(tmp_path / "ratings.parquet")
    file.write_text(file.read_text().replace("ratings.csv", "ratings.parquet"))
    second, _ = go(file, "two")
    assert logits(first) == logits(second)
    assert [r["metrics"] for r in first.records] == [r["metrics"] for r in second.records]
    assert [r["id"] for r in first.records] == [r["id"] for r in second.records]


def test_the_order_of_the_file_does_not_matter(go, write_suite, tmp_path):
    file = write_suite()
    first, _ = go(file)
    pd.read_csv(tmp_path / "ratings.csv").sample(frac=1, random_state=0).to_csv(
        tmp_path / "ratings.csv", index=False
    )
    assert logits(go(file, "two")[0]) == logits(first)


# -- what a record says


def test_records_say_what_they_rest_on(go, write_suite):
    finished, _ = go(write_suite(methods=META))
    record = by_method(finished)["metaselector"]
    assert record["details"]["base_predictions"] == "in-sample"
    assert set(record["details"]["source_shift"]) == {"lr", "fm"}
    assert record["cost"]["total"]["train_cpu_s"] > record["cost"]["own"]["train_cpu_s"] > 0
    assert record["cost"]["own"]["peak_rss_bytes"] > 1e7
    weights = read_blob(finished.folder, record["blobs"]["weights"])
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-5)
    assert {"data", "split", "metrics", "harness", "plugins", "settings"} <= record[
        "identity"
    ].keys()


def test_out_of_sample_shift_is_told_of_methods_that_do_not_adapt(go, write_suite):
    finished, _ = go(write_suite())
    details = by_method(finished)["average"]["details"]
    assert details["base_predictions"] == "out-of-sample"
    for losses in details["source_shift"].values():
        assert all(0 < losses[part] < 2 for part in ("train_query", "valid_query"))


@pytest.mark.fault(44)
def test_a_secret_of_the_environment_is_in_no_record(go, write_suite, monkeypatch):
    monkeypatch.setenv("SOME_API_TOKEN", "planted-secret-5719")
    finished, _ = go(write_suite(), only=("lr",))
    for file in finished.folder.rglob("*.json"):
        assert "planted-secret" not in file.read_text("utf-8")


# -- what a run's folder lost is made again


def damage(path, how):
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3] + b"abc")


@pytest.mark.fault(21)
@pytest.mark.parametrize("how", ["missing", "damaged"])
@pytest.mark.parametrize("cache", ["cache-one", "empty"])
def test_a_lost_blob_is_made_again_from_the_cache_or_by_its_step(go, write_suite, how, cache):
    file = write_suite()
    first, _ = go(file)
    blob = first.folder / "blobs" / f"{by_method(first)['average']['blobs']['logits']}.npy"
    before = blob.read_bytes()
    damage(blob, how)
    again, watcher = go(file, cache=cache)
    assert blob.read_bytes() == before
    assert again.records == first.records
    assert again.manifest["status"] == "complete"
    assert bool(watcher.titles) == (cache == "empty")


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_lost_table_by_user_is_made_again(go, write_suite, how):
    file = write_suite()
    first, _ = go(file)
    table = first.folder / "blobs" / f"{first.user_tables['small/cold']}.parquet"
    damage(table, how)
    again, _ = go(file)
    assert again.user_tables == first.user_tables
    assert len(again.users()) == len(first.users())


@pytest.mark.fault(21)
@pytest.mark.parametrize(
    "break_it",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("{"),
        lambda path: path.write_text(path.read_text("utf-8").replace('"lead"', '"led"'), "utf-8"),
        lambda path: path.write_text('{"schema": 2, "records": [], "analyses": {}}'),
    ],
    ids=["missing", "truncated", "edited", "stale"],
)
def test_a_lost_analysis_is_made_again(go, write_suite, break_it):
    file = write_suite()
    first, _ = go(file)
    assert first.analyses
    break_it(first.folder / "analysis.json")
    assert load(first.folder).analyses == {}
    again, watcher = go(file)
    assert watcher.titles == []
    assert again.analyses == first.analyses


@pytest.mark.fault(20)
def test_where_a_lost_blob_comes_out_otherwise_the_new_result_stands(go, write_suite, monkeypatch):
    """Its record could not be analysed any more; it is kept beside the new one, as a conflict."""
    file = write_suite()
    first, _ = go(file)
    old = by_method(first)["fm"]
    (first.folder / "blobs" / f"{old['blobs']['logits']}.npy").unlink()
    plain = recording.write_blob
    monkeypatch.setattr(recording, "write_blob", lambda run, array: plain(run, array + 0.5))
    again, _ = go(file)
    new = by_method(again)["fm"]
    assert new["blobs"] != old["blobs"]
    (conflict,) = again.conflicts
    assert [read_record(again.folder / name)["digest"] for name in conflict.files] == [
        new["digest"], old["digest"]
    ]  # fmt: skip
    assert again.analyses
