"""What a report says of a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from bench.job.outcome import Outcome, unavailable
from bench.records import Run, load, write_record
from bench.report import Cited, Report, Row, Section, build, to_json, to_markdown
from bench.report.sections.trouble import trouble
from tests.report.conftest import failed

Records = list[dict[str, Any]]
MakeRun = Callable[..., Run]


def only_section(run: Run) -> Section:
    (section,) = build(run).sections
    return section


def rows(run: Run) -> dict[str, Row]:
    return {row.name: row for row in only_section(run).rows}


def of(records: Records, name: str) -> Records:
    return [one for one in records if one["trial"]["method"] == name]


def test_rows_are_methods_by_log_loss_then_base_models_then_best_single_then_bounds(
    make_run: MakeRun,
) -> None:
    section = only_section(make_run())
    assert [row.kind for row in section.rows] == ["method"] * 6 + ["base_model"] * 4 + [
        "best_single"
    ] + ["bound"] * 2
    for kind in ("method", "base_model", "bound"):
        losses = [row.figures["logloss"].estimate.mean for row in section.rows if row.kind == kind]
        assert losses == sorted(losses)  # type: ignore[type-var]


def test_best_single_is_named_with_its_model_and_repeats_its_figures(make_run: MakeRun) -> None:
    found = rows(make_run())
    assert found["best-single"].model == "fm"
    assert found["best-single"].figures == found["fm"].figures
    assert found["best-single"].cost is None


def test_the_best_is_marked_and_a_bound_never_is(make_run: MakeRun) -> None:
    found = rows(make_run())
    assert {metric: figure.mark for metric, figure in found["metaselector"].figures.items()} == {
        "auc": "best", "logloss": "best", "relaimpr": "best", "gauc": "best",
    }  # fmt: skip
    assert {
        figure.mark
        for name in ("perfect-user", "perfect-sample")
        for figure in found[name].figures.values()
    } == {None}


def test_relaimpr_follows_the_base_that_the_suite_names(make_run: MakeRun) -> None:
    def edit(_: Records, manifest: dict[str, Any]) -> None:
        manifest["relaimpr_base"] = "gating"

    found = rows(make_run(edit=edit))
    assert found["gating"].figures["relaimpr"].estimate.mean == 0.0
    assert found["fm"].figures["relaimpr"].estimate.mean < 0  # type: ignore[operator]


def test_throughput_is_rows_per_own_cpu_second(make_run: MakeRun) -> None:
    cost = rows(make_run(seeds=(0,)))["metaselector"].cost
    assert cost is not None
    assert cost.train_rows_per_s == pytest.approx(9_000_000 / 310.4)
    assert cost.predict_rows_per_s == pytest.approx(21_037 / 1.2)
    assert cost.own_cpu_s == pytest.approx(311.6)
    assert cost.total_cpu_s == pytest.approx(601.6)
    assert cost.peak_rss_bytes == 624_000_000


def test_what_was_not_measured_is_absent_not_zero(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in of(records, "fm"):
            one["cost"]["own"] = dict.fromkeys(one["cost"]["own"])
        of(records, "lr")[0]["cost"] = {"own": {}, "total": {}}

    found = rows(make_run(edit=edit))
    assert found["average"].cost.train_rows_per_s is None  # type: ignore[union-attr]
    assert found["fm"].cost.own_cpu_s is None  # type: ignore[union-attr]
    assert found["lr"].cost.own_cpu_s == pytest.approx((2.1 * 1.1 + 2.1 * 1.2) / 2 + 0.02)  # type: ignore[union-attr]


def test_share_of_users_and_source_shift_are_means_over_seeds_by_source(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        bound = next(one for one in of(records, "perfect-user") if one["trial"]["seed"] == 1)
        bound["details"]["best_model_share"]["lr"] = 0.31

    models = {
        model.name: model for model in only_section(make_run(seeds=(0, 1), edit=edit)).base_models
    }
    assert models["lr"].best_share == pytest.approx(0.26)
    shifts = models["lr"].shifts
    assert {source: (shift.train_query, shift.valid_query) for source, shift in shifts.items()} == {
        "out-of-sample": (0.5991, 0.6044),
        "in-sample": (0.5512, 0.6044),
    }


def test_failed_and_missing_trials_are_listed_with_their_reason_and_never_best(
    make_run: MakeRun,
) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        of(records, "metaselector")[1].update(failed("signal 11", "crashed", "SIGSEGV"))
        for trial in manifest["trials"]:
            if trial["method"] == "gating" and trial["seed"] == 0:
                trial["record"] = None

    run = make_run(edit=edit)
    report = build(run)
    assert [(one.method, one.seed, one.status, one.reason) for one in report.failures] == [
        ("gating", 0, "missing", "no record"),
        ("metaselector", 1, "crashed:SIGSEGV", "signal 11"),
    ]
    assert report.exit_code == 4
    found = rows(run)
    assert found["metaselector"].figures["logloss"].mark is None
    assert found["user-calibration"].figures["logloss"].mark == "best"
    assert found["metaselector"].figures["logloss"].estimate.defined == 2
    text = to_markdown(report)
    assert "Failed: ml-1m/cold metaselector, seed 1: crashed:SIGSEGV: signal 11." in text
    assert "have a value in 2 of 3 seeds: crashed:SIGSEGV." in text


def test_a_record_that_is_gone_is_missing(make_run: MakeRun) -> None:
    run = make_run(seeds=(0,))
    fewer = run._replace(records=run.records[1:])
    assert [(one.method, one.status) for one in build(fewer).failures] == [("lr", "missing")]


def test_methods_that_need_a_model_that_failed_are_named_once_behind_it(make_run: MakeRun) -> None:
    ended = Outcome(status="error", reason="no column 'scroe'; did you mean 'score'?")

    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            name, seed = one["trial"]["method"], one["trial"]["seed"]
            if name == "deepfm":
                one["outcome"] = ended.model_dump(mode="json")
            elif one["kind"] != "base_model" and (name, seed) != ("gating", 2):
                title = f"ml-1m/cold deepfm {'star' if seed else 'fold-0'} seed {seed}"
                one["outcome"] = unavailable(title, "deepfm", ended).model_dump(mode="json")

    report = build(make_run(edit=edit))
    (told,) = [note.text for note in trouble(report)]
    assert told == (
        f"Failed: ml-1m/cold deepfm, seeds 0, 1, 2: error: {ended.reason} Because of that there is no result for average, "
        "user-best, user-calibration, metaselector-simplified, metaselector, perfect-user and perfect-sample (seeds 0, 1, 2); "
        "gating (seeds 0, 1)."
    )


def test_a_fold_that_failed_alone_is_told_with_what_needed_it(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "average":
                title = f"ml-1m/cold fm fold-1 seed {one['trial']['seed']}"
                crashed = Outcome(status="crashed", signal="SIGSEGV", reason="signal 11")
                one["outcome"] = unavailable(title, "fm", crashed).model_dump(mode="json")

    (told,) = [note.text for note in trouble(build(make_run(edit=edit)))]
    assert told == (
        "Failed: ml-1m/cold fm, in a fold of its fits: crashed:SIGSEGV: signal 11. "
        "Because of that there is no result for average (seeds 0, 1, 2)."
    )


@pytest.mark.fault(32)
def test_all_failed_is_said_in_place_of_a_table(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one.update(failed("boom"))

    report = build(make_run(edit=edit))
    assert report.exit_code == 4
    text = to_markdown(report)
    assert "None of 36 trials has a result: there is nothing to compare." in text
    assert "|" not in text
    assert text.count("Failed: ") == 12  # seeds that ended alike share a line


def test_seeds_whose_errors_differ_in_numbers_share_a_line(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            seed = one["trial"]["seed"]
            if one["trial"]["method"] == "fm":
                one.update(failed(f"a seed of 32 bits. Got {77 + seed}"))
            if one["trial"]["method"] == "lr":
                one.update(failed("boom" if seed else "bang"))

    told = [note.text for note in trouble(build(make_run(edit=edit)))]
    assert [line.partition(": error")[0] for line in told] == [
        "Failed: ml-1m/cold lr, seed 0",
        "Failed: ml-1m/cold fm, seeds 0, 1, 2",
        "Failed: ml-1m/cold lr, seeds 1, 2",
    ]
    assert told[1].endswith("Got 77. (That is of seed 0; the others' numbers differ.)")
    assert "That is of seed" not in told[2]


@pytest.mark.fault(32)
def test_a_run_without_trials_is_no_success(make_run: MakeRun) -> None:
    report = build(
        make_run(edit=lambda records, manifest: (records.clear(), manifest["trials"].clear()))
    )
    assert report.exit_code == 4
    assert "it has no trials, so there is nothing to report" in to_markdown(report)


def test_a_metric_of_a_plugin_is_a_column_and_is_marked_where_its_direction_is_known(
    make_run: MakeRun,
) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        manifest["metrics"].insert(0, "brier")
        for one in records:
            one["metrics"]["brier"] = {
                "value": 0.25 if one["trial"]["method"] == "lr" else 0.5,
                "reason": "",
                "counts": {},
            }

    def with_direction(records: Records, manifest: dict[str, Any]) -> None:
        edit(records, manifest)
        manifest["higher_is_better"] = {"brier": False}

    unknown = make_run(seeds=(0,), edit=edit)
    assert build(unknown).metrics == ("logloss", "brier", "auc", "relaimpr", "gauc")
    assert rows(unknown)["lr"].figures["brier"].mark is None
    assert rows(make_run(seeds=(0,), edit=with_direction))["lr"].figures["brier"].mark == "best"


def test_sections_are_datasets_by_protocols(make_run: MakeRun) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        for one, trial in zip(records, manifest["trials"], strict=True):
            if one["trial"]["seed"] == 1:
                one["trial"]["protocol"] = trial["protocol"] = "warm"

    report = build(make_run(seeds=(0, 1), edit=edit))
    assert [(section.protocol, section.trials, section.ok) for section in report.sections] == [
        ("cold", 12, 12),
        ("warm", 12, 12),
    ]


@pytest.mark.fault(14)
def test_json_is_complete_and_free_of_nan(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in of(records, "fm") + of(records, "gating"):
            one["metrics"]["auc"] = {"value": None, "reason": "one class", "counts": {}}

    report = build(make_run(edit=edit))
    told = json.loads(json.dumps(to_json(report), allow_nan=False))
    (section,) = told["sections"]
    gating = next(row for row in section["rows"] if row["name"] == "gating")
    assert gating["figures"]["auc"] == {
        "estimate": {"values": [None] * 3, "mean": None, "sd": None, "reason": "one class"},
        "mark": None,
    }
    assert gating["figures"]["logloss"]["estimate"]["mean"] == pytest.approx(0.598 + 0.0007)
    assert (told["schema"], told["exit_code"], told["suite"]) == (1, 0, "movielens-1m-cold")


@pytest.mark.fault(20)
def test_conflicts_quarantines_and_warnings_are_told(
    make_run: MakeRun, on_disk: Callable[[Run], Run]
) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        manifest["plugins"]["quarantined"] = [
            {"origin": "broken 0.1", "reason": "no module 'xgboost'"}
        ]
        for one in of(records, "gating"):
            one["details"]["warnings"] = ["all predictions are the same"]

    run = on_disk(make_run(seeds=(0,), edit=edit))
    write_record(run.folder, {**run.records[0], "metrics": {}})
    text = to_markdown(build(load(run.folder)))
    assert "Plugin broken 0.1 is quarantined: no module 'xgboost'." in text
    assert "Warning: all predictions are the same (gating)." in text
    assert (
        f"Conflict: the same trial gave different results in records/{run.records[0]['id']}.json"
        in text.replace("…", "")
    )


def test_a_report_is_a_function_of_the_run_as_read_from_disk(
    make_run: MakeRun, on_disk: Callable[[Run], Run]
) -> None:
    run = make_run(seeds=(0, 1))
    assert build(on_disk(run)) == build(run)


def test_json_holds_all_of_the_report_and_of_its_analyses(make_analysed: MakeRun) -> None:
    report = replace(build(make_analysed()), citations=(Cited("models", "fm", "@misc{}"),))
    value = json.loads(json.dumps(to_json(report)))
    assert (value.pop("schema"), value.pop("exit_code")) == (1, 0)
    assert TypeAdapter(Report).validate_python(value) == report
