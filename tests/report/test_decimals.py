"""As many decimals as tell methods apart, in every table and sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.evaluate import Analysis, MethodAnalysis, Paired, decimals, marks, printed
from bench.evaluate.summary import Estimate, Line
from bench.records import Run
from bench.report import build, to_markdown
from bench.report.words.figures import share

MakeRun = Callable[..., Run]
SMALL = 1e-3  # rare clicks: losses of .0006, differences of .00007


def rare(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
    for record in records:
        record["metrics"]["logloss"]["value"] *= SMALL
        if record["validation"]["logloss"] is not None:
            record["validation"]["logloss"] *= SMALL
        for shift in (record["details"].get("source_shift") or {}).values():
            for slot in shift:
                shift[slot] *= SMALL


def shrunk(found: Analysis) -> Analysis:
    def pair(one: Paired) -> Paired:
        if one.metric != "logloss":
            return one
        at = one.difference or 0.0
        ends = {key: getattr(one, key) for key in ("low", "high", "seeds_low", "seeds_high")}
        near = {key: None if end is None else at + (end - at) * SMALL for key, end in ends.items()}
        verdict = "tie" if near["low"] <= 0 <= near["high"] else "better" if at < 0 else "worse"
        return replace(one, **near, detectable=(one.detectable or 0.0) * SMALL, verdict=verdict)

    def edit(one: MethodAnalysis) -> MethodAnalysis:
        return replace(
            one,
            against_best_single={
                metric: pair(of) for metric, of in one.against_best_single.items()
            },
            against_lead={metric: pair(of) for metric, of in one.against_lead.items()},
        )

    return replace(found, methods=tuple(map(edit, found.methods)), segments=())


def test_four_decimals_where_they_are_enough(make_analysed: MakeRun) -> None:
    (section,) = build(make_analysed()).sections
    assert section.decimals == {"logloss": 4, "auc": 4, "relaimpr": 2, "gauc": 4}


def test_rare_clicks_print_apart_in_the_table_and_in_every_sentence(make_analysed: MakeRun) -> None:
    run = make_analysed(edit=rare, change=shrunk)
    (section,) = build(run).sections
    assert section.places("logloss") == 6
    text = to_markdown(build(run))
    top = text.partition("For whom")[0]
    assert "lowest log loss, .000531: .000070 below the best single model" in top
    assert "a true difference from metaselector of .000008" in top
    assert not re.search(r"[+-]?\.0{4}(?!\d)|\.0006(?!\d)", top)
    # whoever is told apart by a verdict is told apart by the figures
    lines = {row.name: row.figures["logloss"].estimate.mean for row in section.rows}
    assert section.analysis is not None
    for one in section.analysis.methods:
        if one.against_lead and one.against_lead["logloss"].verdict != "tie":
            shown = [
                printed("logloss", lines[name] or 0.0, 6) for name in (one.name, "metaselector")
            ]
            assert shown[0] != shown[1]


def test_a_verdict_on_a_tiny_difference_shows_it(make_analysed: MakeRun) -> None:
    def change(found: Analysis) -> Analysis:
        def edit(one: MethodAnalysis) -> MethodAnalysis:
            if one.name != "gating":
                return one
            pair = replace(
                one.against_best_single["logloss"], difference=-3e-6, low=-5e-6, high=-1e-6, verdict="better",
            )  # fmt: skip
            return replace(one, against_best_single={"logloss": pair})

        return replace(found, methods=tuple(map(edit, found.methods)))

    run = make_analysed(change=change)
    assert build(run).sections[0].places("logloss") == 6
    assert "-.000003 \\[-.000005, -.000001\\]" in to_markdown(build(run))


def test_a_width_that_is_rounding_moves_no_decimals(make_analysed: MakeRun) -> None:
    def change(found: Analysis) -> Analysis:
        def edit(one: MethodAnalysis) -> MethodAnalysis:
            if one.name != "average":
                return one
            noise = replace(
                one.against_best_single["logloss"], low=-1e-17, high=1e-17, verdict="tie"
            )
            return replace(one, against_best_single={"logloss": noise})

        found = shrunk(found)
        return replace(found, methods=tuple(map(edit, found.methods)))

    assert build(make_analysed(edit=rare, change=change)).sections[0].places("logloss") == 6


def test_a_difference_that_is_rounding_moves_no_decimals(make_analysed: MakeRun) -> None:
    """Two methods of one and the same prediction, one of them through float32."""

    def change(found: Analysis) -> Analysis:
        def edit(one: MethodAnalysis) -> MethodAnalysis:
            same = replace(
                one.against_best_single["logloss"],
                difference=3e-8, low=1e-8, high=5e-8, verdict="tie", detectable=4e-8,
            )  # fmt: skip
            return replace(one, against_best_single={"logloss": same})

        return replace(
            found, methods=tuple(edit(m) if m.name == "gating" else m for m in found.methods)
        )

    assert build(make_analysed(change=change)).sections[0].places("logloss") == 4


def test_few_positives_are_counted_beside_the_answer(make_analysed: MakeRun) -> None:
    def first(positives: int | None) -> str:
        run = make_analysed(change=lambda found: replace(found, positives=positives))
        return next(
            line for line in to_markdown(build(run)).split("\n") if "over 604 users" in line
        )

    assert "over 604 users and 21,037 rows, 12 of them positive." in first(12)
    assert "21,037 rows, none of them positive." in first(0)
    assert "21,037 rows, 3 of them negative." in first(21_034)
    assert "21,037 rows." in first(100)
    assert "21,037 rows." in first(None)


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([0.6931, 0.5], 4),
        ([12.0], 4),
        ([0.0451], 4),
        ([0.00021, 0.0002], 6),
        ([2.1e-7], 9),
        ([0.0], 4),
        ([], 4),
        ([float("nan"), 0.5], 4),
        ([1e28], 4),
    ],
)
def test_three_digits_of_the_largest_at_least(values: list[float], places: int) -> None:
    assert decimals("logloss", values) == places
    assert decimals("relaimpr", values) == 2


def test_a_huge_figure_is_its_power_of_ten() -> None:
    assert printed("logloss", 1.04e28) == "1.0e+28"
    assert printed("logloss", -3e6) == "-3.0e+06"
    assert printed("logloss", 123456.7) == "123456.7000"


def test_figures_that_four_decimals_would_make_alike_are_no_tie() -> None:
    def line(name: str, value: float) -> Line:
        return Line(name, "method", {"brier": Estimate((value,), value, None)})

    lines = [line("a", 0.00021), line("b", 0.00024), line("c", 0.0002101)]
    assert marks(lines, "brier", False) == {"a": "best", "c": "tie"}


@pytest.mark.parametrize(
    ("part", "text"),
    [(0.5754, "57.5%"), (0.004, "0.4%"), (0.00012, "0.012%"), (2.5e-6, "0.00025%"), (0.0, "0.0%")],
)
def test_a_share_is_never_printed_as_nothing(part: float, text: str) -> None:
    assert share(part) == text
