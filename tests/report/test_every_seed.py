"""Where somebody lacks a seed, "best" and "lowest" are said of the others alone; else they are said of all."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from bench.records import Run
from bench.report import build, print_blocks, summary, to_latex, to_markdown
from tests.report.conftest import failed

MakeRun = Callable[..., Run]
Edit = Callable[[list[dict[str, Any]], dict[str, Any]], None]
AMONG = "with a value in every seed"
ANOTHER = (
    "fm has a lower validation log loss than ffm in the seeds that it has: with every seed, best-single, to which RelaImpr is "
    "relative, might be another."
)


def lacks(name: str, *seeds: int) -> Edit:
    """A failure in place of the results."""

    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == name and one["trial"]["seed"] in seeds:
                one |= failed("no luck")

    return edit


def printed(run: Run) -> str:
    """In one line."""
    out = io.StringIO()
    print_blocks(summary(build(run)), Console(file=out, width=80))
    return " ".join(out.getvalue().split())


def everywhere(run: Run) -> list[str]:
    report = build(run)
    return [printed(run), to_markdown(report).replace("\\", ""), to_latex(report)]


def test_of_all_who_have_all_seeds_nothing_is_said(make_analysed: MakeRun) -> None:
    for text in everywhere(make_analysed()):
        assert AMONG not in text
        assert "might be another" not in text


def test_a_seed_that_all_lack_sets_nobody_apart(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["seed"] == 2:
                one |= failed("no luck")

    for text in everywhere(make_run(edit=edit)):
        assert AMONG not in text


def test_a_method_without_a_seed_is_not_among_those_that_the_lead_is_best_of(
    make_analysed: MakeRun,
) -> None:
    short, long, latex = everywhere(make_analysed(edit=lacks("gating", 0)))
    first = f"metaselector has the lowest log loss of those {AMONG}, .5306: .0704 below"
    assert first in short
    assert first in long
    assert f"* the best mean of those {AMONG}, =" in short
    assert f"* marks the best mean of methods and base models {AMONG}, =" in long
    assert f"Bold: the best mean of those {AMONG}." in latex
    # every base model has all
    assert f"validation users, of those {AMONG}" not in long
    assert "might be another" not in short + long + latex


def test_without_an_analysis_the_best_mean_is_of_those_too(make_run: MakeRun) -> None:
    short, *_ = everywhere(make_run(edit=lacks("gating", 0, 1)))
    assert f"metaselector has the lowest mean log loss of those {AMONG}, .5306;" in short


def test_where_nothing_is_better_than_best_single_it_is_of_those_too(
    make_analysed: MakeRun,
) -> None:
    run = make_analysed(
        edit=lacks("metaselector", 1), change=lambda found: replace(found, lead=found.best_single)
    )
    told = f"Of those {AMONG}, nothing has a lower log loss than the best single model (fm)"
    assert told in printed(run)


def test_a_base_model_that_was_passed_over_for_want_of_a_seed_is_named(make_run: MakeRun) -> None:
    short, long, latex = everywhere(make_run(edit=lacks("fm", 0)))
    assert ANOTHER in short
    assert ANOTHER in long
    assert f"% {ANOTHER}" in latex
    assert f"the lowest log loss on validation users, of those {AMONG}." in long
    assert f"it has the lowest mean validation log loss of the base models {AMONG} (.6020)." in long
    assert f"of validation users, of those {AMONG}, chosen without test labels." in latex


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_one_that_could_not_have_been_best_single_is_not_named(
    make_run: MakeRun, seeds: tuple[int, ...]
) -> None:
    short, long, latex = everywhere(make_run(edit=lacks("lr", *seeds)))
    assert "might be another" not in short + long + latex
    assert f"the base models {AMONG}" in long


def test_another_base_of_relaimpr_does_not_move(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        manifest["relaimpr_base"] = "lr"
        lacks("fm", 0)(records, manifest)

    assert ANOTHER.replace(", to which RelaImpr is relative,", "") in printed(make_run(edit=edit))
