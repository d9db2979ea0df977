"""The sentences that answer "for whom?", and the words that a section explains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from markupsafe import escape

from bench.evaluate import Analysis, Segment, UserDifferences
from bench.evaluate.analysis.findings import UserBand, UserSpread
from bench.records import Run
from bench.report import Note, build, document, to_html
from bench.report.sections.for_whom_answer import for_whom_answer
from bench.report.sections.glossary import glossary
from tests.report.analyses import paired

MakeRun = Callable[..., Run]
HELPED = (
    "metaselector has a lower log loss than the best single model (fm) for 71.2% of test users, and a "
    "higher one for 28.0%."
)
# by property, the differences of its groups; or with half the width of each one's interval, .01 where there is none
Gains = Mapping[str, tuple[float | tuple[float, float], ...]]


def of_users(gains: Gains) -> Callable[[Analysis], Analysis]:
    """An analysis with users of the lead, and with these differences of its groups."""
    spread = UserSpread(604, (-0.2, -0.1, -0.05, 0.0, 0.1), helped=0.712, harmed=0.28)

    bands = (UserBand("history", "1 to 20 rows", spread),)

    def change(found: Analysis) -> Analysis:
        methods = tuple(
            replace(one, users=UserDifferences(spread, bands)) if one.name == found.lead else one
            for one in found.methods
        )
        return replace(found, methods=methods, segments=tuple(segments(found, gains)))

    return change


def segments(found: Analysis, gains: Gains) -> list[Segment]:
    places: dict[str, int] = dict.fromkeys(gains, 0)
    changed = []
    for one in found.segments:
        if one.by not in gains or places[one.by] == len(gains[one.by]):
            continue
        gain = gains[one.by][places[one.by]]
        pair = paired(*(gain if isinstance(gain, tuple) else (gain, 0.01)))
        places[one.by] += 1
        against = {**one.against_best_single, "metaselector": pair}
        changed.append(replace(one, against_best_single=against))
    return changed


def told(run: Run) -> list[str]:
    (section,) = build(run).sections
    return [note.text for note in for_whom_answer(section)]


def test_the_group_that_gains_most_is_named_where_intervals_lie_apart(
    make_analysed: MakeRun,
) -> None:
    gains = {"history": (-0.02, -0.03, -0.07), "popularity": (-0.05, -0.06, -0.055)}
    assert told(make_analysed(change=of_users(gains))) == [
        f'{HELPED} By length of history, it gains most on users with "65 rows and more" (-.0700 [-.0800, -.0600]), least on '
        'those with "1 to 20 rows" (-.0200 [-.0300, -.0100]). By popularity of items, all groups\' 95% '
        "intervals overlap, so that none can be said to gain more. After Holm's adjustment, by popularity of items, it gains "
        "beyond chance in every group."
    ]


def test_a_group_of_a_wide_interval_does_not_hide_that_others_lie_apart(
    make_analysed: MakeRun,
) -> None:
    gains = {"history": ((-0.09, 0.08), -0.02, -0.06)}
    assert told(make_analysed(change=of_users(gains))) == [
        f'{HELPED} By length of history, it gains more on users with "65 rows and more" (-.0600 [-.0700, -.0500]) than on '
        'those with "21 to 64 rows" (-.0200 [-.0300, -.0100]).'
    ]


def test_of_pairs_that_lie_apart_the_farthest_is_named(make_analysed: MakeRun) -> None:
    """Not the one of the most gain and the least, whose intervals are wide."""
    gains = {"history": ((-0.09, 0.03), (-0.01, 0.02), (-0.0800, 0.005))}
    (text,) = told(make_analysed(change=of_users(gains)))
    assert 'it gains more on users with "65 rows and more"' in text
    assert 'than on those with "21 to 64 rows"' in text


def test_where_no_group_stands_out_it_is_said_once(make_analysed: MakeRun) -> None:
    gains = {"history": (-0.05, -0.06), "popularity": (-0.05, -0.06)}
    assert told(make_analysed(change=of_users(gains))) == [
        f"{HELPED} By length of history of users and popularity of items, all groups' 95% intervals overlap, so that none "
        "can be said to gain more. After Holm's adjustment, by length of history of users, it gains beyond chance in every "
        "group."
    ]


def test_groups_of_a_gain_and_of_none_are_told_apart_by_their_verdicts(
    make_analysed: MakeRun,
) -> None:
    gains = {"history": ((-0.01, 0.02), (-0.02, 0.01), (-0.03, 0.02))}
    (text,) = told(make_analysed(change=of_users(gains)))
    assert text.endswith(
        'After Holm\'s adjustment, by length of history of users, it gains beyond chance in "21 to 64 rows" and "65 rows and '
        'more", and is a tie in "1 to 20 rows".'
    )
    gains = {"history": ((0.03, 0.02), (-0.01, 0.03), (-0.005, 0.03))}
    (text,) = told(make_analysed(change=of_users(gains)))
    assert text.endswith(
        'it is a tie in "21 to 64 rows" and "65 rows and more", and is worse in "1 to 20 rows".'
    )


def test_without_verdicts_of_groups_none_is_told(make_analysed: MakeRun) -> None:
    def withheld(found: Analysis) -> Analysis:
        found = of_users({"history": (-0.05, -0.06)})(found)
        parts = [
            replace(
                one,
                against_best_single={
                    name: replace(pair, verdict="withheld")
                    for name, pair in one.against_best_single.items()
                },
            )
            for one in found.segments
        ]
        return replace(found, segments=tuple(parts))

    (section,) = build(make_analysed()).sections
    assert section.analysis is not None
    section = replace(section, analysis=withheld(section.analysis))
    (note,) = for_whom_answer(section)
    assert note.text.endswith("can be said to gain more.")


def test_of_a_single_group_nothing_is_said(make_analysed: MakeRun) -> None:
    assert told(make_analysed(change=of_users({"history": (-0.05,)}))) == [HELPED]


def test_without_figures_of_users_there_is_no_sentence(make_analysed: MakeRun) -> None:
    assert told(make_analysed()) == []


def test_terminal_and_page_have_it_first(
    make_analysed: MakeRun, on_disk: Callable[[Run], Run]
) -> None:
    run = on_disk(make_analysed(change=of_users({"history": (-0.05,)})))
    blocks = list(document(build(run), ["for-whom"]))
    notes = [block for block in blocks if isinstance(block, Note)]
    assert Note(HELPED, strong=True) in notes
    page = to_html(build(run), run)
    part = page[page.index('id="s1-for-whom"') :]
    assert part.count(HELPED) == 1
    assert part.index(HELPED) < part.index("<figure")


def test_a_section_explains_its_words_below_the_answer(
    make_analysed: MakeRun, on_disk: Callable[[Run], Run]
) -> None:
    run = on_disk(make_analysed())
    (section,) = build(run).sections
    words = glossary(section).text
    for word in ("support", "query", "Cold: ", "best single model (best-single in tables), fm"):
        assert word in words
    page = to_html(build(run), run)
    shown = str(escape(words))
    assert page.count(shown) == 1
    assert page.index('class="answer"') < page.index(shown) < page.index("<figure")
    assert glossary(section) in list(document(build(run), ["answer"]))


def test_the_setting_is_the_splits(make_analysed: MakeRun) -> None:
    def warm(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        manifest["splits"]["ml-1m/cold"]["setting"] = "warm"

    (section,) = build(make_analysed(edit=warm)).sections
    assert "Warm: base models were trained on the support of test users too." in (
        glossary(section).text
    )
