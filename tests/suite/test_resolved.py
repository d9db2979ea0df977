"""The resolved copy of a suite loads as the same suite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.suite import Suite, load, resolved

SUITES = Path(__file__).resolve().parent.parent.parent / "suites"
COMMON = """\
train: {batch_size: 64, l2: 1e-05}
base_models:
  lr: {use: lr, train: {learning_rate: 2e-2}}
  fm: {use: fm}
"""
SUITE = """\
version: 1
name: whole
include: common.yaml
datasets:
  "ünï \\"c\\" \\U0001F600": {use: table, path: data/x.csv, user: u, item: i, sep: "\\t", fields: [u, i], label: "r >= 4",
    drop: "t is missing or u is 'a\\\\b'", items: {path: films.csv}, multi: {g: "|"}}
protocols:
  cold: {use: user-holdout, split_seed: trial, users: {train: 0.5, valid: 0.25, test: 0.25}}
  last: {use: leave-last, query: {share: 0.1}}
  cut: {use: temporal, times: [1.5e9, 1600000000]}
methods:
  calibrated: {selector: {use: user-calibration}}
  hard: {selector: {use: mlp, train: {epochs: 3}}, select: hard, support_rows: 5, calibrate: user}
  adapted:
    selector: {use: mlp}
    meta_learner: {use: meta-sgd, adapt: [selector, fm], frozen_fields: [i], train: {users: 8, base_learning_rate: 1e-3}}
  simple: {selector: {use: mlp}, meta_learner: {use: maml, adapt: [selector]}}
  untrained: {selector: {use: mlp}, meta_learner: {use: fine-tune, adapt: [selector]}, base_predictions: in-sample}
seeds: [3, 1]
metrics: [auc, logloss]
primary: auc
gate: {tolerance: {auc: 1e-3}}
grid:
  methods.simple.meta_learner.inner_steps: [1, 2]
  base_models.fm.embedding_dim: [2, 4]
"""


def same(one: Suite, other: Suite) -> bool:
    """In all but where things are written."""
    left, right = (
        replace(each, file=Path(), digest="", places={}, expanded={}) for each in (one, other)
    )
    return left == right


def again(suite: Suite, folder: Path) -> Suite:
    (folder / "resolved.yaml").write_text(resolved(suite, suite.seeds), "utf-8")
    return load(folder / "resolved.yaml")


@pytest.mark.parametrize("file", sorted(SUITES.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_suite_that_ships_loads_again_as_it_is(file, tmp_path):
    suite = load(file)
    assert same(again(suite, tmp_path), suite)


def test_includes_values_that_are_set_and_the_grid_are_in_it(tmp_path):
    (tmp_path / "common.yaml").write_text(COMMON)
    (tmp_path / "suite.yaml").write_text(
        SUITE.replace("adapt: [selector, fm]", "adapt: [selector, base_models]"), "utf-8"
    )
    suite = load(
        tmp_path / "suite.yaml", overrides=["train.patience=7", "methods.hard.selector.hidden=[4]"]
    )
    (tmp_path / "elsewhere").mkdir()
    copy = again(suite, tmp_path / "elsewhere")
    assert same(copy, suite)
    assert copy.base_models["lr"].train.patience == 7
    assert {"fm[embedding_dim=2]", "fm[embedding_dim=4]"} < set(copy.base_models)
    assert (
        resolved(copy, copy.seeds).partition("version")[2]
        == resolved(suite, suite.seeds).partition("version")[2]
    )


def test_the_suites_own_plugins_are_named_below_its_folder(tmp_path):
    (tmp_path / "mine.py").write_text("x = 1\n")
    suite = load(SUITES / "golden.yaml")
    of_folder = replace(
        suite, file=tmp_path / "s.yaml", plugins=((tmp_path / "mine.py").resolve(),)
    )
    text = resolved(of_folder, [0])
    assert 'plugins: ["mine.py"]' in text
    assert "seeds: [0]" in text
    assert str(tmp_path) not in text
