"""A report tells of models that their cap on epochs ended: they are still improving."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from bench.records import Run
from bench.report import build, document, print_blocks, to_json, to_markdown

PLAIN = {"use": "lr", "params": {}, "train": {"epochs": 12}}
ADAGRAD = {"use": "fm", "params": {}, "train": {"epochs": 12, "optimizer": "adagrad"}}
TREES = {"use": "gbdt", "params": {"trees": 300, "patience": 10}, "train": {"epochs": 12}}
GATING = {"selector": {"use": "mlp", "params": {}, "train": {"epochs": 12}}, "meta_learner": None}
META = {
    **GATING,
    "meta_learner": {
        "use": "meta-sgd",
        "params": {},
        "train": {"epochs": 5},
        "adapt": ["selector"],
    },
}
CONTEXT = {
    "selector": {"use": "context-gate", "params": {"epochs": 30}, "train": {"epochs": 12}},
    "meta_learner": None,
}
OLDER = {**META, "meta_learner": {**META["meta_learner"], "full": False}, "order": None}
UNKNOWN = {"use": "lr", "params": "none", "train": {"epochs": 12}}
Trained = dict[str, tuple[int, int, dict[str, Any]]]


def edit_of(
    trained: Trained, seeds: tuple[int, ...] = (0, 1, 2)
) -> Callable[[list[dict[str, Any]], object], None]:
    def edit(records: list[dict[str, Any]], _: object) -> None:
        for record in records:
            name = record["trial"]["method"]
            if name in trained and record["trial"]["seed"] in seeds:
                epochs, best, settings = trained[name]
                record["details"] |= {"epochs": epochs, "best_epoch": best}
                record["identity"]["settings"] = settings

    return edit


def terminal(run: Run) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_blocks(document(build(run)), console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_models_that_the_cap_ended_are_named_together_in_every_form(
    make_analysed: Callable[..., Run],
) -> None:
    run = make_analysed(
        edit=edit_of({"lr": (12, 12, PLAIN), "fm": (12, 12, PLAIN), "ffm": (12, 10, PLAIN)})
    )
    told = (
        "lr and fm were still improving when training hit its limit: the best epoch was the last one allowed (12 of 12; all 3 "
        "seeds). Raise train.epochs or lower train.batch_size."
    )
    for text in (" ".join(terminal(run).split()), to_markdown(build(run)).replace("\\", "")):
        assert told in text
        assert text.index(told) < text.index("Quality on")
    (section,) = to_json(build(run))["sections"]
    capped = {
        "epochs": 12,
        "setting": "train.epochs",
        "seeds": (0, 1, 2),
        "with_result": 3,
        "optimizer": "adam",
    }
    assert section["unfinished"] == (
        {**capped, "method": "lr"},
        {**capped, "method": "fm"},
    )


@pytest.mark.parametrize(
    ("method", "epochs", "settings", "fix"),
    [
        ("fm", 300, TREES, "Raise trees."),
        (
            "fm",
            12,
            ADAGRAD,
            "Raise train.epochs or train.learning_rate (AdaGrad wants about ten times Adam's), or lower train.batch_size.",
        ),
        ("gating", 12, GATING, "Raise train.epochs or lower train.batch_size."),
        ("gating", 30, CONTEXT, "Raise epochs."),
        (
            "metaselector",
            5,
            META,
            "Raise meta_learner.train.epochs or lower meta_learner.train.users.",
        ),
        (
            "metaselector",
            5,
            OLDER,
            "Raise meta_learner.train.epochs or lower meta_learner.train.users.",
        ),
    ],
)
def test_the_setting_that_capped_it_is_named(
    make_run: Callable[..., Run], method: str, epochs: int, settings: dict[str, Any], fix: str
) -> None:
    text = " ".join(
        terminal(make_run(edit=edit_of({method: (epochs, epochs, settings)}, seeds=(1,)))).split()
    )
    assert (
        f"{method} was still improving when training hit its limit: the best epoch was the last one allowed ({epochs} of "
        f"{epochs}; 1 of 3 seeds (1)). {fix}" in text
    )


@pytest.mark.parametrize(
    ("epochs", "best", "settings"),
    [(9, 7, PLAIN), (12, 10, PLAIN), (3, 0, META), (7, 7, PLAIN), (12, 12, {}), (12, 12, UNKNOWN)],
)
def test_nothing_is_said_of_what_stopped_by_itself(
    make_run: Callable[..., Run], epochs: int, best: int, settings: dict[str, Any]
) -> None:
    assert "still improving" not in terminal(
        make_run(edit=edit_of({"fm": (epochs, best, settings)}))
    )
