"""`bench.run_suite` and `bench.load_run`: the door for programs."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench.errors import BenchError, IncompleteRunError, RecordError
from bench.run.preview import preview

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"
INLINE = {"executor": "inline", "autoload": False}


@pytest.fixture
def run_suite(tmp_path):
    """`bench.run_suite` with paths as text."""

    def run_suite(file, **options):
        folders = {"out": str(tmp_path / "out"), "cache_dir": str(tmp_path / "cache")}
        return bench.run_suite(str(file), **(INLINE | folders | {"autoload": True} | options))

    return run_suite


def test_paths_may_be_text_wherever_they_are_given(run_suite, write_suite, tmp_path):
    models = "  lr: {use: lr}\n  quiet: {use: faulty, fault: none}"
    file = write_suite(models=models)
    data = tmp_path / "elsewhere"
    data.mkdir()
    (tmp_path / "ratings.csv").rename(data / "ratings.csv")
    for plugins in (str(FAULTY), [str(FAULTY)], (FAULTY,)):
        run = run_suite(file, plugins=plugins, data_dir=str(data), seeds=[0], only="lr")
        assert [record["trial"]["method"] for record in run.records] == ["lr"]
    assert run.folder == tmp_path / "out"
    assert bench.load_run(str(run.folder)).records == run.records
    found = preview(
        str(file), out=str(run.folder), data_dir=str(data), cache_dir=str(tmp_path / "cache"), plugins=[str(FAULTY)]
    )  # fmt: skip
    assert [planned.state for planned in found.trials].count("recorded") == 1


def test_one_seed_needs_no_list(run_suite, write_suite):
    run = run_suite(write_suite(), seeds=3, only="lr")
    assert [record["trial"]["seed"] for record in run.records] == [3]


def test_an_incomplete_run_raises_and_names_what_failed(run_suite, write_suite):
    models = "  lr: {use: lr}\n  bad: {use: faulty, fault: raise}"
    file = write_suite(models=models, protocol="base_predictions: in-sample")
    with pytest.raises(IncompleteRunError) as raised:
        run_suite(file, plugins=str(FAULTY))
    error = raised.value
    assert isinstance(error, BenchError)
    assert error.exit_code == 4
    assert "5 of 6 trials have no result" in str(error)
    assert "small/cold bad seed 0: error: RuntimeError: the fit went wrong" in str(error)
    assert "allow_incomplete=True" in str(error)
    assert [line["method"] for line in error.run.manifest["trials"] if line["status"] == "ok"] == [
        "lr"
    ]
    allowed = run_suite(file, plugins=str(FAULTY), allow_incomplete=True, rerun="none")
    assert {line["method"] for line in allowed.lacking} >= {"bad", "average"}


def test_a_part_that_is_asked_for_is_no_incomplete_run(run_suite, write_suite):
    run = run_suite(write_suite(), only=("lr",))
    assert run.manifest["status"] == "part"
    assert run.lacking == ()


def test_a_run_as_a_table_has_a_row_a_trial(run_suite, write_suite):
    run = run_suite(write_suite(), seeds=(0, 1), only=("lr", "fm"))
    frame = run.frame()
    assert len(frame) == len(run.manifest["trials"])
    assert list(frame.columns[:6]) == ["dataset", "protocol", "method", "seed", "kind", "status"]
    recorded = frame[frame.status == "ok"].set_index(["method", "seed"])
    for record in run.records:
        row = recorded.loc[record["trial"]["method"], record["trial"]["seed"]]
        for name in ("auc", "logloss", "gauc"):
            value = record["metrics"][name]["value"]
            assert math.isnan(row[name]) if value is None else row[name] == value
        if record["kind"] == "base_model":
            assert row.train_cpu_s == record["cost"]["own"]["train_cpu_s"]
            assert row.total_train_cpu_s == record["cost"]["total"]["train_cpu_s"]
            assert row.peak_rss_bytes == record["cost"]["own"]["peak_rss_bytes"]
    rest = frame[frame.status != "ok"]
    assert set(rest.method) == {"average", "user-best"}
    assert set(rest.status) == {"not asked"}
    assert rest.logloss.isna().all()


def test_missing_and_failed_trials_are_rows_too(run_suite, write_suite):
    models = "  lr: {use: lr}\n  bad: {use: faulty, fault: raise}"
    file = write_suite(models=models, protocol="base_predictions: in-sample")
    run = run_suite(file, plugins=str(FAULTY), allow_incomplete=True)
    next((run.folder / "records").iterdir()).unlink()
    statuses = bench.load_run(run.folder).frame().set_index("method").status
    assert statuses["bad"] == "error"
    assert statuses["average"] == "unavailable"
    assert statuses["lr"] == "missing"


def test_users_are_rows_for_each_method_and_seed(run_suite, write_suite):
    run = run_suite(write_suite(), seeds=(0, 1))
    users = run.users()
    assert {"dataset", "protocol", "seed", "method", "user", "logloss"} <= set(users.columns)
    assert set(users.dataset) == {"small"}
    assert set(users.protocol) == {"cold"}
    counts = users.groupby(["method", "seed"]).size()
    assert set(counts.index) == {
        (m, s) for m in ("lr", "fm", "average", "user-best") for s in (0, 1)
    }
    tested = run.manifest["splits"]["small/cold"]["users"]["test"]
    assert set(counts) == {tested}
    weighed = users[(users.method == "average") & (users.seed == 0)]
    record = next(
        one
        for one in run.records
        if (one["trial"]["method"], one["trial"]["seed"]) == ("average", 0)
    )
    mean = (weighed.logloss * weighed.rows).sum() / weighed.rows.sum()
    assert mean == pytest.approx(record["metrics"]["logloss"]["value"], abs=1e-9)


def test_without_an_analysis_there_are_no_users(run_suite, write_suite):
    run = run_suite(write_suite())
    (run.folder / "analysis.json").unlink()
    with pytest.raises(RecordError, match="no tables by user: it has no analysis; run the suite"):
        bench.load_run(run.folder).users()


def test_reading_a_run_needs_neither_torch_nor_pandas(run_suite, write_suite):
    run = run_suite(write_suite(), only=("lr",))
    script = (
        "import sys, bench; run = bench.load_run(sys.argv[1]); assert run.records; "
        "print([name for name in ('torch', 'pandas', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(run.folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
