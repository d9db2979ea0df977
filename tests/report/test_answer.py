"""The sentences at the top of a section."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.evaluate import NOT_AFTER_HOLM, POWER, Analysis, MethodAnalysis, Paired
from bench.records import Run, load
from bench.report import Note, build, to_markdown
from bench.report.sections.answer import answer as top
from bench.report.sections.document import document
from tests.report.analyses import paired

MakeRun = Callable[..., Run]
Change = Callable[[Analysis], Analysis]


def notes(run: Run) -> list[Note]:
    return [block for block in document(build(run)) if isinstance(block, Note)]


def answer(run: Run) -> tuple[str, str]:
    """The first strong sentence, and what follows it up to the first note that is not strong."""
    told = notes(run)
    at = next(place for place, note in enumerate(told) if note.strong)
    end = next(place for place, note in enumerate(told) if place > at and not note.strong)
    return told[at].text, " ".join(note.text for note in told[at + 1 : end + 1])


def lead_is(**changes: Any) -> Change:
    """The lead's difference from best-single in log loss, changed."""

    def change(found: Analysis) -> Analysis:
        def edit(one: MethodAnalysis) -> MethodAnalysis:
            against = dict(one.against_best_single)
            if one.name == found.lead:
                against["logloss"] = replace(against["logloss"], **changes)
            return replace(one, against_best_single=against)

        return replace(found, methods=tuple(map(edit, found.methods)))

    return change


def against_lead(change_one: Callable[[str, Paired], Paired]) -> Change:
    def change(found: Analysis) -> Analysis:
        def edit(one: MethodAnalysis) -> MethodAnalysis:
            pairs = {
                metric: change_one(one.name, pair) for metric, pair in one.against_lead.items()
            }
            return replace(one, against_lead=pairs)

        return replace(found, methods=tuple(map(edit, found.methods)))

    return change


nobody_ties = against_lead(lambda _, pair: replace(pair, verdict="worse"))


def test_the_lead_is_named_with_its_difference_interval_and_users(make_analysed: MakeRun) -> None:
    first, rest = answer(make_analysed(change=nobody_ties))
    assert first == (
        "metaselector has the lowest log loss, .5306: .0704 below the best single model (fm), 95% interval .0683 to .0725, "
        "over 604 users and 21,037 rows."
    )
    assert rest.startswith(
        "Every other method and base model is worse than metaselector. The run would have noticed a true difference from "
        "metaselector of .0084 at least four times out of five."
    )


def test_who_ties_with_the_lead_is_named_with_what_would_have_shown(make_analysed: MakeRun) -> None:
    assert answer(make_analysed())[1].startswith(
        "The run can't tell metaselector apart from user-calibration (a tie, marked =). Of these, metaselector harms the "
        "fewest users (19.8% have a higher log loss than with fm). The run would have noticed a true difference from "
        "metaselector of .0084 at least four times out of five. Every method and base model but its ties is worse than "
        "metaselector."
    )


def test_who_ties_with_the_lead_is_a_part_of_the_answer_itself(make_analysed: MakeRun) -> None:
    told = "The run can't tell metaselector apart from user-calibration (a tie, marked =)."
    assert any(note.strong and note.text.startswith(told) for note in notes(make_analysed()))
    assert "tell metaselector apart" not in str(notes(make_analysed(change=nobody_ties)))


def test_the_legend_names_both_differences_that_are_judged(make_analysed: MakeRun) -> None:
    """A row may be worse than the lead and tie with the reference."""
    text = to_markdown(build(make_analysed())).replace("\\", "")
    assert (
        "The verdict is on that difference; = and the sentences at the top are on the difference from the best (*)."
        in text
    )
    worse = to_markdown(build(make_analysed(change=nobody_ties))).replace("\\", "")
    assert "; the sentences at the top are on the difference from the best (*)." in worse
    single = make_analysed(change=lambda found: replace(found, lead=found.best_single))
    assert "The verdict is on that difference" not in to_markdown(build(single))


def test_of_several_seeds_the_interval_over_training_is_told_too(make_analysed: MakeRun) -> None:
    assert answer(make_analysed())[1].endswith(
        "Over the 3 training runs alone, the difference from the best single model has the 95% interval .0693 to .0715."
    )


