"""What of a gain is a plain average's, and which shares of a gap are not told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.evaluate import Analysis, MethodAnalysis, Paired, PlainAverage
from bench.records import Run
from bench.report import Grid, Note, build
from bench.report.sections.document import document
from tests.report.analyses import paired

MakeRun = Callable[..., Run]
POOL = "the mixture in which every base model weighs the same for everybody"


def averaged(of_average: Paired, **by_method: Paired) -> Callable[[Analysis], Analysis]:
    """The average less best-single, and methods less the average, in log loss. Names with _ for -."""
    pairs = {name.replace("_", "-"): pair for name, pair in by_method.items()}

    def change(found: Analysis) -> Analysis:
        def edit(one: MethodAnalysis) -> MethodAnalysis:
            pair = pairs.get(one.name)
            return replace(one, against_average={} if pair is None else {"logloss": pair})

        average = PlainAverage({"logloss": 0.599}, {"logloss": of_average})
        return replace(found, plain_average=average, methods=tuple(map(edit, found.methods)))

    return change


def told(run: Run) -> str:
    """The note behind the answer."""
    notes = [block for block in document(build(run)) if isinstance(block, Note)]
    first = next(place for place, note in enumerate(notes) if note.strong)
    return next(note.text for note in notes[first:] if not note.strong)


@pytest.mark.parametrize(
    ("of_average", "added", "expected"),
    [
        (
            paired(-0.012, 0.004),
            paired(-0.0584, 0.002),
            f"A plain average of the pool, {POOL}, gains .0120 over fm by itself; over that average, metaselector gains .0584 "
            "(95% interval .0564 to .0604): better.",
        ),
        (
            paired(0.012, 0.004),
            paired(-0.0001, 0.002),
            f"A plain average of the pool, {POOL}, gains nothing over fm (.0120 worse); over that average, metaselector gains "
            ".0001 (95% interval -.0019 to .0021): a tie.",
        ),
        (
            paired(-0.012, 0.004),
            replace(paired(0.0, 0.0), low=-1e-17, high=1e-17),
            f"metaselector is as good as a plain average of the pool, {POOL}: nothing was gained by choosing.",
        ),
        (
            paired(-0.012, 0.004),
            paired(0.0, 0.0),
            f"metaselector is the plain average of the pool, {POOL}: it chooses nothing.",
        ),
        (
            paired(-0.012, 0.004),
            replace(paired(-0.01, 0.0), low=None, high=None, verdict="withheld", reason="one user"),
            f"A plain average of the pool, {POOL}, gains .0120 over fm by itself; over that average, metaselector gains "
            ".0100, without an interval (one user).",
        ),
    ],
)
def test_a_gain_is_divided_into_the_averages_and_the_rest(
    make_analysed: MakeRun, of_average: Paired, added: Paired, expected: str
) -> None:
    assert told(make_analysed(change=averaged(of_average, metaselector=added))) == expected


@pytest.mark.parametrize(
    ("of_chosen", "expected"),
    [(0.03, "gains .0300 over lr by itself"), (-0.03, "gains nothing over lr (.0300 worse)")],
)
def test_the_average_is_held_against_whom_all_are(
    make_analysed: MakeRun, of_chosen: float, expected: str
) -> None:
    change = averaged(
        paired(-0.012, 0.004), metaselector=paired(-0.05, 0.002), lr=paired(of_chosen, 0.002)
    )
    run = make_analysed(change=lambda found: replace(change(found), chosen="lr"))
    assert expected in told(run)


def test_a_metric_that_is_better_high_gains_the_other_way(make_analysed: MakeRun) -> None:
    def by_auc(_: Any, manifest: dict[str, Any]) -> None:
        manifest["primary"] = "auc"

    def change(found: Analysis) -> Analysis:
        found = averaged(paired(0, 0))(found)
        average = PlainAverage({}, {"auc": paired(0.01, 0.004, metric="auc")})
        methods = tuple(
            replace(one, against_average={"auc": replace(paired(0.02, 0.004), verdict="better")})
            for one in found.methods
        )
        return replace(found, primary="auc", plain_average=average, methods=methods)

    assert (
        "gains .0100 over fm by itself; over that average, metaselector gains .0200 (95%"
        in told(make_analysed(edit=by_auc, change=change))
    )


def test_nothing_is_said_of_a_base_model_or_without_an_average(make_analysed: MakeRun) -> None:
    assert "plain average" not in told(make_analysed())
    change = averaged(paired(-0.012, 0.004), fm=paired(-0.01, 0.001))
    run = make_analysed(change=lambda found: replace(change(found), lead="fm"))
    assert "plain average" not in told(run)


def shares(run: Run) -> tuple[dict[str, list[str]], str]:
    blocks = list(document(build(run)))
    grid = next(
        block for block in blocks if isinstance(block, Grid) and "choosing was" in block.title
    )
    assert [head.replace("\n", " ") for head in grid.heads[1:3]] == [
        "% of gap to attainable",
        "% of gap to perfect-user",
    ]
    notes = " ".join(block.text for block in blocks if isinstance(block, Note))
    return {row.name: [cell.text.strip() for cell in row.cells[:2]] for row in grid.rows}, notes


def test_a_share_that_is_averaging_is_not_told(make_analysed: MakeRun) -> None:
    change = averaged(
        paired(-0.0013, 0.001),
        average=replace(paired(0.0, 0.0), low=0.0, high=0.0),
        gating=paired(-0.0002, 0.001),
        user_best=paired(-0.009, 0.001),
    )
    told_of, notes = shares(make_analysed(change=change))
    assert told_of["average"] == told_of["gating"] == ["–", "–"]
    assert float(told_of["user-best"][0]) > 0
    assert (
        "no better than a plain average of the pool, whose gain is not one of choosing (" in notes
    )


def test_a_share_of_next_to_nothing_is_not_told(make_analysed: MakeRun) -> None:
    def change(found: Analysis) -> Analysis:
        methods = tuple(
            replace(one, closed_gap=replace(one.closed_gap, perfect=-12.0))
            if one.name == "lr"
            else one
            for one in found.methods
        )
        return replace(found, methods=methods)

    told_of, notes = shares(make_analysed(change=change))
    assert told_of["lr"][0] != told_of["lr"][1] == "–"
    assert (
        "more than 5 times the gap to the perfect bound, which is too small to divide by (lr)"
        in notes
    )
