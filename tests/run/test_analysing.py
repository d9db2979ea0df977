"""The analysis at the end of a run: of these records, with the base models that are there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bench.evaluate import analysis_from_json
from bench.records import load, read_table
from bench.report import build, to_markdown
from bench.run import analysing
from bench.scoring.asking import computed
from tests.run.conftest import by_method

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def analysis_of(finished, place="small/cold"):
    return analysis_from_json(finished.analyses[place])


def test_a_run_is_analysed_and_the_analysis_is_read_back(write_suite, go):
    finished, _ = go(write_suite())
    found = analysis_of(finished)
    records = by_method(finished)
    assert {one.name for one in found.methods} == {"lr", "fm", "average", "user-best"}
    losses = {name: record["metrics"]["logloss"]["value"] for name, record in records.items()}
    assert found.lead == min((one.name for one in found.methods), key=losses.get)
    for one in found.methods:
        if one.name != found.best_single:
            expected = losses[one.name] - losses[found.best_single]
            assert one.against_best_single["logloss"].difference == pytest.approx(
                expected, abs=1e-12
            )
    assert found.perfect_user_logloss == pytest.approx(losses["perfect-user"], rel=1e-12)
    assert load(finished.folder).analyses == finished.analyses


def test_tables_by_user_are_kept_beside_the_records(write_suite, go):
    finished, _ = go(write_suite())
    table = read_table(finished.folder, finished.user_tables["small/cold"]).to_pandas()
    for name, record in by_method(finished).items():
        if record["kind"] == "bound":
            continue
        own = table[(table.method == name) & (table.seed == 0)]
        mean = (own.logloss * own.rows).sum() / own.rows.sum()
        assert mean == pytest.approx(record["metrics"]["logloss"]["value"], rel=1e-12)
        assert own.user.is_unique


def test_another_run_of_the_same_suite_finds_the_same(write_suite, go):
    file = write_suite()
    one, two = go(file, "one")[0], go(file, "two")[0]
    assert one.analyses == two.analyses
    assert one.user_tables == two.user_tables


@pytest.mark.parametrize("only", [("average",), ("lr", "average"), ("lr",)])
def test_without_the_whole_pool_nothing_is_said_of_choosing(write_suite, go, only):
    finished, _ = go(write_suite(), only=only)
    found = analysis_of(finished)
    assert {one.name for one in found.methods} == set(only)
    assert found.attainable is None or found.attainable.logloss is None
    assert found.perfect_user_logloss is None
    missing = ", ".join(f"{name} was not run" for name in ("lr", "fm") if name not in only)
    assert (
        f"There is no attainable bound, no regret and no selection accuracy: the pool is incomplete: {missing} in seed 0."
        in found.notes
    )
    assert all(one.regret is None and one.selection_accuracy is None for one in found.methods)
    if "lr" not in only:  # nor is there a best single model, so that no column is from one
        assert not re.search(r"vs best\s+single", to_markdown(build(load(finished.folder))))


def test_a_base_model_that_failed_is_said_to_have_failed(write_suite, go):
    models = "  lr: {use: lr}\n  theirs: {use: faulty, fault: raise}"
    finished, _ = go(write_suite(models=models), plugins=(FIXTURES / "faulty_plugin.py",))
    notes = analysis_of(finished).notes
    assert (
        "There is no attainable bound, no regret and no selection accuracy: the pool is incomplete: theirs failed in seed 0."
        in notes
    )


def test_an_analysis_by_other_code_is_made_again(write_suite, go, monkeypatch):
    suite, made = write_suite(), []

    def counted(order, *rest):
        made.append(order)
        return computed(order, *rest)

    monkeypatch.setattr(analysing, "computed", counted)
    first, _ = go(suite)
    go(suite)
    assert len(made) == 1
    monkeypatch.setattr(analysing, "analysis_digest", lambda: "of other code")
    second, _ = go(suite)
    assert len(made) == 2
    assert second.analyses["small/cold"]["made_of"]["code"] == "of other code"
    assert by_method(second) == by_method(first)


def test_a_report_says_that_the_analysis_is_lacking(write_suite, go):
    """A run may end between its last record and its analysis: its disk was full."""
    suite = write_suite()
    finished, _ = go(suite)
    assert build(finished).analysis_fault == ""
    (finished.folder / "analysis.json").unlink()
    report = build(load(finished.folder))
    told = "there is none of small/cold; run the suite again, which makes it"
    assert (report.status, report.analysis_fault) == ("complete", told)
    assert told in " ".join(to_markdown(report).split())
    again, _ = go(suite)
    assert build(again).analysis_fault == ""


def test_blocks_are_analysed_too(write_suite, go):
    finished, _ = go(write_suite("blocks"))
    found = analysis_of(finished, "small/blocks")
    assert found.users == 24
    assert np.isfinite(found.attainable.logloss)


def test_a_run_without_results_has_none(write_suite, go, tmp_path):
    plugin = tmp_path / "failing.py"
    plugin.write_text(
        "from bench import hookimpl\nfrom bench.interfaces import Model\n\n\n"
        'class Failing(Model):\n    """Fails."""\n\n    name = "failing"\n\n'
        '    def fit(self, train, valid, context):\n        raise RuntimeError("no")\n\n'
        '    def predict(self, rows):\n        raise RuntimeError("no")\n\n\n'
        '@hookimpl\ndef bench_models():\n    return {"failing": f"{__name__}:Failing"}\n'
    )
    finished, _ = go(write_suite(models="  f: {use: failing}"), plugins=(plugin,))
    assert finished.analyses == {}