def test_one_seed_is_said_to_be_one_training_run(make_analysed: MakeRun) -> None:
    assert answer(make_analysed(seeds=(7,)))[1].endswith(
        "All figures come from one training run (seed 7): another seed may change them."
    )


def test_a_lead_that_ties_with_best_single_is_no_win(make_analysed: MakeRun) -> None:
    small = paired(-0.0007, 0.0014)
    changes = {key: getattr(small, key) for key in ("difference", "low", "high", "verdict")}
    assert answer(make_analysed(change=lead_is(**changes)))[0] == (
        "metaselector has the lowest log loss, .6003, but the run can't tell it apart from the best single model (fm): "
        "difference -.0007, 95% interval -.0021 to +.0007, over 604 users and 21,037 rows."
    )


def test_a_withheld_verdict_says_why(make_analysed: MakeRun) -> None:
    first, _ = answer(
        make_analysed(change=lead_is(verdict="withheld", reason="9 users, fewer than 20"))
    )
    assert first.endswith(
        ".0704 below the best single model (fm), over 604 users and 21,037 rows. There is no verdict: 9 users, fewer than 20."
    )
    change = lead_is(
        difference=None, low=None, high=None, verdict="withheld", reason="seed 1 is missing"
    )
    assert answer(make_analysed(change=change))[0].endswith(
        "There is no verdict against the best single model (fm): seed 1 is missing."
    )


def test_withheld_comparisons_with_the_lead_are_told_with_their_reason(
    make_analysed: MakeRun,
) -> None:
    def withheld(name: str, pair: Paired) -> Paired:
        return (
            replace(pair, verdict="withheld", reason="few users")
            if name in ("gating", "average")
            else pair
        )

    _, rest = answer(make_analysed(change=against_lead(withheld)))
    assert (
        "Of the others, 6 are worse than metaselector. There is no verdict on others: few users (average and gating)."
        in rest
    )


@pytest.mark.parametrize(
    ("gauc", "told"),
    [
        (
            paired(-0.0013, 0.0037, metric="gauc"),
            "In GAUC, the order of each user's own rows, metaselector gains nothing beyond chance over the best single model "
            "(fm): -.0013 [-.0050, +.0024].",
        ),
        (
            paired(-0.02, 0.005, metric="gauc"),
            "In GAUC, the order of each user's own rows, metaselector is worse than the best single model (fm): "
            "-.0200 [-.0250, -.0150].",
        ),
        (paired(0.02, 0.005, metric="gauc"), ""),
        (replace(paired(0.0, 0.005, metric="gauc"), difference=None), ""),
    ],
)
def test_a_metric_in_which_the_lead_gains_nothing_is_named(
    make_analysed: MakeRun, gauc: Paired, told: str
) -> None:
    def change(found: Analysis) -> Analysis:
        methods = (
            replace(one, against_best_single={**one.against_best_single, "gauc": gauc})
            if one.name == found.lead
            else one
            for one in found.methods
        )
        return replace(found, methods=tuple(methods))

    _, rest = answer(make_analysed(change=change))
    assert told in rest
    assert ("GAUC" in rest) is bool(told)


def test_best_single_itself_may_be_the_lead(make_analysed: MakeRun) -> None:
    first, _ = answer(make_analysed(change=lambda found: replace(found, lead="fm")))
    assert (
        first
        == "Nothing has a lower log loss than the best single model (fm), .6010, over 604 users and 21,037 rows."
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lead": None}, "No method has a value of log loss for every seed, so none is best."),
        (
            {"best_single": None},
            "over 604 users and 21,037 rows. There is no best single model to compare it with.",
        ),
    ],
)
def test_what_is_not_there_is_said(
    make_analysed: MakeRun, changes: dict[str, Any], told: str
) -> None:
    text = next(
        n.text
        for n in notes(make_analysed(change=lambda found: replace(found, **changes)))
        if n.strong
    )
    assert text.endswith(told)


def test_what_could_not_be_analysed_is_told(make_analysed: MakeRun) -> None:
    run = make_analysed(
        change=lambda found: replace(found, notes=("logits of seed 2 are gone.", "lr is missing"))
    )
    assert Note("logits of seed 2 are gone. lr is missing.") in notes(run)


