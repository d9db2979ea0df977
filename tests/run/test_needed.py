"""A plugin without which no trial can be is unavailable: 2, not the 4 of trials that failed, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main

GONE = """
from bench import hookimpl

@hookimpl
def bench_{kind}():
    return {{"gone": "no_such_package.mine:Mine"}}
"""
DATASET = (
    "{use: table, path: ratings.csv, user: user_id, item: item_id, "
    "fields: [user_id, item_id], label: liked, order: time}"
)
PROTOCOL = (
    "use: user-holdout, setting: cold, users: {train: 0.5, valid: 0.25, test: 0.25}, folds: 2"
)
CASES = {
    "dataset": ("datasets", DATASET, "{use: gone}"),
    "protocol": ("protocols", PROTOCOL, "use: gone"),
    "metric": ("metrics", "seeds: [0]", "seeds: [0]\nmetrics: [auc, logloss, gone]"),
    "executor": ("executors", "", ""),
}


@pytest.mark.parametrize(
    ("what", "command"),
    [*((what, "run") for what in CASES), *((what, "plan") for what in CASES if what != "executor")],
)
def test_without_what_every_trial_needs_nothing_is_run_and_the_code_is_2(
    write_suite, tmp_path: Path, what: str, command: str
) -> None:
    kind, old, new = CASES[what]
    suite, plugin = write_suite(), tmp_path / "mine.py"
    plugin.write_text(GONE.format(kind=kind), "utf-8")
    text = suite.read_text("utf-8")
    assert old in text
    suite.write_text(text.replace(old, new, 1) if old else text, "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    executor = ["--executor", "gone" if what == "executor" else "inline"]
    options = ["--plugins", str(plugin), "--out", str(out)]
    options += ["--cache-dir", str(tmp_path / "cache"), *(executor if command == "run" else [])]
    result = CliRunner().invoke(main, [command, str(suite), *options])
    assert result.exit_code == 2, result.stderr
    said = " ".join(result.stderr.split())
    assert f"{what} 'gone' (no_such_package.mine:Mine from {plugin}) is unavailable" in said
    assert "no trial can do without it, so nothing was run" in said
    assert list(out.iterdir()) == []
