"""Methods under a meta-learner in a run: what adaptation did is kept by user and reported; a divergence names the user."""

from __future__ import annotations

import json
from importlib.metadata import version

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from bench.evaluate import analysis_from_json
from bench.learn import fitting
from bench.records import USER_COLUMNS, read_blob, read_table, user_column
from bench.report import build, to_json, to_markdown
from bench.run import run
from bench.settings import PARAMETER_GROUPS
from bench.worker import select_step
from bench.worker.clock import Clock
from tests.run.conftest import by_method, load_suite, write_ratings, write_small_suite

SELECTOR = "selector: {use: mlp, embedding_dim: 2, hidden: [4]}"
FULL = "adapt: [selector, base_models]"
STILL = "rates: {selector: 0, bias: 0, dense: 0, user: 0, item: 0, context: 0}"
METHODS = f"""  gating: {{{SELECTOR}}}
  simple: {{{SELECTOR}, meta_learner: {{use: maml, adapt: [selector], inner_steps: 2, train: {{epochs: 1}}}}}}
  full: {{{SELECTOR}, meta_learner: {{use: meta-sgd, {FULL}, inner_steps: 2, train: {{epochs: 1}}}}}}
  still: {{{SELECTOR}, meta_learner: {{use: maml, {FULL}, inner_steps: 2, {STILL}, train: {{epochs: 1}}}}}}
  calibrated: {{{SELECTOR}, calibrate: user, meta_learner: {{use: fine-tune, adapt: [selector], inner_steps: [1, 2]}}}}"""
META = ("simple", "full", "still", "calibrated")


def inline(folder, methods, setting="cold"):
    file = write_small_suite(folder, setting, methods=methods)
    folders = {"out": folder / "run", "cache_dir": folder / "cache"}
    return run(load_suite(file), autoload=False, executor="inline", **folders)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return inline(tmp_path_factory.mktemp("adapting"), METHODS)


@pytest.fixture(scope="module")
def table(finished):
    return read_table(finished.folder, finished.user_tables["small/cold"]).to_pandas()


def test_every_method_under_a_meta_learner_has_its_columns_and_no_other(table):
    assert {
        name for name, own in table.groupby("method") if own.logloss_before.notna().all()
    } == set(META)
    others = table[~table.method.isin(META)]
    assert (
        others[[column for column in table if "before" in column or "moved" in column]]
        .isna()
        .all(axis=None)
    )


def test_the_exported_table_has_the_columns_that_are_documented(finished, tmp_path):
    file = tmp_path / "users.parquet"
    told = CliRunner().invoke(main, ["export", str(finished.folder), str(file), "--users"])
    assert told.exit_code == 0, told.output
    schema = pq.read_schema(file)
    assert [name for name in schema.names if user_column(name) is None] == []
    assert {id(user_column(name)) for name in schema.names} == set(map(id, USER_COLUMNS.values()))
    for field in schema:
        known = user_column(field.name)
        assert str(field.type).removeprefix("large_") == known.type
        assert field.metadata == {
            b"description": known.meaning.encode(),
            b"null": known.null.encode(),
        }
    exported = pq.read_table(file)
    assert {n for n in schema.names if exported[n].null_count and not user_column(n).null} == set()
    assert exported.to_pandas().equals(bench.load_run(finished.folder).users())


@pytest.mark.parametrize("name", ["simple", "full", "still"])
def test_after_is_what_the_method_predicted(table, name):
    own = table[table.method == name]
    assert np.array_equal(own.logloss_after, own.logloss)
    assert np.array_equal(own.entropy_after, own.entropy)
    for model in ("fm", "lr"):
        assert np.array_equal(own[f"weight_after:{model}"], own[f"weight:{model}"])


def test_before_a_calibration(table):
    own = table[table.method == "calibrated"]
    assert not np.allclose(own.logloss_after, own.logloss)


def test_without_rates_nothing_happened(table):
    own = table[table.method == "still"]
    for column in [column for column in own if "_before" in column and "chosen" not in column]:
        np.testing.assert_array_equal(own[column], own[column.replace("_before", "_after")])
    assert own.moved_most.isna().all()
    assert (
        own[[column for column in own if column.startswith("moved:")]]
        .fillna(0)
        .eq(0)
        .all(axis=None)
    )


def test_adaptation_fits_the_support_and_says_what_moved(table):
    own = table[table.method == "simple"]
    assert own.support_logloss_after.mean() < own.support_logloss_before.mean()
    assert set(own.moved_most) == {"selector"}
    assert set(table[table.method == "full"].moved_most) <= set(PARAMETER_GROUPS)
    for when in ("before", "after"):
        assert table[f"entropy_{when}"].dropna().between(0, 1).all()