def test_many_ties_are_not_all_listed(make_analysed: MakeRun) -> None:
    _, rest = answer(
        make_analysed(change=against_lead(lambda _, pair: replace(pair, verdict="tie")))
    )
    assert rest.startswith(
        "The run can't tell metaselector apart from user-calibration, metaselector-simplified, user-best, average, gating and "
        "4 more (ties, marked =). "
    )


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        (
            (0.0036, 0.0139),
            "noticed a true difference from metaselector of .0036 (gating's) to .0139 (average's) four times out of five.",
        ),
        (
            (0.0120, 0.0139),
            "noticed a true difference from metaselector of .0139 at least four times out of five.",
        ),
    ],
)
def test_of_ties_the_detectable_differences_are_told_from_the_smallest_to_the_largest(
    make_analysed: MakeRun, sizes: tuple[float, float], told: str
) -> None:
    of = dict(zip(("gating", "average"), sizes, strict=True))

    def tie(name: str, pair: Paired) -> Paired:
        return replace(pair, verdict="tie" if name in of else "worse", detectable=of.get(name, 0.1))

    assert told in answer(make_analysed(change=against_lead(tie)))[1]


def test_the_power_is_what_its_words_say() -> None:
    assert POWER == 4 / 5


def test_ties_that_the_table_does_not_mark_are_not_said_to_be_marked(
    make_analysed: MakeRun,
) -> None:
    report = build(make_analysed())
    (section,) = report.sections
    assert "from user-calibration (a tie). " in top(report, replace(section, tested=()))[1].text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"reason": NOT_AFTER_HOLM, "p_holm": 0.2134},
            " The interval leaves out 0, but among 9 comparisons that is not beyond chance (Holm's adjustment, p .213).",
        ),
        (
            {"reason": "too large for chance, and so on", "p_holm": 0.2134},
            " The interval leaves out 0; the difference is too large for chance, and so on.",
        ),
    ],
)
def test_a_tie_whose_interval_leaves_out_0_says_why_it_is_one(
    make_analysed: MakeRun, changes: dict[str, Any], told: str
) -> None:
    change = lead_is(difference=-0.0029, low=-0.0054, high=-0.0004, verdict="tie", **changes)
    first, _ = answer(make_analysed(change=change))
    assert first.endswith(f"95% interval -.0054 to -.0004, over 604 users and 21,037 rows.{told}")


def test_without_an_analysis_the_lowest_mean_is_named_and_how_to_get_a_verdict(
    make_run: MakeRun,
) -> None:
    first, rest = answer(make_run())
    assert (
        first
        == "metaselector has the lowest mean log loss, .5306; the best single model (fm) has .6010."
    )
    assert "no intervals and no verdicts" in rest
    assert "run the suite again" in rest


def test_without_an_analysis_too_best_single_may_be_the_lowest(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "fm":
                one["metrics"]["logloss"]["value"] = 0.5

    assert (
        answer(make_run(edit=edit))[0]
        == "Nothing has a lower mean log loss than the best single model (fm), .5000."
    )


def test_an_analysis_that_is_none_is_said_and_the_rest_is_shown(make_analysed: MakeRun) -> None:
    run = make_analysed()
    broken = {"ml-1m/cold": {**run.analyses["ml-1m/cold"], "users": "many"}}
    report = build(run._replace(analyses=broken))
    (section,) = report.sections
    assert section.analysis is None
    text = to_markdown(report).replace("\\", "")
    assert re.search(r"can't be used: \S*analysis\.json: no analysis of ml-1m/cold: users", text)
    assert "To get them, run the suite again" in text
    assert "Quality on" in text, "the table is there"


def test_an_analysis_of_other_records_is_not_shown(
    make_analysed: MakeRun, on_disk: Callable[[Run], Run], tmp_path: Path
) -> None:
    run = on_disk(make_analysed(seeds=(0,)))
    shown = CliRunner().invoke(main, ["report", str(run.folder)]).output
    assert "metaselector has the lowest log loss" in shown
    stale = run.folder / "analysis.json"
    digest = load(run.folder).records[0]["digest"]
    stale.write_text(stale.read_text("utf-8").replace(digest, "0" * 64), "utf-8")
    assert (
        "This run has no analysis" in CliRunner().invoke(main, ["report", str(run.folder)]).output
    )
