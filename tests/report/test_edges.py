"""A report tells of settings that validation users chose at the edge of those that were tried."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from bench.records import Run
from bench.report import build, document, print_blocks, to_json, to_markdown

TRIED = {
    "inner_steps": [5, 10, 30],
    "rate_factors": [0.1, 0.3, 1.0],
    "support_scales": [0.0, 25.0],
    "rates": {"user": 1.5},
}
SETTINGS = {
    "selector": {"use": "mlp", "params": {}, "train": {}},
    "meta_learner": {"use": "fine-tune", "params": TRIED, "adapt": ["selector"]},
}


def edit_of(
    chosen: dict[str, list[Any]], seeds: tuple[int, ...] = (0, 1, 2)
) -> Callable[[list[dict[str, Any]], object], None]:
    def edit(records: list[dict[str, Any]], _: object) -> None:
        for record in records:
            if record["trial"]["method"] == "metaselector" and record["trial"]["seed"] in seeds:
                record["details"]["chosen"] = chosen
                record["identity"]["settings"] = SETTINGS

    return edit


def terminal(run: Run) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_blocks(document(build(run)), console)
    return " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]


def test_the_least_and_the_most_are_told_in_every_form(make_run: Callable[..., Run]) -> None:
    chosen = {
        "inner_steps": [30],
        "rate_factors": [0.1],
        "support_scales": [25.0],
        "rates": {"user": 1.5},
    }
    run = make_run(edit=edit_of(chosen, seeds=(0, 2)))
    told = (
        "Validation users chose the smallest or the largest value tried: metaselector (inner_steps 30, seeds 0, 2; "
        "rate_factors 0.1, seeds 0, 2; support_scales 25, seeds 0, 2)."
    )
    assert told in terminal(run)
    assert told in to_markdown(build(run)).replace("\\", "")
    (section,) = to_json(build(run))["sections"]
    assert section["at_edge"][0] == {
        "method": "metaselector",
        "setting": "inner_steps",
        "value": 30,
        "seeds": (0, 2),
    }


@pytest.mark.parametrize(("rows", "told"), [(0, False), (1, True), (None, True)])
def test_without_support_no_setting_does_anything(
    make_run: Callable[..., Run], rows: int | None, told: bool
) -> None:
    def edit(records: list[dict[str, Any]], manifest: object) -> None:
        edit_of({"inner_steps": [30]})(records, manifest)
        for record in records:
            if record["trial"]["method"] == "metaselector":
                record["identity"]["settings"] = SETTINGS | {"support_rows": rows}

    assert ("Validation users chose" in terminal(make_run(edit=edit))) is told


@pytest.mark.parametrize(
    "chosen",
    [
        {"inner_steps": [10], "rate_factors": [0.3]},
        {"support_scales": [0.0]},  # nothing lies beyond 0
        {},
    ],
)
def test_nothing_is_said_of_what_lies_inside(
    make_run: Callable[..., Run], chosen: dict[str, list[Any]]
) -> None:
    assert "Validation users chose" not in terminal(make_run(edit=edit_of(chosen)))


def least_steps(records: list[dict[str, Any]], tried: list[int]) -> None:
    for record in records:
        settings = record["identity"].get("settings")
        if settings:
            learner = settings["meta_learner"]
            params = learner["params"] | {"inner_steps": tried}
            record["identity"]["settings"] = settings | {
                "meta_learner": learner | {"params": params}
            }


@pytest.mark.parametrize(
    ("chosen", "limits", "told"),
    [
        ({"inner_steps": [30]}, {"inner_steps": [0, 1000]}, True),
        ({"inner_steps": [30]}, {"inner_steps": [0, 30]}, False),
        ({"inner_steps": [1]}, {"inner_steps": [0, 1000]}, False),  # below one step there is none
        ({"rate_factors": [0.1]}, {"rate_factors": [0.1, None]}, False),
        ({"rate_factors": [0.1]}, {"rate_factors": [None, 1.0]}, True),
        ({"rate_factors": [1.0]}, {"rate_factors": [0.1, 1.0]}, False),
        ({"rate_factors": [1.0]}, {"rate_factors": [0.1, None]}, True),
        ({"support_scales": [25.0]}, {}, True),
    ],
)
def test_what_its_parameter_allows_no_further_is_no_edge(
    make_run: Callable[..., Run], chosen: dict[str, list[Any]], limits: Any, told: bool
) -> None:
    def edit(records: list[dict[str, Any]], manifest: Any) -> None:
        edit_of(chosen)(records, manifest)
        least_steps(records, [1, 5, 30])
        manifest["plugins"]["limits"] = {"fine-tune": limits}

    assert ("Widen these lists" in terminal(make_run(edit=edit))) is told
