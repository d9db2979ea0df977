"""Whole runs: what is reused, what stays identical, and what a fault does to its own trial and to no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.records import read_blob
from bench.report import build
from bench.run import Watcher, run

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"
DCN = Path(__file__).parent.parent / "fixtures" / "single_file_plugin.py"


class Counting(Watcher):
    """Remembers how many steps were planned, and what was said."""

    def __init__(self):
        self.steps, self.reused = 0, 0

    def planned(self, steps, trials, reused):
        self.steps, self.reused = steps, reused


def logits(finished):
    """Method to the bytes of its logits."""
    return {
        record["trial"]["method"]: read_blob(finished.folder, record["blobs"]["logits"]).tobytes()
        for record in finished.records
        if record["blobs"]
    }


def status(finished):
    return {record["trial"]["method"]: record["status"] for record in finished.records}


@pytest.fixture
def go(tmp_path, suite_of):
    """Runs a suite file in this process; `where` names the run and its cache."""

    def go(file, where="one", plugins=(), **options):
        options.setdefault("executor", "inline")
        watcher = options.setdefault("watcher", Counting())
        cache = options.pop("cache", f"cache-{where}")
        finished = run(
            suite_of(file, plugins), out=tmp_path / where, cache_dir=tmp_path / cache, plugins=plugins,
            autoload=False, **options,
        )  # fmt: skip
        return finished, watcher

    return go


def test_a_second_run_reuses_everything(go, write_suite):
    file = write_suite()
    first, planned = go(file)
    second, again = go(file)
    assert planned.steps > 0
    assert (again.steps, again.reused) == (0, len(first.records))
    assert [r["digest"] for r in first.records] == [r["digest"] for r in second.records]


def test_the_cache_serves_another_run(go, write_suite):
    file = write_suite()
    go(file, "one", cache="shared")
    finished, watcher = go(file, "two", cache="shared")
    assert watcher.steps == 0
    assert len(finished.records) == 6


META = """  gating: {selector: {use: mlp}}
  metaselector:
    selector: {use: mlp, embedding_dim: 2, hidden: [4]}
    meta_learner: {use: meta-sgd, adapt: [selector, base_models], inner_steps: 2, train: {epochs: 1}}"""


def test_one_seed_gives_identical_bytes_with_one_worker_or_two(go, write_suite):
    file = write_suite(methods=META)
    found = [
        logits(go(file, where, executor=executor, workers=workers)[0])
        for where, executor, workers in (("a", "inline", 1), ("b", "local", 1), ("c", "local", 2))
    ]
    assert set(found[0]) == {"lr", "fm", "gating", "metaselector"}
    assert found[0] == found[1] == found[2]


def test_another_seed_gives_other_bytes(go, write_suite):
    file = write_suite()
    assert logits(go(file)[0])["fm"] != logits(go(file, "two", seeds=(1,))[0])["fm"]


def test_csv_and_parquet_give_the_same_numbers(go, write_suite, tmp_path):
    file = write_suite()
    text = pd.read_csv(tmp_path / "ratings.csv")
    text.to_parquet(tmp_path / "ratings.parquet")
    other = tmp_path / "parquet.yaml"
    other.write_text(file.read_text().replace("ratings.csv", "ratings.parquet"))
    assert logits(go(file)[0]) == logits(go(other, "two")[0])


def test_the_order_of_the_file_does_not_matter(go, write_suite, tmp_path):
    file = write_suite()
    expected = logits(go(file)[0])
    pd.read_csv(tmp_path / "ratings.csv").sample(frac=1, random_state=0).to_csv(tmp_path / "ratings.csv", index=False)
    assert logits(go(file, "two")[0]) == expected


def test_only_and_seeds(go, write_suite):
    finished, _ = go(write_suite(), only=("lr", "average"), seeds=(4,))
    ran = {(r["trial"]["method"], r["trial"]["seed"]) for r in finished.records if r["kind"] != "bound"}
    assert ran == {("lr", 4), ("average", 4)}


def test_rerun_all_does_everything_again_and_finds_the_same(go, write_suite):
    file = write_suite()
    first, planned = go(file)
    again, watcher = go(file, rerun="all")
    assert watcher.steps == planned.steps
    assert logits(first) == logits(again)
    assert again.conflicts == ()


def test_changed_settings_are_other_trials(go, write_suite):
    first, _ = go(write_suite())
    second, _watcher = go(write_suite(models="  lr: {use: lr}\n  fm: {use: fm, embedding_dim: 3}"))
    ids = [{r["trial"]["method"]: r["id"] for r in finished.records} for finished in (first, second)]
    assert ids[0]["lr"] == ids[1]["lr"]
    assert ids[0]["fm"] != ids[1]["fm"]
    assert ids[0]["average"] != ids[1]["average"], "it reads fm's predictions"


# -- faults


def faulty(fault):
    return f"  lr: {{use: lr}}\n  bad: {{use: faulty, fault: {fault}}}"


@pytest.mark.parametrize(
    ("fault", "expected", "reason"),
    [
        ("raise", "error", "RuntimeError: the fit went wrong"),
        ("exit", "no_result", "exited with 0"),
        ("segfault", "crashed:SIGSEGV", "SIGSEGV"),
        ("nan", "invalid_prediction", "row 3"),
        ("shape", "invalid_prediction", "expected"),
    ],
)
def test_a_fault_ends_its_own_trial_and_those_that_need_it(go, write_suite, fault, expected, reason):
    executor = "local" if fault in ("exit", "segfault") else "inline"
    finished, _ = go(write_suite(models=faulty(fault)), plugins=(FAULTY,), executor=executor)
    assert status(finished)["lr"] == "ok"
    assert status(finished)["bad"] == expected
    assert status(finished)["average"] == "unavailable"
    by_method = {record["trial"]["method"]: record for record in finished.records}
    assert reason in by_method["bad"]["reason"]
    assert "bad" in by_method["average"]["reason"] or "faulty" in by_method["average"]["reason"]
    assert ("Traceback" in by_method["bad"]["traceback"]) == (executor == "inline")
    assert finished.manifest["status"] == "incomplete"
    assert build(finished).exit_code == 4


def test_a_failed_trial_is_tried_again_unless_told_not_to(go, write_suite):
    file = write_suite(models=faulty("raise"))
    go(file, plugins=(FAULTY,))
    _, untouched = go(file, plugins=(FAULTY,), rerun="none")
    finished, tried = go(file, plugins=(FAULTY,))
    assert untouched.steps == 0
    assert tried.steps > 0
    assert status(finished)["bad"] == "error"


@pytest.mark.parametrize(("fault", "warning"), [("probabilities", "are they probabilities"), ("constant", "the same")])
def test_suspicious_predictions_are_kept_and_flagged(go, write_suite, fault, warning):
    finished, _ = go(write_suite(models=faulty(fault)), plugins=(FAULTY,))
    by_method = {record["trial"]["method"]: record for record in finished.records}
    assert by_method["bad"]["status"] == "ok"
    assert warning in by_method["bad"]["details"]["warnings"][0]


def test_weights_off_the_simplex(go, write_suite):
    methods = "  off: {selector: {use: off-simplex}}\n  average: {selector: {use: average}}"
    finished, _ = go(write_suite(methods=methods), plugins=(FAULTY,))
    assert status(finished)["off"] == "invalid_selection"
    assert status(finished)["average"] == "ok"


def test_a_stranger_s_model_is_adapted_and_named_in_the_record(go, write_suite):
    models = "  lr: {use: lr}\n  mine: {use: dcn-v2, embedding_dim: 2, layers: 1}"
    finished, _ = go(write_suite(models=models, methods=META), plugins=(DCN,))
    record = next(r for r in finished.records if r["trial"]["method"] == "metaselector")
    assert record["status"] == "ok"
    plugin = next(p for p in record["identity"]["plugins"] if p["name"] == "dcn-v2")
    assert plugin["origin"].endswith("single_file_plugin.py")
    assert len(plugin["digest"]) == 64


def test_records_say_what_they_rest_on(go, write_suite):
    finished, _ = go(write_suite(methods=META))
    record = next(r for r in finished.records if r["trial"]["method"] == "metaselector")
    assert record["details"]["base_predictions"] == "in-sample"
    assert set(record["details"]["source_shift"]) == {"lr", "fm"}
    assert record["cost"]["total"]["train_cpu_s"] > record["cost"]["own"]["train_cpu_s"] > 0
    assert record["cost"]["own"]["peak_rss_bytes"] > 1e7
    weights = read_blob(finished.folder, record["blobs"]["weights"])
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-5)
    assert {"data", "split", "metrics", "harness", "plugins", "settings"} <= record["identity"].keys()


# -- the command


def bench(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "bench.cli", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("use: lr", "use: lrr", "suite.yaml:10:13: unknown base model 'lrr'; did you mean 'lr'?"),
        ("label: liked", "label: likd", "likd"),
        ("path: ratings.csv", "path: nowhere.csv", "nowhere.csv"),
        (
            "average: {selector: {use: average}}",
            "m: {selector: {use: mlp}, meta_learner: {use: maml, adapt: [selector], frozen_fields: [itm_id]}}",
            "dataset 'small' has no field 'itm_id' to freeze; did you mean 'item_id'?",
        ),
    ],
)
def test_bad_input_is_one_line_exit_2_and_nothing_written(write_suite, tmp_path, old, new, place):
    file = write_suite()
    file.write_text(file.read_text().replace(old, new))
    process = bench("run", file, "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert place in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_interrupted_run_leaves_no_orphan_and_goes_on(write_suite, tmp_path):
    file = write_suite(models=faulty("sleep"), methods="  average: {selector: {use: average}}")
    arguments = ("run", file, "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache", "--plugins", FAULTY)
    process = bench(*arguments, start_new_session=True)
    _wait_for(lambda: list((tmp_path / "out" / "records").glob("*.json")), process)
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert '"interrupted"' in (tmp_path / "out" / "manifest.json").read_text()
    _wait_for(lambda: not _in_session(process.pid), None)


def _in_session(session: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def _wait_for(condition, process, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)
