"""Where no p can be below .05 after Holm's adjustment, whatever the difference, the notes say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.evaluate import Analysis, none_below_level
from bench.evaluate.inference.holm import holm
from bench.records import Run
from bench.report import Note, Section, build
from bench.report.charts.by_group import by_group
from bench.report.charts.differences import differences
from bench.report.sections.for_whom import segments
from bench.report.sections.quality_notes import quality_notes

MakeRun = Callable[..., Run]
WORDS = "no difference can be told beyond chance here, however large (Holm's adjustment)."


@pytest.mark.parametrize("resamples", [20, 199, 540, 1000, 1999, 2000])
def test_it_is_where_as_many_of_the_smallest_p_are_ties_after_holm(resamples: int) -> None:
    least = 1 / (resamples + 1)
    for comparisons in range(1, 130):
        adjusted = holm([least, *[1.0] * (comparisons - 1)])
        assert none_below_level(comparisons, resamples) == (min(adjusted) >= 0.05)
    assert not none_below_level(0, resamples)


def test_at_2000_resamples_100_comparisons_can_show_something_and_101_nothing() -> None:
    assert [none_below_level(count, 2000) for count in (100, 101)] == [False, True]


def section(make_analysed: MakeRun, resamples: int, groups: int = 9) -> Section:
    """Of 9 comparisons in the table, and of 27 by each property where there are 9 groups."""

    def change(found: Analysis) -> Analysis:
        return replace(found, resamples=resamples, segments=found.segments[:groups])

    (only,) = build(make_analysed(change=change)).sections
    return only


def of_groups(section: Section) -> list[str]:
    """The notes of table and figure."""
    return [
        *(one.text for one in segments(section) if isinstance(one, Note)),
        by_group(section).note,
    ]


def test_groups_with_too_many_comparisons_are_told_in_table_and_figure(
    make_analysed: MakeRun,
) -> None:
    by = "By length of support, positives in the support and popularity, 27 comparisons each"
    for note in of_groups(section(make_analysed, 538)):
        assert note.endswith(f" {by} at 538 resamples: {WORDS}")
    for note in of_groups(section(make_analysed, 540)):
        assert "told beyond chance" not in note


def test_properties_with_fewer_groups_are_told_apart(make_analysed: MakeRun) -> None:
    for note in of_groups(section(make_analysed, 400, groups=5)):
        assert note.endswith(f" By length of support, 27 comparisons at 400 resamples: {WORDS}")
    for note in of_groups(section(make_analysed, 300, groups=5)):
        assert note.endswith(
            f" By length of support, 27 comparisons at 300 resamples: {WORDS} By positives in the support, 18 comparisons at "
            f"300 resamples: {WORDS}"
        )


def test_a_main_table_of_too_many_rows_says_so_and_its_figure_too(make_analysed: MakeRun) -> None:
    for resamples, said in ((178, True), (180, False)):
        report = build(
            make_analysed(change=lambda found, drawn=resamples: replace(found, resamples=drawn))
        )
        (only,) = report.sections
        table = " ".join(note.text for note in quality_notes(report, only))
        for text in (table, differences(only).note):
            assert (f"9 comparisons at {resamples} resamples: {WORDS}" in text) == said