def test_the_loss_before_is_that_of_the_unadapted_selector(finished, table):
    """From the kept logits and the labels of the data, by hand."""
    blobs = by_method(finished)["simple"]["blobs"]
    logits, own = (
        read_blob(finished.folder, blobs["logits_before"]),
        table[table.method == "simple"],
    )
    assert len(logits) == own["rows"].sum()
    assert not np.array_equal(logits, read_blob(finished.folder, blobs["logits_after"]))
    expected = (own.logloss_before * own["rows"]).sum() / own["rows"].sum()
    found = {one.name: one for one in analysis_from_json(finished.analyses["small/cold"]).methods}[
        "simple"
    ].adaptation
    assert found.logloss_before == pytest.approx(expected, rel=1e-12)
    assert found.logloss_after == pytest.approx(
        by_method(finished)["simple"]["metrics"]["logloss"]["value"], rel=1e-9
    )


def test_a_record_says_what_adapted(finished):
    """Of every method under a meta-learner, and of no other."""
    records = by_method(finished)
    told = {
        name: record["versions"]["inner_loop"]
        for name, record in records.items()
        if "inner_loop" in record["versions"]
    }
    adapting = ("simple", "calibrated", "full", "still")
    assert told == dict.fromkeys(adapting, f"numba {version('numba')}")


def test_a_record_says_who_trained(finished):
    """Base models, and selectors by gradient, with a meta-learner or without."""
    compiled = f"numba {version('numba')}"
    told = {
        name: record["versions"]["training"]
        for name, record in by_method(finished).items()
        if "training" in record["versions"]
    }
    assert told == {
        "lr": f"{compiled}: logistic-regression",
        "fm": f"{compiled}: factorization-machine",
        **dict.fromkeys(("gating", *META), f"{compiled}: lookups; torch: the forward"),
    }


def test_the_kernel_is_compiled_off_the_clock(tmp_path, monkeypatch):
    events = []

    class Ticking(Clock):
        def __enter__(self):
            events.append("clock")
            return super().__enter__()

    monkeypatch.setattr(select_step, "Clock", Ticking)
    monkeypatch.setattr(fitting, "compile_kernel", lambda: events.append("compiled"))
    method = (
        "  simple: {SELECTOR, meta_learner: {use: fine-tune, adapt: [selector], inner_steps: [1]}}"
    )
    inline(tmp_path, method.replace("SELECTOR", SELECTOR))
    assert events == ["compiled", "clock", "clock"]


@pytest.mark.fault(18)
def test_a_user_without_support_is_counted_and_left_as_is(tmp_path):
    write_ratings(tmp_path / "ratings.csv")
    with (tmp_path / "ratings.csv").open("a", encoding="utf-8") as stream:
        stream.write("u99,i00,1,0\n")
    methods = f"  full: {{{SELECTOR}, meta_learner: {{use: maml, {FULL}, inner_steps: 2, train: {{epochs: 1}}}}}}"
    found = inline(tmp_path, methods, setting="blocks")
    details = by_method(found)["full"]["details"]
    assert (details["empty_support_users"], details["empty_query_users"]) == (1, 0)
    assert "1 test user has no support and is predicted unadapted." in to_markdown(build(found))
    table = read_table(found.folder, found.user_tables["small/blocks"]).to_pandas()
    own = table[table.method == "full"]
    (alone,) = own[own.support_rows == 0].to_dict("records")
    assert alone["logloss_before"] == alone["logloss_after"]
    assert np.isnan(alone["support_logloss_before"])
    assert not isinstance(alone["moved_most"], str)


def test_a_report_has_it_in_all_its_forms(finished):
    report = build(finished)
    told, as_json = to_markdown(report), json.loads(json.dumps(to_json(report), allow_nan=False))
    part = told[told.index("What adaptation did") :].split("\n\n")[1]
    assert "| selector 100 % |" in part
    assert {line.split("|")[1].strip() for line in part.splitlines()[2:]} == set(META)
    (section,) = as_json["sections"]
    effects = {one["name"]: one["adaptation"] for one in section["analysis"]["methods"]}
    assert {name for name, effect in effects.items() if effect} == set(META)
    assert effects["simple"]["moved_most"] == {"selector": 1.0}
    assert effects["still"]["moved_most"] == {}


@pytest.mark.fault(14)
def test_a_divergence_ends_its_trial_with_the_user_as_in_the_data(tmp_path):
    rates = "rates: {selector: 100, bias: 100, dense: 100, user: 100, item: 100, context: 100}, rate_factors: [1000]"
    rates += ", support_scales: [0]"
    methods = (
        f"  wild: {{{SELECTOR}, meta_learner: {{use: fine-tune, {FULL}, inner_steps: [60], {rates}}}}}\n"
        "  average: {selector: {use: average}}"
    )
    records = by_method(inline(tmp_path, methods))
    assert records["average"]["outcome"]["status"] == "ok"
    assert records["wild"]["outcome"]["status"] == "invalid_prediction"
    assert "fine-tune: user 'u" in records["wild"]["outcome"]["reason"]
    assert "of 60: its largest step is that of group '" in records["wild"]["outcome"]["reason"]
