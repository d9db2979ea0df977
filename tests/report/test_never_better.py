"""A report tells of training that made nothing better than its start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.records import Run
from bench.report import build, to_json, to_markdown
from tests.report.test_unfinished import CONTEXT, META, PLAIN, Trained, edit_of, terminal

FULL = {**META, "meta_learner": {**META["meta_learner"], "adapt": ["selector", "base_models"]}}
OF_POOL = (
    "no epoch of meta-training was better than its start; what is scored is the fitted pool, adapted. Try a lower "
    "meta_learner.train.learning_rate (base_learning_rate), or more data."
)
OF_SELECTOR = (
    "no epoch of meta-training was better than its start; what is scored is the fitted selector, adapted. Try a lower "
    "meta_learner.train.learning_rate, or more data."
)
OF_OWN = (
    "no epoch of training was better than its start; what is scored is the start. "
    "Try a lower learning rate, or more data."
)


def said(run: Run) -> str:
    return " ".join(terminal(run).split())


def test_meta_training_in_vain_is_told_beside_the_answer_in_every_form(
    make_analysed: Callable[..., Run],
) -> None:
    run = make_analysed(seeds=(0,), edit=edit_of({"metaselector": (2, 0, FULL)}, seeds=(0,)))
    told = f"metaselector: in seed 0 {OF_POOL}"
    for text in (said(run), to_markdown(build(run)).replace("\\", "")):
        assert told in text
        assert text.index(told) < text.index("Quality on")
    (section,) = to_json(build(run))["sections"]
    assert section["never_better"] == (
        {"method": "metaselector", "trained": "selector and pool", "seeds": (0,), "with_result": 1},
    )


@pytest.mark.parametrize(
    ("seeds", "words"),
    [((0, 1, 2), "all 3 seeds"), ((0, 2), "2 of 3 seeds (0, 2)"), ((1,), "1 of 3 seeds (1)")],
)
def test_seeds_are_told_shortly(
    make_run: Callable[..., Run], seeds: tuple[int, ...], words: str
) -> None:
    run = make_run(edit=edit_of({"metaselector": (4, 0, FULL)}, seeds))
    assert f"metaselector: in {words} {OF_POOL}" in said(run)


@pytest.mark.parametrize(
    ("trained", "told"),
    [
        ({"metaselector-simplified": (2, 0, META)}, f"metaselector-simplified: in all 3 seeds {OF_SELECTOR}"),
        ({"gating": (3, 0, CONTEXT)}, f"gating: in all 3 seeds {OF_OWN}"),
        ({"fm": (3, 0, PLAIN)}, f"fm: in all 3 seeds {OF_OWN}"),
        ({"fm": (3, 0, PLAIN), "lr": (3, 0, PLAIN)}, f"lr and fm: in all 3 seeds {OF_OWN}"),
    ],
)  # fmt: skip
def test_what_is_scored_and_what_to_change_depend_on_what_was_trained(
    make_run: Callable[..., Run], trained: Trained, told: str
) -> None:
    assert told in said(make_run(edit=edit_of(trained)))


@pytest.mark.parametrize(
    "details",
    [
        {"epochs": 3, "best_epoch": 1},
        {"epochs": 0, "best_epoch": 0},
        {"epochs": 3},
        {"best_epoch": 0},  # nothing was trained, as by fine-tune
        {"epochs": 3, "best_epoch": False},
        {"epochs": "many", "best_epoch": [0]},
    ],
)
def test_nothing_is_said_of_training_that_helped_or_of_none(
    make_run: Callable[..., Run], details: dict[str, Any]
) -> None:
    def edit(records: list[dict[str, Any]], _: object) -> None:
        for record in records:
            record["details"] = details

    assert "than its start" not in said(make_run(edit=edit))
