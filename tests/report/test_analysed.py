"""What tables show of an analysis."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.evaluate import Analysis, AttainableBound, ClosedGap, MethodAnalysis
from bench.records import Run
from bench.report import Grid, Note, Row, Section, Terms, build, to_json
from bench.report.sections.document import document
from bench.report.sections.quality import quality_grid

MakeRun = Callable[..., Run]


def section_of(run: Run) -> Section:
    (section,) = build(run).sections
    return section


def rows(run: Run) -> dict[str, Row]:
    return {row.name: row for row in section_of(run).rows}


def grid(run: Run, title: str) -> Grid:
    return next(
        b for b in document(build(run)) if isinstance(b, Grid) and b.title.startswith(title)
    )


def cells(table: Grid, name: str) -> dict[str, str]:
    """Head to what stands below it, of one row; heads on one line."""
    row = next(row for row in table.rows if row.name == name)
    heads = [head.replace("\n", " ") for head in table.heads[1:]]
    return {
        head: (cell.text + cell.mark).strip() for head, cell in zip(heads, row.cells, strict=True)
    }


def told(run: Run) -> str:
    return "\n".join(block.text for block in document(build(run)) if isinstance(block, Note))


def with_methods(
    change: Callable[[MethodAnalysis], MethodAnalysis],
) -> Callable[[Analysis], Analysis]:
    return lambda found: replace(found, methods=tuple(map(change, found.methods)))


# -- quality


def test_the_difference_its_interval_and_the_verdict_stand_beside_the_log_loss(
    make_analysed: MakeRun,
) -> None:
    table = grid(make_analysed(), "Quality")
    assert [head.replace("\n", " ") for head in table.heads[:5]] == [
        "method", "log loss", "vs best single [95% interval]", "verdict", "valid. log loss",
    ]  # fmt: skip
    found = {
        name: list(cells(table, name).values())[1:3] for name in ("metaselector", "ffm", "deepfm")
    }
    assert found == {
        "metaselector": ["-.0704 [-.0725, -.0683]", "better"],
        "ffm": ["-.0007 [-.0028, +.0014]", "tie"],
        "deepfm": ["+.0044 [+.0023, +.0065]", "worse"],
    }


def test_best_single_is_the_reference_and_bounds_have_no_verdict(make_analysed: MakeRun) -> None:
    table = grid(make_analysed(), "Quality")
    assert list(cells(table, "fm = best-single").values())[1:3] == ["best single", ""]
    assert list(cells(table, "perfect-user (bound)").values())[1:4] == ["", "", ""]


def test_ties_follow_the_test_where_there_is_one(make_analysed: MakeRun, make_run: MakeRun) -> None:
    tested, old = make_analysed(), make_run()
    assert section_of(tested).tested == ("logloss", "auc", "relaimpr")
    assert rows(tested)["user-calibration"].figures["logloss"].mark == "tie"
    assert rows(old)["user-calibration"].figures["logloss"].mark is None
    assert rows(tested)["user-calibration"].figures["auc"].mark is None  # worse in AUC
    assert rows(tested)["metaselector"].figures["gauc"].mark == "best"
    assert "= what a test of log loss, AUC and RelaImpr can't tell apart from it." in told(tested)


def test_relaimpr_is_marked_as_auc_is(make_analysed: MakeRun) -> None:
    def tie(one: MethodAnalysis) -> MethodAnalysis:
        if one.name != "gating":
            return one
        pair = replace(one.against_lead["auc"], verdict="tie")
        return replace(one, against_lead={**one.against_lead, "auc": pair})

    found = rows(make_analysed(change=with_methods(tie)))
    assert {
        metric: [name for name, row in found.items() if row.figures[metric].mark == "tie"]
        for metric in ("auc", "relaimpr")
    } == {"auc": ["gating"], "relaimpr": ["gating"]}
    assert found["metaselector"].figures["relaimpr"].mark == "best"


def test_best_single_bears_the_mark_of_its_model(make_analysed: MakeRun) -> None:
    def tie(one: MethodAnalysis) -> MethodAnalysis:
        if one.name != "fm":
            return one
        return replace(
            one, against_lead={"logloss": replace(one.against_lead["logloss"], verdict="tie")}
        )

    found = rows(make_analysed(change=with_methods(tie)))
    assert {found[name].figures["logloss"].mark for name in ("fm", "best-single")} == {"tie"}


def test_where_the_lead_is_not_the_best_in_auc_its_ties_are_not_tested(
    make_analysed: MakeRun,
) -> None:
    def edit(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "user-calibration":
                one["metrics"]["auc"]["value"] = 0.9

    run = make_analysed(edit=edit)
    assert section_of(run).tested == ("logloss",)
    assert rows(run)["user-calibration"].figures["auc"].mark == "best"


def test_best_single_has_a_row_of_its_own_where_its_base_model_has_none(
    make_analysed: MakeRun,
) -> None:
    report = build(make_analysed())
    (section,) = report.sections
    assert [row.name for row in quality_grid(report, section).rows].count("fm = best-single") == 1
    without = replace(section, rows=tuple(row for row in section.rows if row.name != "fm"))
    names = [row.name for row in quality_grid(report, without).rows]
    assert "best-single = fm" in names
    assert "fm = best-single" not in names


def test_the_validation_log_loss_is_a_column_and_says_how_best_single_was_chosen(
    make_analysed: MakeRun,
) -> None:
    run = make_analysed()
    found = rows(run)["best-single"].validation
    assert found is not None
    assert found.mean == pytest.approx(0.6003 + 0.001)
    assert rows(run)["perfect-user"].validation is None
    assert cells(grid(run, "Quality"), "fm = best-single")["valid. log loss"] == ".6013"
    assert "is fm: it has the lowest mean validation log loss of the base models (.6013)." in told(
        run
    )


def test_a_withheld_verdict_is_a_word_and_its_reason_a_note(make_analysed: MakeRun) -> None:
    def withhold(one: MethodAnalysis) -> MethodAnalysis:
        if one.name not in ("gating", "lr"):
            return one
        none = replace(
            one.against_best_single["logloss"],
            difference=None, low=None, high=None, verdict="withheld", reason="it failed in seed 1",
        )  # fmt: skip
        return replace(one, against_best_single={"logloss": none})

    run = make_analysed(change=with_methods(withhold))
    assert list(cells(grid(run, "Quality"), "gating").values())[1:3] == ["–", "withheld"]
    assert (
        "A verdict is withheld where none can be given: it failed in seed 1 (gating and lr)."
        in told(run)
    )


def test_that_an_interval_without_0_can_be_a_ties_is_said_where_there_is_one(
    make_analysed: MakeRun,
) -> None:
    def tie(one: MethodAnalysis) -> MethodAnalysis:
        pair = one.against_best_single.get("logloss")
        return (
            one
            if pair is None
            else replace(one, against_best_single={"logloss": replace(pair, verdict="tie")})
        )

    told_of_seeds = "A verdict allows for the tests of the other rows (Holm's adjustment) and for the spread over seeds"
    assert f"{told_of_seeds}." in told(make_analysed())
    assert f"{told_of_seeds}, so a tie's interval may leave out 0." in told(
        make_analysed(change=with_methods(tie))
    )
    one_seed = make_analysed(seeds=(0,), change=with_methods(tie))
    assert (
        "the tests of the other rows (Holm's adjustment), so a tie's interval may leave out 0."
        in told(one_seed)
    )


def test_where_every_verdict_is_withheld_none_is_said_to_hold(make_analysed: MakeRun) -> None:
    def withhold(one: MethodAnalysis) -> MethodAnalysis:
        pairs = {
            key: replace(pair, verdict="withheld") for key, pair in one.against_best_single.items()
        }
        return replace(one, against_best_single=pairs)

    text = told(make_analysed(change=with_methods(withhold)))
    assert "Its interval comes from a paired bootstrap" in text
    assert "A verdict allows" not in text


# -- bounds and selection


def test_bounds_stand_below_best_single_with_what_they_mean(make_analysed: MakeRun) -> None:
    run = make_analysed(change=lambda found: replace(found, optimum_logloss=0.412))
    table = grid(run, "Bounds")
    assert [row.name for row in table.rows] == [
        "best-single = fm", "attainable", "perfect-user", "perfect-sample", "optimum",
    ]  # fmt: skip
    assert cells(table, "attainable") == {
        "log loss": ".5853", "95% interval of log loss": ".5801 to .5905", "vs best single": "-.0157",
    }  # fmt: skip
    assert list(cells(table, "attainable")) == [
        "log loss",
        "95% interval of log loss",
        "vs best single",
    ]
    assert cells(table, "optimum")["log loss"] == ".4120"
    terms = next(block for block in document(build(run)) if isinstance(block, Terms))
    assert [term for term, _ in terms.pairs] == [row.name for row in table.rows[1:]]


@pytest.mark.parametrize(("optimum", "passed"), [(0.412, "all but the optimum"), (None, "them")])
def test_what_can_be_passed_speaks_of_an_optimum_where_there_is_one(
    make_analysed: MakeRun, optimum: float | None, passed: str
) -> None:
    run = make_analysed(change=lambda found: replace(found, optimum_logloss=optimum))
    assert (
        f"no method can claim them; a method that adapts or calibrates what the models predict can pass {passed}."
        in told(run)
    )


def test_a_bound_that_could_not_be_had_says_why(make_analysed: MakeRun) -> None:
    none = AttainableBound(None, None, None, 20, "no user has two query rows")
    run = make_analysed(change=lambda found: replace(found, attainable=none))
    assert "attainable" not in [row.name for row in grid(run, "Bounds").rows]
    assert "There is no attainable bound: no user has two query rows." in told(run)


def test_methods_tell_how_much_of_the_gap_they_close_and_how_they_choose(
    make_analysed: MakeRun,
) -> None:
    table = grid(make_analysed(seeds=(0,)), "What choosing was worth")
    gap = 100 * (0.6003 - 0.5899) / (0.6003 - 0.5786)
    assert cells(table, "user-best")["% of gap to perfect-user"] == f"{gap:.1f}"
    assert cells(table, "user-best")["best model chosen %"] == "31.0"
    assert cells(table, "user-calibration")["entropy of weights"] == "–"
    assert "best-single = fm" not in [row.name for row in table.rows]


def test_who_chooses_nobody_has_a_dash_and_the_reason(make_analysed: MakeRun) -> None:
    def edit(one: MethodAnalysis) -> MethodAnalysis:
        return (
            replace(one, selection_accuracy=None, selection_reason="all share")
            if one.name == "average"
            else one
        )

    run = make_analysed(change=with_methods(edit))
    assert cells(grid(run, "What choosing was worth"), "average")["best model chosen %"] == "–"
    assert "– stands where no best model is chosen: all share (average)." in told(run)
    assert "no best model is chosen" not in told(make_analysed())


def test_of_a_table_without_choices_no_dash_is_explained(make_analysed: MakeRun) -> None:
    run = make_analysed(
        change=with_methods(
            lambda one: replace(one, selection_accuracy=None, selection_reason="all share")
        )
    )
    assert "No best model is chosen: all share (" in told(run)
    assert "– stands where no best model" not in told(run)


def test_a_dash_in_one_of_two_columns_is_explained(make_analysed: MakeRun) -> None:
    def edit(one: MethodAnalysis) -> MethodAnalysis:
        gap = ClosedGap(0.2, None, "no gap")
        return replace(one, closed_gap=gap) if one.name == "average" else one

    run = make_analysed(change=with_methods(edit))
    assert "– stands where there is no % of gap: no gap (average)" in told(run)


def test_a_column_that_is_not_there_is_not_explained(make_analysed: MakeRun) -> None:
    """A run of one model has nobody to compare it with."""

    def alone(found: Analysis) -> Analysis:
        def edit(one: MethodAnalysis) -> MethodAnalysis:
            return replace(one, against_best_single={}, against_lead={})

        return replace(found, best_single=None, methods=tuple(map(edit, found.methods)))

    run = make_analysed(change=alone)
    assert '"vs best single" is' not in told(run)
    assert '"vs best single" is' in told(make_analysed())


def test_users_and_calibration_have_a_table_of_their_own(make_analysed: MakeRun) -> None:
    found = cells(grid(make_analysed(seeds=(0,)), "User by user"), "metaselector")
    assert found == {
        "users it helps %": "80.2",
        "equal %": "0.0",
        "harms %": "19.8",
        "regret mean": "-.0487",
        "regret p90": "+.0313",
        "ECE": ".0200",
        "mean minus observed": "+.0065",
    }


def test_what_nobody_has_a_figure_in_is_no_column_and_has_no_meaning(
    make_analysed: MakeRun,
) -> None:
    change = with_methods(
        lambda one: replace(one, entropy=None, closed_gap=ClosedGap(None, None, "no gap"))
    )
    run = make_analysed(change=change)
    assert grid(run, "What choosing was worth").heads == ("method", "best model\nchosen %")
    terms = [
        term
        for block in document(build(run))
        if isinstance(block, Terms)
        for term, _ in block.pairs
    ]
    assert "best model" in terms
    assert not {"entropy", "% of gap"} & set(terms)
    assert "There is no % of gap: no gap (" in told(run)
    assert "stands where" not in told(run)


# -- for whom


def test_segments_have_a_few_rows_the_sizes_in_heads_and_a_mark_each(
    make_analysed: MakeRun,
) -> None:
    table = grid(make_analysed(seeds=(0,)), "For whom (log loss): users by the length")
    assert [row.name for row in table.rows] == [
        "metaselector", "user-calibration", "metaselector-simplified", "user-best", "gating", "best-single = fm",
    ]  # fmt: skip
    assert table.heads[1] == "1 to 20 rows\n201 users\n3,900 rows"
    assert list(cells(table, "metaselector").values()) == [".5499+", ".5349+", ".5199+"]
    assert list(cells(table, "gating").values()) == [".6180+", ".6030~", ".5880~"]
    assert list(cells(table, "best-single = fm").values()) == [".6203", ".6053", ".5903"]


def test_ties_with_the_lead_are_shown_before_others(make_analysed: MakeRun) -> None:
    def tie(one: MethodAnalysis) -> MethodAnalysis:
        if one.name != "deepfm":
            return one
        return replace(
            one, against_lead={"logloss": replace(one.against_lead["logloss"], verdict="tie")}
        )

    table = grid(make_analysed(change=with_methods(tie)), "For whom")
    assert [row.name for row in table.rows][:3] == ["metaselector", "user-calibration", "deepfm"]


def test_segments_say_how_their_rows_were_chosen_where_some_are_left_out(
    make_analysed: MakeRun,
) -> None:
    how = "The tables show the leader, its ties and the next best, 5 in all, and best-single."
    assert how in told(make_analysed())

    def few(found: Analysis) -> Analysis:
        kept = ("metaselector", "gating", "lr", "fm")
        return replace(found, methods=tuple(one for one in found.methods if one.name in kept))

    assert "The tables show" not in told(make_analysed(change=few))


def test_segments_are_said_to_be_exploratory_and_without_them_there_is_no_word(
    make_analysed: MakeRun,
) -> None:
    assert "treat any difference as a question for the next run" in told(make_analysed())
    assert "+ means better than best-single, ~ means a tie with best-single." in told(
        make_analysed()
    )
    assert "a question for the next run" not in told(
        make_analysed(change=lambda found: replace(found, segments=()))
    )


# -- JSON, and without an analysis


def test_json_has_every_method_segment_and_interval(make_analysed: MakeRun) -> None:
    run = make_analysed()
    (section,) = json.loads(json.dumps(to_json(build(run)), allow_nan=False))["sections"]
    assert section["analysis"] == json.loads(json.dumps(run.analyses["ml-1m/cold"]))
    assert section["tested"] == ["logloss", "auc", "relaimpr"]
    assert section["rows"][0]["validation"]["mean"] == pytest.approx(0.5299 + 0.001)


def test_without_an_analysis_there_are_the_old_tables_alone(make_run: MakeRun) -> None:
    run = make_run()
    titles = [block.title.split()[0] for block in document(build(run)) if isinstance(block, Grid)]
    assert titles == ["Quality", "Cost", "Base"]
    assert section_of(run).analysis is None
    assert "verdict" not in grid(run, "Quality").heads


def test_a_segment_s_name_is_whole_over_the_sizes(make_analysed: MakeRun) -> None:
    """Large counts make it long: cut to a digest it would say nothing."""

    def large(found: Analysis) -> Analysis:
        first, second, *others = found.segments
        renamed = replace(first, by="popularity", name="tail, 10000 to 12345 rows")
        unseen = replace(second, by="popularity", name="unseen")
        return replace(found, segments=(unseen, renamed, *others))

    table = grid(make_analysed(seeds=(0,), change=large), "For whom (log loss): items")
    assert table.heads[1].startswith("\nunseen\n")
    assert table.heads[2].startswith("tail\n10,000 to 12,345 rows\n")
