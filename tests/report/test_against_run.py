"""Runs whose differences are from a method of one's choice, and what a plain average is worth, from command to table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import BenchError
from bench.records import load
from bench.report import build
from tests.run.conftest import write_ratings, write_small_suite

MORE = """metrics: [{use: ndcg, k: 3}, relaimpr]
primary: ndcg k=3
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("against")
    write_ratings(folder / "ratings.csv", users=60)
    file = write_small_suite(folder, protocol="support: {share: 0.3}")
    text = file.read_text("utf-8").replace("epochs: 1", "epochs: 8")
    gate = "gate: {tolerance: {auc: 1e-6, logloss: 1e-6}}"
    file.write_text(text.replace(gate, ""), "utf-8")
    return file


def bench(*arguments: Any, code: int = 0) -> str:
    result = CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def run(suite: Path, *options: Any, out: str = "run") -> Path:
    folder, cache = suite.parent / out, suite.parent / "cache"
    bench("run", suite, "--out", folder, "--cache-dir", cache, "--executor", "inline", *options)
    return folder


def section_of(folder: Path, *options: Any) -> dict[str, Any]:
    (section,) = json.loads(bench("report", folder, "--json", *options))["sections"]
    return section


def chosen(section: dict[str, Any]) -> dict[str, Any]:
    """Method to its difference from the chosen one."""
    return {one["name"]: one["against_chosen"] for one in section["analysis"]["methods"]}


@pytest.mark.parametrize("method", ["user-best", "lr"])
def test_a_report_holds_methods_against_another_one_as_the_run_would_have(
    suite: Path, method: str
) -> None:
    by_report = section_of(run(suite), "--against", method)
    by_suite = section_of(run(suite, "--set", f"against={method}", out=f"run-{method}"))
    assert by_report["analysis"]["chosen"] == by_suite["analysis"]["chosen"] == method
    pairs, expected = chosen(by_report), chosen(by_suite)
    assert pairs[method] == expected[method] == {}
    for name in pairs.keys() - {method}:
        assert pairs[name]["logloss"] == expected[name]["logloss"]
        assert pairs[name]["logloss"]["low"] < pairs[name]["logloss"]["high"]
    lead = [
        one["against_lead"]["logloss"]
        for one in by_suite["analysis"]["methods"]
        if one["against_lead"]
    ]
    assert lead == [
        one["against_lead"]["logloss"]
        for one in by_report["analysis"]["methods"]
        if one["against_lead"]
    ]


def test_against_best_single_is_the_table_as_ever(suite: Path) -> None:
    folder = run(suite)
    section = section_of(folder)
    single = section["analysis"]["best_single"]
    assert section["analysis"]["chosen"] is None
    plain = {
        one["name"]: one["against_best_single"].get("logloss")
        for one in section["analysis"]["methods"]
    }
    by_name = {
        name: pair.get("logloss")
        for name, pair in chosen(section_of(folder, "--against", single)).items()
    }
    assert plain == by_name
    assert bench("report", folder, "--against", "best-single") == bench("report", folder)


def test_the_table_and_the_answer_name_whom_all_are_held_against(suite: Path) -> None:
    folder = run(suite)
    told = " ".join(bench("report", folder, "--all", "--against", "user-best").split())
    assert "vs user-best" in told
    assert "vs best single [95%" not in told
    assert '"vs user-best" is the difference from user-best: below 0 is better.' in told
    lead = section_of(folder)["analysis"]["lead"]
    assert f"{lead} has the lowest log loss" in told
    assert "user-best, 95% interval" in told or "from user-best: difference" in told
    assert "segments are held against the best single model all the same" in told
    assert "all the same" not in bench("report", folder, "--all")
    told = " ".join(bench("report", folder, "--all", "--against", lead).split())
    assert f"Nothing has a lower log loss than {lead}, ." in told


def test_a_name_that_the_run_does_not_have_is_refused(suite: Path) -> None:
    told = bench("report", run(suite), "--against", "user-bes", code=2)
    assert (
        "--against 'user-bes' is no base model or method of this run; did you mean 'user-best'?"
        in told
    )


def test_a_run_that_keeps_no_resamples_says_so(suite: Path) -> None:
    loaded = load(run(suite))
    without = {
        place: {key: value for key, value in one.items() if key != "kept_resamples"}
        for place, one in loaded.analyses.items()
    }
    with pytest.raises(BenchError, match="keeps no resamples to hold methods against 'lr' by"):
        build(loaded._replace(analyses=without), "lr")


def test_the_analysis_is_made_anew_where_the_suite_asks_for_another(suite: Path) -> None:
    folder = run(suite, out="changing")
    assert section_of(folder)["analysis"]["chosen"] is None
    run(suite, "--set", "against=lr", out="changing")
    assert section_of(folder)["analysis"]["chosen"] == "lr"
    assert "vs lr" in bench("report", folder)
    assert "vs lr" not in bench("report", folder, "--against", "best-single")


def test_the_plain_average_is_the_method_average(suite: Path) -> None:
    """The suite has it too, so that its difference from what is derived is nothing."""
    section = section_of(run(suite))
    analysis = section["analysis"]
    by_name = {one["name"]: one for one in analysis["methods"]}
    same = by_name["average"]["against_average"]["logloss"]
    assert (same["difference"], same["low"], same["high"], same["verdict"]) == (0, 0, 0, "tie")
    of_average = analysis["plain_average"]["against_best_single"]["logloss"]
    listed = by_name["average"]["against_best_single"]["logloss"]
    for figure in ("difference", "low", "high", "p_both"):
        assert of_average[figure] == pytest.approx(listed[figure], rel=1e-12)
    row = next(row for row in section["rows"] if row["name"] == "average")
    mean = row["figures"]["logloss"]["estimate"]["mean"]
    assert analysis["plain_average"]["values"]["logloss"] == pytest.approx(mean, rel=1e-12)
    assert not any("plain average" in name for name in by_name)


def test_any_metric_leads_without_log_loss_among_them(suite: Path) -> None:
    changed = suite.with_name("ndcg.yaml")
    changed.write_text(suite.read_text("utf-8") + MORE, "utf-8")
    folder = run(changed, out="ndcg")
    section, told = section_of(folder), " ".join(bench("report", folder, "--all").split())
    assert list(section["rows"][0]["figures"]) == ["ndcg k=3", "relaimpr"]
    lead = section["analysis"]["lead"]
    single = section["analysis"]["best_single"]
    assert single in ("lr", "fm")
    assert (
        f"{lead} has the highest NDCG k=3" in told or "Nothing has a higher NDCG k=3 than" in told
    )
    assert "valid. log loss" in told
    assert f"best-single = {single}" in told.partition("Bounds: how far")[2]
    of_single = next(row for row in section["rows"] if row["kind"] == "best_single")
    assert of_single["figures"]["relaimpr"]["estimate"]["mean"] == 0
    for row in section["rows"]:
        if row["kind"] != "bound":
            assert row["figures"]["relaimpr"]["estimate"]["mean"] is not None
    verdicts = [one["against_lead"].get("ndcg k=3") for one in section["analysis"]["methods"]]
    assert sum(pair is not None and pair["low"] is not None for pair in verdicts) == 3
    record = json.loads(next((folder / "records").iterdir()).read_text("utf-8"))
    assert record["identity"]["metrics"]["ndcg k=3"]["params"] == {"k": 3}
    assert record["metrics"]["ndcg k=3"]["counts"]["users"] > 0
