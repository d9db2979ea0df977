"""`support_rows`: a method that is given the last rows alone of validation and test users' support."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest

from bench.data.views.interactions import Interactions
from bench.job.splits import open_split
from bench.records import read_blob, read_table
from bench.registry import load_registry
from bench.report import build, to_markdown
from bench.run import run
from bench.suite import load
from tests.run.conftest import by_method, write_small_suite

SELECTOR = "selector: {use: mlp, embedding_dim: 2, hidden: [4]}"
META = "inner_steps: 2, train: {epochs: 2, users: 4}"
METHODS = f"""  average: {{selector: {{use: average}}}}
  gating: {{{SELECTOR}}}
  fwls: {{selector: {{use: fwls}}}}
  context-gate: {{selector: {{use: context-gate}}}}
  user-best: {{selector: {{use: user-best}}}}
  user-bayes: {{selector: {{use: user-bayes}}}}
  user-cluster: {{selector: {{use: user-cluster}}}}
  user-calibration: {{selector: {{use: user-calibration}}}}
  calibrated: {{selector: {{use: average}}, calibrate: user}}
  simple: {{{SELECTOR}, meta_learner: {{use: meta-sgd, adapt: [selector], {META}}}}}
  full: {{{SELECTOR}, meta_learner: {{use: meta-sgd, adapt: [selector, base_models], {META}}}}}
  fine-tune: {{{SELECTOR}, meta_learner: {{use: fine-tune, adapt: [selector, base_models], inner_steps: [1, 2]}}}}"""
NAMES = [line.split(":")[0].strip() for line in METHODS.splitlines()]
ADAPTING = ("simple", "full", "fine-tune")
READING = (
    "user-best",
    "user-bayes",
    "user-calibration",
    "fwls",
    "calibrated",
    *ADAPTING,
)  # others may weigh all users alike
FEW = 3


def of(name: str, rows: int | None) -> str:
    return f"{name}[support_rows={'null' if rows is None else rows}]"


def suite_in(folder):
    """The small suite where every method stands with its whole support, one that is never as long, few rows, and none."""
    file = write_small_suite(folder, methods=METHODS)
    grid = "".join(f"  methods.{name}.support_rows: [null, 1000, {FEW}, 0]\n" for name in NAMES)
    file.write_text(f"{file.read_text('utf-8')}grid:\n{grid}", "utf-8")
    return file


def finished_in(folder, file, overrides=(), cache="cache", out="run"):
    suite = load(file, load_registry(autoload=False), overrides=overrides)
    return run(suite, autoload=False, executor="inline", out=folder / out, cache_dir=folder / cache)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="module")
def finished(folder):
    return finished_in(folder, suite_in(folder))


@pytest.fixture(scope="module")
def flipped(folder, finished, tmp_path_factory):
    """The run where validation and test users' support has the other labels before its last `FEW` rows."""
    other = tmp_path_factory.mktemp("flipped")
    with (folder / "ratings.csv").open(encoding="utf-8") as stream:
        header, *lines = csv.reader(stream)
    interactions, split = opened(folder)
    assert [int(line[2]) for line in lines] == interactions.labels().tolist(), (
        "the table has the file's order"
    )
    rows = [row for role in ("valid", "test") for row in older_rows(split, role)]
    assert len(rows) > 10
    for row in rows:
        lines[row][2] = str(1 - int(lines[row][2]))
    with (other / "ratings.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *lines])
    return finished_in(other, suite_in(other))


def opened(folder):
    (prepared,) = (folder / "cache" / "data").glob("*/meta.json")
    (of_split,) = (folder / "cache" / "steps").glob("split-*")
    interactions = Interactions.open(prepared.parent)
    return interactions, open_split(of_split, interactions)[0]


def older_rows(split, role):
    """Rows of a role's supports before the last `FEW` of each user."""
    rows, ptr = split.rows(role, "support").tolist(), split.pointer(role, "support").tolist()
    return [
        row
        for start, stop in itertools.pairwise(ptr)
        for row in rows[start : max(start, stop - FEW)]
    ]


def outcome(finished, method):
    """What a method predicted and was chosen by, to the bit."""
    record = by_method(finished)[method]
    assert record["outcome"]["status"] == "ok", record["outcome"]["reason"]
    return record["blobs"], record["validation"], record["metrics"]


@pytest.mark.parametrize("name", NAMES)
def test_more_rows_than_there_are_change_nothing(finished, name):
    assert outcome(finished, of(name, 1000)) == outcome(finished, of(name, None))
    ids = {by_method(finished)[of(name, rows)]["id"] for rows in (None, 1000, FEW, 0)}
    assert len(ids) == 4


@pytest.mark.parametrize("name", NAMES)
def test_labels_before_the_last_rows_reach_nothing(finished, flipped, name):
    for rows in (FEW, 0):
        assert outcome(finished, of(name, rows)) == outcome(flipped, of(name, rows))


@pytest.mark.parametrize("name", READING)
def test_labels_before_the_last_rows_reach_who_is_given_them(finished, flipped, name):
    assert (
        outcome(finished, of(name, None))[0]["logits"]
        != outcome(flipped, of(name, None))[0]["logits"]
    )


@pytest.mark.parametrize("name", READING)
def test_few_rows_do_count(finished, name):
    assert len({outcome(finished, of(name, rows))[0]["logits"] for rows in (None, FEW, 0)}) == 3


@pytest.mark.fault(18)
@pytest.mark.parametrize("name", ADAPTING)
def test_without_rows_users_are_predicted_unadapted(finished, name):
    blobs = by_method(finished)[of(name, 0)]["blobs"]
    assert blobs["logits"] == blobs["logits_before"] == blobs["logits_after"]
    assert not np.nan_to_num(read_blob(finished.folder, blobs["movements"])).any()
    assert np.isnan(read_blob(finished.folder, blobs["support_losses"])).all()


def test_without_rows_nothing_is_calibrated(finished):
    average, calibrated = (
        read_blob(finished.folder, by_method(finished)[of(name, 0)]["blobs"]["logits"])
        for name in ("average", "calibrated")
    )
    assert np.array_equal(average, calibrated)


def test_interpretation_reads_the_same_rows(finished):
    """On a support of few rows other than on all of it."""
    losses = {
        rows: read_blob(
            finished.folder, by_method(finished)[of("simple", rows)]["blobs"]["support_losses"]
        )
        for rows in (None, FEW)
    }
    assert not np.array_equal(losses[None], losses[FEW])


def test_the_record_says_what_the_method_was_given(finished):
    records = by_method(finished)
    users = len(
        set(read_table(finished.folder, finished.user_tables["small/cold"])["user"].to_pylist())
    )
    for rows in (1000, FEW, 0):
        details = records[of("simple", rows)]["details"]
        assert (
            details["support_rows"]
            == records[of("simple", rows)]["identity"]["settings"]["support_rows"]
            == rows
        )
        assert details["empty_support_users"] == (0 if rows else users)
        assert details["training"] == records[of("simple", None)]["details"]["training"], (
            "training users' are whole"
        )
    whole = records[of("simple", None)]
    assert "support_rows" not in whole["details"]
    assert whole["identity"]["settings"]["support_rows"] is None


def test_the_report_names_it(finished):
    text = to_markdown(build(finished)).replace("\\", "")
    before = "Some methods see less of validation and test users' support: "
    (line,) = [line for line in text.splitlines() if line.startswith(before)]
    told = line.removeprefix(before).split("; ")
    seen = ("none (predictions are unadapted)", f"the last {FEW} rows", "the last 1,000 rows.")
    assert [part.endswith(f" {rows}") for part, rows in zip(told, seen, strict=True)] == [True] * 3
    assert (
        told[1]
        == f"{', '.join(of(n, FEW) for n in NAMES[:-1])} and {of(NAMES[-1], FEW)} the last {FEW} rows"
    )
    assert "no support and" not in text, "of the split: there is none"


def test_base_models_are_shared(go, write_suite, tmp_path):
    """A method with the key finds the steps of one without: the same ids, nothing fitted again but itself."""
    file = write_suite(methods="  user-best: {selector: {use: user-best}}")
    plain, first = go(file, cache="shared")
    write_suite(methods="  user-best: {selector: {use: user-best}, support_rows: 3}")
    few, second = go(file, "few", cache="shared")
    assert first.steps == 7
    assert second.titles == ["small/cold user-best, seed 0"]
    before, after = by_method(plain), by_method(few)
    assert {name for name in before if before[name]["id"] != after[name]["id"]} == {"user-best"}
    assert before["user-best"]["identity"]["steps"] != after["user-best"]["identity"]["steps"]
    for base_model in ("lr", "fm"):
        assert before[base_model]["identity"]["steps"] == after[base_model]["identity"]["steps"]


def test_it_can_be_set_for_one_run(finished, folder, tmp_path):
    file = write_small_suite(tmp_path, methods=METHODS)
    only = finished_in(tmp_path, file, overrides=(f"methods.user-bayes.support_rows={FEW}",))
    assert outcome(only, "user-bayes") == outcome(finished, of("user-bayes", FEW))
    assert outcome(only, "user-best") == outcome(finished, of("user-best", None))
