"""`bench check` says which files a run would not find, and where it looked; it reads none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import main

SUITE = """\
version: 1
name: files
datasets:
  shop: {use: table, path: shop.csv, user: u, item: i, fields: [u, i, kind], label: "r >= 4", items: {path: side/films.csv}}
  made: {use: synthetic}
  film: {use: movielens-100k}
  small: {use: movielens-latest-small}
protocols:
  cold: {use: user-holdout}
base_models:
  lr: {use: lr}
  theirs: {use: predictions, path: scores.csv, logit: z}
methods:
  full: {selector: {use: mlp}, meta_learner: {use: meta-sgd, adapt: [selector], frozen_fields: [u]}}
seeds: [0, 1]
"""


@pytest.fixture(autouse=True)
def _no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_DATA", raising=False)


def check(folder: Path, text: str, *options: str) -> Result:
    (folder / "suite.yaml").write_text(text)
    return CliRunner().invoke(main, ["check", str(folder / "suite.yaml"), *options])


def test_files_that_are_not_there_are_noted_with_where_they_were_looked_for(tmp_path, monkeypatch):
    text = SUITE.replace(
        "  made", "  bare: {use: table, path: bare.csv, fields: [u], label: y}\n  made"
    )
    text = text.replace("frozen_fields: [u]", "frozen_fields: []")
    result = check(tmp_path, text)
    assert result.exit_code == 0, result.output
    notes = [line.partition(": note: ")[2] for line in result.stderr.splitlines()]
    where = tmp_path.resolve()
    fix = "; put it there, or give its folder as --data-dir or BENCH_DATA when the suite is run"
    assert notes == [
        f"dataset 'shop': no file shop.csv, side/films.csv below {where}{fix}",
        f"dataset 'bare': no file bare.csv below {where}{fix}",
        f"dataset 'small': no file ml-latest-small/ratings.parquet, ml-latest-small/items.parquet below {where}; no file "
        f"ml-latest-small/ratings.csv, ml-latest-small/movies.csv below {where}{fix}",
        f"base model 'theirs': no file scores.csv below {where}{fix}",
    ]
    # one below the suite's folder, others below the data folder
    data = tmp_path / "data"
    for file in (
        tmp_path / "shop.csv",
        data / "side/films.csv",
        data / "scores.csv",
        data / "bare.csv",
    ):
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("")
    monkeypatch.setenv("BENCH_DATA", str(data))
    told = json.loads(check(tmp_path, text, "--json").stdout)["notes"]
    assert [note.partition(":")[0] for note in told] == ["dataset 'small'"]


def test_a_path_that_leads_out_is_noted_too(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "shop.csv").write_text("")
    result = check(
        tmp_path / "below",
        SUITE.replace("path: shop.csv", "path: ../shop.csv").replace("[u]", "[]"),
    )
    assert "note: dataset 'shop': ../shop.csv: leads out of" in result.stderr


def test_frozen_fields_are_held_against_the_fields_that_the_suite_says(tmp_path):
    result = check(
        tmp_path, SUITE.replace("frozen_fields: [u]", "frozen_fields: [u, knd, item_id]")
    )
    assert result.exit_code == 2
    lines = [line.partition("suite.yaml:")[2] for line in result.stderr.splitlines()]
    column = SUITE.splitlines()[13].index("frozen_fields: [") + len("frozen_fields: [") + 1
    assert lines == [
        f"14:{column}: dataset 'made' has no field 'u' to freeze; there are: user_id, item_id, segment, kind, context, price",
        f"14:{column + 3}: dataset 'made' has no field 'knd' to freeze; did you mean 'kind'?",
        f"14:{column + 3}: dataset 'shop' has no field 'knd' to freeze; did you mean 'kind'?",
        f"14:{column + 8}: dataset 'shop' has no field 'item_id' to freeze; there are: u, i, kind",
    ]
