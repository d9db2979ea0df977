"""What is said of the best method and its ties, for whoever has to choose one: of measured figures alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.records import Run
from bench.report import Report, build
from bench.report.content.model import PredictionsFile
from bench.report.sections.choosing import among_ties
from bench.report.sections.cost import cost_note

MakeRun = Callable[..., Run]
TIES = ("metaselector", "user-calibration", "gating")


def on(*machines: str) -> Callable[[list[dict[str, Any]], dict[str, Any]], None]:
    """Trials that took turns on these machines."""

    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for place, record in enumerate(records):
            record["environment"] = {"processor": machines[place % len(machines)]}

    return edit


@pytest.fixture
def report(make_analysed: MakeRun) -> Report:
    return build(make_analysed(edit=on("one")))


def told(report: Report, names: tuple[str, ...] = TIES) -> str:
    (section,) = report.sections
    return among_ties(report, section, names)


def test_each_question_is_answered_by_whoever_is_best(report: Report) -> None:
    assert told(report) == (
        "Of these, user-calibration costs least in all (291.0 CPU s) and predicts fastest (1,051.8 krows per CPU s of its own "
        "work); metaselector harms the fewest users (19.8% have a higher log loss than with fm)."
    )


def test_who_is_best_in_all_is_named_once(report: Report) -> None:
    said = told(report, ("user-calibration", "gating"))
    assert said.count("user-calibration") == 1
    assert " and harms the fewest users" in said


def test_the_best_single_model_harms_nobody_by_its_own_measure_and_is_not_asked(
    report: Report,
) -> None:
    assert "metaselector harms the fewest users (19.8%" in told(report, (*TIES, "fm"))


def with_sources(report: Report, **sources: tuple[str, ...]) -> Report:
    """Names with _ for -."""
    (section,) = report.sections
    named = {name.replace("_", "-"): methods for name, methods in sources.items()}
    return replace(report, sections=(replace(section, base_predictions=named),), compositions=())


def test_who_costs_least_for_want_of_folds_is_told_so(report: Report) -> None:
    apart = with_sources(report, out_of_sample=("gating",), in_sample=("user-calibration",))
    assert "user-calibration costs least in all (291.0 CPU s, without fits on folds) and" in told(
        apart
    )
    for alike in (
        with_sources(report, in_sample=TIES),
        with_sources(report, out_of_sample=TIES),
        with_sources(report, in_sample=("gating",), out_of_sample=("user-calibration",)),
    ):
        assert "on folds" not in told(alike)


def test_the_table_of_cost_says_whose_total_has_fits_on_folds(report: Report) -> None:
    def note(report: Report) -> str:
        return cost_note(report, report.sections[0])

    apart = with_sources(report, out_of_sample=("gating",), in_sample=("metaselector",))
    assert note(apart).endswith(
        "The total of gating has every base model's fits on folds in it, beside the fit that predicts test users; that of "
        "metaselector has the latter alone."
    )
    holdout = with_sources(report, out_of_sample=("gating",), holdout=("average",))
    (cold,) = holdout.sections
    warm = replace(cold, split_facts={**cold.split_facts, "setting": "warm"})
    cold = replace(cold, split_facts={**cold.split_facts, "setting": "cold"})
    assert "that of average" in note(replace(holdout, sections=(cold,)))
    assert "on folds" not in note(replace(holdout, sections=(warm,)))
    assert "on folds" not in note(with_sources(report, in_sample=("gating",)))


def test_costs_of_two_machines_are_not_compared(make_analysed: MakeRun) -> None:
    report = build(make_analysed(edit=on("one", "one", "another")))
    assert told(report).startswith("Of these, metaselector harms the fewest users")


def test_what_scores_from_a_file_has_no_cost_to_compare(report: Report) -> None:
    (section,) = report.sections
    of_file = PredictionsFile("gating", "scores.csv", "0" * 64, 1, 0, 0)
    with_file = replace(report, sections=(replace(section, from_files=(of_file,)),))
    assert "CPU s" not in told(with_file)


def test_who_prints_alike_is_named_together_and_nothing_is_said_where_all_do(
    report: Report,
) -> None:
    (section,) = report.sections

    def alike(*names: str) -> Report:
        same = next(row.cost for row in section.rows if row.name == "gating")
        rows = tuple(replace(row, cost=same) if row.name in names else row for row in section.rows)
        return replace(report, sections=(replace(section, rows=rows),))

    assert told(alike("user-calibration")).startswith(
        "Of these, user-calibration and gating cost least in all ("
    )
    assert "CPU s" not in told(alike(*TIES))


def test_a_question_that_one_has_no_figure_for_is_left_out(report: Report) -> None:
    (section,) = report.sections
    rows = tuple(replace(row, cost=None) if row.name == "gating" else row for row in section.rows)
    without = replace(report, sections=(replace(section, rows=rows),))
    assert "CPU s" not in told(without)
