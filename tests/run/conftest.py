"""A table small enough to run suites over in a second or two."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from bench.registry import load_registry
from bench.suite import load

SUITE = """
version: 1
name: small
datasets:
  small: {{use: table, path: ratings.csv, user: user_id, item: item_id, fields: [user_id, item_id], label: liked, order: time}}
protocols:
  {setting}: {{use: user-holdout, setting: {setting}, users: {{train: 0.5, valid: 0.25, test: 0.25}}, folds: 2, {protocol}}}
train: {{batch_size: 64, learning_rate: 5e-2, epochs: 1, patience: 1}}
base_models:
{models}
methods:
{methods}
seeds: [0]
gate: {{tolerance: {{auc: 1e-6, logloss: 1e-6}}}}
"""
MODELS = "  lr: {use: lr}\n  fm: {use: fm, embedding_dim: 2}"
METHODS = "  average: {selector: {use: average}}\n  user-best: {selector: {use: user-best}}"


def write_ratings(file: Path, users: int = 24, seed: int = 0) -> None:
    """Users of 6 to 14 rows whose likes follow user and item."""
    rng = np.random.default_rng(seed)
    quality = rng.normal(size=15)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user_id", "item_id", "liked", "time"])
        for user in range(users):
            bias = rng.normal()
            for time, item in enumerate(rng.choice(15, rng.integers(6, 15), replace=False)):
                liked = int(rng.random() < 1 / (1 + np.exp(-(bias + quality[item]))))
                writer.writerow([f"u{user:02}", f"i{item:02}", liked, time])


@pytest.fixture
def write_suite(tmp_path):
    """Writes suite.yaml beside ratings.csv and gives its path."""

    def write(setting="cold", models=MODELS, methods=METHODS, protocol="", name="suite.yaml") -> Path:
        if not (tmp_path / "ratings.csv").exists():
            write_ratings(tmp_path / "ratings.csv")
        text = SUITE.format(setting=setting, models=models, methods=methods, protocol=protocol)
        (tmp_path / name).write_text(text.replace(", }}", "}}").replace(", }", "}"), "utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def suite_of():
    """A suite file with the plugins it is to see, loaded."""

    def of(file: Path, plugins: tuple[Path, ...] = ()):
        return load(file, load_registry(plugins, autoload=False), plugins=plugins)

    return of
