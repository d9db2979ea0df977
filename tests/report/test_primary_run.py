"""Runs whose suite names another primary metric, from the command to the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli import main
from tests.run.conftest import write_ratings, write_small_suite

PLUGIN = Path(__file__).resolve().parent.parent / "fixtures" / "popularity_metric.py"
METRICS = "metrics: [auc, logloss, gauc, tail-logloss, median-hit]\n"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small suite with more users, and with metrics of one file."""
    folder = tmp_path_factory.mktemp("primary")
    write_ratings(folder / "ratings.csv", users=80)
    file = write_small_suite(folder, protocol="support: {share: 0.3}")
    # so that models differ within a user
    longer = file.read_text("utf-8").replace("epochs: 1", "epochs: 12")
    file.write_text(longer + METRICS, "utf-8")
    return file


def bench(*arguments: Any) -> str:
    result = CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def run_by(suite: Path, primary: str) -> tuple[dict[str, Any], str]:
    """The report's JSON and its text, of a run by that primary; every run reuses the records of the first."""
    out, cache = suite.parent / "run", suite.parent / "cache"
    bench(
        "run", suite, "--out", out, "--cache-dir", cache, "--plugins", PLUGIN, "--executor", "inline",
        "--set", f"primary={primary}",
    )  # fmt: skip
    (section,) = json.loads(bench("report", out, "--json"))["sections"]
    return section, bench("report", out, "--all")


def means(section: dict[str, Any], metric: str) -> dict[str, float]:
    return {
        row["name"]: row["figures"][metric]["estimate"]["mean"]
        for row in section["rows"]
        if row["kind"] != "bound"
    }


@pytest.mark.parametrize(
    ("primary", "higher", "tested"),
    [
        ("logloss", False, ["logloss", "auc", "gauc", "tail-logloss"]),
        ("tail-logloss", False, ["tail-logloss", "logloss", "auc", "gauc"]),
        ("median-hit", True, ["median-hit", "logloss", "auc", "gauc", "tail-logloss"]),
        ("gauc", True, ["gauc", "logloss", "auc", "tail-logloss"]),
    ],
)
def test_any_metric_may_lead_with_intervals_and_verdicts(
    suite: Path, primary: str, higher: bool, tested: list[str]
) -> None:
    section, text = run_by(suite, primary)
    analysis, figures = section["analysis"], means(section, primary)
    assert (section["primary"], analysis["primary"], section["higher_is_better"]) == (
        primary,
        primary,
        higher,
    )

    ranked = [row["name"] for row in section["rows"] if row["kind"] in ("method", "base_model")]
    best = (max if higher else min)(figures[name] for name in ranked)
    lead = analysis["lead"]
    assert figures[lead] == best

    single = analysis["best_single"]
    for method in analysis["methods"]:
        against = method["against_best_single"]
        if method["name"] == single:
            assert against == {}
            continue
        assert list(against) == tested
        pair = against[primary]
        assert pair["difference"] == pytest.approx(
            figures[method["name"]] - figures[single], abs=1e-12
        )
        assert pair["verdict"] in ("better", "worse", "tie")
        assert pair["low"] <= pair["difference"] <= pair["high"]
        assert pair["p_holm"] >= pair["p"]

    widths = [one["against_lead"][primary] for one in analysis["methods"] if one["name"] != lead]
    assert any(pair["low"] < pair["high"] for pair in widths)
    words = {"logloss": "log loss", "gauc": "GAUC"}
    name = words.get(primary, primary)
    assert f"{'highest' if higher else 'lowest'} {name}" in " ".join(text.split()) or lead == single
    head = next(line for line in text.splitlines() if line.startswith("method"))
    assert head.split()[1:].index(name.split()[0]) < 5
