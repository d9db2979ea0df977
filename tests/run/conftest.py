"""A table small enough to run suites over in a second or two, and runs of them in this process."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from bench.job.outcome import of_record
from bench.registry import load_registry
from bench.run import Watcher, run
from bench.suite import load

SUITE = """
version: 1
name: small
datasets:
  small: {{use: table, path: ratings.csv, user: user_id, item: item_id, fields: [user_id, item_id], label: liked, order: time}}
protocols:
  {setting}: {{{division}, folds: 2, {protocol}}}
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


HOLDOUT = "use: user-holdout, setting: {}, users: {{train: 0.5, valid: 0.25, test: 0.25}}"
DIVISIONS = {
    "cold": HOLDOUT.format("cold"),
    "warm": HOLDOUT.format("warm"),
    "blocks": "use: leave-last, query: {rows: 2}, users: {valid: 0.25}",
}


def write_small_suite(
    folder: Path, setting="cold", models=MODELS, methods=METHODS, protocol=""
) -> Path:
    """suite.yaml beside ratings.csv, which is written where there is none. `setting`: cold, warm or blocks (leave-last)."""
    if not (folder / "ratings.csv").exists():
        write_ratings(folder / "ratings.csv")
    text = SUITE.format(
        setting=setting,
        division=DIVISIONS[setting],
        models=models,
        methods=methods,
        protocol=protocol,
    )
    (folder / "suite.yaml").write_text(text.replace(", }}", "}}").replace(", }", "}"), "utf-8")
    return folder / "suite.yaml"


def load_suite(file: Path, plugins: tuple[Path, ...] = ()):
    """The suite with the plugins that it is to see."""
    return load(file, load_registry(plugins, autoload=False), plugins=plugins)


class Counting(Watcher):
    """Remembers how many steps were planned, and what each was called."""

    def __init__(self) -> None:
        self.steps, self.reused, self.titles = 0, 0, []

    def planned(self, steps, trials, reused):
        self.steps, self.reused = steps, reused

    def ended(self, step, title, failure):
        self.titles.append(title)


@pytest.fixture
def write_suite(tmp_path):
    """Writes suite.yaml beside ratings.csv and gives its path."""
    return lambda *arguments, **named: write_small_suite(tmp_path, *arguments, **named)


@pytest.fixture
def go(tmp_path):
    """Runs a suite file in this process, into the folder `where` and with a cache of its own, and watches."""

    def go(file, where="one", plugins=(), cache=None, **options):
        watcher = Counting()
        folders = {"out": tmp_path / where, "cache_dir": tmp_path / (cache or f"cache-{where}")}
        options = (
            {"executor": "inline", "plugins": plugins, "autoload": False, "watcher": watcher}
            | folders
            | options
        )
        return run(load_suite(file, plugins), **options), watcher

    return go


def by_method(finished):
    """Method to its record."""
    return {record["trial"]["method"]: record for record in finished.records}


def status(finished):
    """Method to the status of its record."""
    return {method: of_record(record).label for method, record in by_method(finished).items()}
