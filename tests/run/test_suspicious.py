"""Predictions that are valid and hardly meant: kept, and told of in the record and beside the answer."""

from __future__ import annotations

import csv
from types import SimpleNamespace

import numpy as np
import pytest

from bench.interfaces import Field
from bench.report import Note, build
from bench.report.sections.document import document
from bench.scoring.suspicious import _cause as cause
from tests.run.conftest import by_method

SUITE = """
version: 1
name: numeric
datasets:
  data:
    use: table
    path: data.csv
    user: user_id
    item: item_id
    fields: [user_id, item_id]
    numeric: [price]
    label: liked
    order: time
    split: {users: role, part: part}
protocols:
  cold: {use: given, folds: 2}
train: {batch_size: 64, learning_rate: 1e-1, epochs: 2, patience: 2}
base_models:
  lr: {use: lr}
  mean: {use: mean}
methods:
  average: {selector: {use: average}}
seeds: [0]
"""


def write(folder, in_training, in_test) -> None:
    """20 users of 10 rows; of the last five, who are tested, the sixth row on has the price of the test."""
    rng = np.random.default_rng(0)
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user_id", "item_id", "price", "liked", "time", "role", "part"])
        for user in range(20):
            role = "test" if user >= 15 else "valid" if user >= 12 else "train"
            for time in range(10):
                liked = int(rng.random() < 0.5)
                price = (
                    in_test if role == "test" and time == 9 and user == 17 else in_training(liked)
                )
                writer.writerow(
                    [
                        f"u{user}",
                        f"i{time % 7}",
                        price,
                        liked,
                        time,
                        role,
                        "query" if time > 6 else "support",
                    ]
                )
    (folder / "suite.yaml").write_text(SUITE, "utf-8")


def strong_notes(finished) -> list[str]:
    return [
        block.text
        for block in document(build(finished))
        if isinstance(block, Note) and block.strong
    ]


@pytest.mark.parametrize("in_test", [1e7, 1e30])
def test_a_numeric_field_far_from_training_is_told_beside_the_answer(go, tmp_path, in_test):
    write(tmp_path, lambda liked: 3 + 0.001 * liked, in_test)
    finished, _ = go(tmp_path / "suite.yaml")
    record = by_method(finished)["lr"]
    found = record["details"]["extreme_logits"]
    assert (found["rows"], found["first_user"]) == (1, "u17")
    assert abs(found["largest"]) > 1e5
    assert found["cause"].startswith(f"numeric field 'price' is {in_test:g} there, ")
    assert "standard deviations from its mean in training, 3.00" in found["cause"]
    assert record["details"]["warnings"][0].startswith(
        f"1 of {found['of']} test query rows have logits"
    )
    assert "extreme_logits" not in by_method(finished)["mean"]["details"]
    (told,) = (note for note in strong_notes(finished) if note.startswith("Warning: "))
    assert told.startswith("Warning: lr has logits beyond ±100 in 1 of ")
    assert "numeric field 'price'" in told


def test_ordinary_logits_are_not_told_of(go, tmp_path):
    write(tmp_path, lambda liked: 3 + liked, 4)
    finished, _ = go(tmp_path / "suite.yaml")
    assert "extreme_logits" not in by_method(finished)["lr"]["details"]
    assert not any(note.startswith("Warning") for note in strong_notes(finished))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([[3, 0], [3, 1], [5, 1]], "numeric field 'price' is 5 there, and 3 in every training row"),
        ([[3, 0], [3, 1], [3, 1]], ""),
        ([[np.nan, 0], [3, 1], [np.nan, 80]], "numeric field 'age' is 80 there, 1.6e+02 standard"),
    ],
)
def test_the_cause_is_the_field_that_is_farthest_from_training(values, told):
    fields = [
        Field("u", "categorical", "user"),
        Field("price", "numeric", "item"),
        Field("age", "numeric", "user"),
    ]
    data = SimpleNamespace(fields=fields, numeric=np.array(values, dtype=np.float32))
    assert cause(data, np.array([True, True, False]), 2).startswith(told)
    assert bool(cause(data, np.array([True, True, False]), 2)) == bool(told)
