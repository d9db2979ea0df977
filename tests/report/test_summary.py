"""What a run ends with in a terminal: the answer, one table that fits, three lines of notes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from bench.evaluate import Analysis
from bench.records import Run
from bench.report import build, print_blocks, summary, to_latex
from bench.report.words.blocks import Grid, Lines, Note
from bench.report.words.names import short, squeezed
from tests.report.conftest import failed
from tests.report.test_names import NAMES
from tests.report.test_unfinished import PLAIN, edit_of

MakeRun = Callable[..., Run]


def shown(run: Run, width: int = 80) -> str:
    out = io.StringIO()
    print_blocks(summary(build(run)), Console(file=out, width=width))
    return out.getvalue()


def grids(run: Run) -> list[Grid]:
    return [block for block in summary(build(run)) if isinstance(block, Grid)]


def notes(run: Run) -> tuple[str, ...]:
    (found,) = [block.lines for block in summary(build(run)) if isinstance(block, Lines)]
    return found


def test_it_begins_with_the_answer_and_has_one_table(make_analysed: MakeRun) -> None:
    run = make_analysed()
    blocks = list(summary(build(run)))
    strong = [block.text for block in blocks if isinstance(block, Note) and block.strong]
    assert strong
    assert strong[0].startswith("metaselector has the lowest log loss")
    assert len(grids(run)) == 1


def test_the_table_has_what_is_asked_first_and_fits(make_analysed: MakeRun) -> None:
    run = make_analysed()
    (grid,) = grids(run)
    assert len(grid.heads) <= 10
    head = [line for line in shown(run).splitlines() if line.startswith("method")]
    assert len(head) == 1  # in one piece
    assert [word for word in ("log loss", "verdict", "AUC", "CPU s") if word in head[0]] == [
        "log loss", "verdict", "AUC", "CPU s",
    ]  # fmt: skip
    wide = [line for line in shown(run, 160).splitlines() if line.startswith("method")]
    assert "GAUC" in wide[0]
    assert "GAUC" not in head[0]


def test_its_figures_are_the_reports(make_analysed: MakeRun) -> None:
    run = make_analysed()
    (section,) = build(run).sections
    (row,) = [row for row in section.rows if row.name == "metaselector"]
    *_, line = [line for line in shown(run).splitlines() if line.startswith("metaselector ")]
    mean = row.figures["logloss"].estimate.mean
    pair = section.pair(row)
    assert mean is not None
    assert pair is not None
    assert f"{mean:.4f}".removeprefix("0") in line
    assert f"{pair.difference:+.4f}".replace("0.", ".") in line
    assert "better" in line
    assert row.cost is not None
    assert f"{row.cost.total_cpu_s:.1f}" in line


@pytest.mark.parametrize("name", ["long", "wide", "right to left", "script", "accents", "rich"])
@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal(make_analysed: MakeRun, name: str, width: int) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for trial in [one["trial"] for one in records] + manifest["trials"]:
            if trial["method"] == "gating":
                trial["method"] = NAMES[name]

    told = shown(make_analysed(edit=edit), width)
    assert all(cell_len(line) <= width for line in told.splitlines())
    assert "\u202e" not in told
    assert "\x1b" not in told


def many(count: int) -> Callable[[list[dict[str, Any]], dict[str, Any]], None]:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for base in list(records):
            if base["trial"]["method"] != "gating":
                continue
            for place in range(count):
                trial = base["trial"] | {"method": f"gating-{place}"}
                ident = f"{place:03d}{trial['seed']}".ljust(32, "0")
                records.append(base | {"id": ident, "trial": trial})
                line = {"kind": "method", "record": ident, "status": "ok"}
                manifest["trials"].append(trial | line)

    return edit


def test_of_a_hundred_methods_the_first_are_shown_and_the_others_counted(
    make_run: MakeRun,
) -> None:
    run = make_run(edit=many(100))
    (grid,) = grids(run)
    assert len(grid.rows) == 20 + 4 + 2
    assert "86 more rows with --all" in grid.title


def test_behind_the_marks_failures_are_told_first_and_no_more_than_three_lines(
    make_analysed: MakeRun,
) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "user-best":
                one |= failed("no luck")
            one["details"] |= {"epochs": 7, "best_epoch": 0, "warnings": ["odd"]}

    found = notes(make_analysed(edit=edit, seeds=(0,)))
    assert found[3] == "1 trial of 12 without a result: user-best (--section trust)."
    assert found[4] == "Warning: odd (--section trust)."
    assert found[5].startswith("One seed")
    assert len(found) == 3 + 3


def test_reasons_of_failures_are_told_without_what_was_printed(make_analysed: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for place, one in enumerate(records):
            if one["trial"]["method"] in ("lr", "average", "gating", "user-best"):
                one |= failed(f"no luck with {one['trial']['method']}")
                one["outcome"]["log"] = f"printed by {place}"

    told = " ".join(shown(make_analysed(seeds=(0,), edit=edit)).split())
    assert "What went wrong Failed: ml-1m/cold lr, seed 0: error: no luck with lr." in told
    assert "printed by" not in told
    assert "What it printed" not in told
    assert "1 more note (--section trust)." in told


def test_a_warning_is_told(make_analysed: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "fm":
                one["details"] |= {"warnings": ["all logits lie in [0, 1]", "and another"]}

    found = notes(make_analysed(edit=edit))
    assert found[3] == "Warning: all logits lie in [0, 1] and 1 more warning (--section trust)."


def test_marks_of_the_table_are_explained_below_it(make_analysed: MakeRun) -> None:
    def lacks_a_seed(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "lr" and one["trial"]["seed"] == 1:
                one["metrics"]["logloss"] = {"value": None, "reason": "one class", "counts": {}}

    assert notes(make_analysed())[0] == "* the best mean, = a tie with it."
    assert notes(make_analysed(edit=lacks_a_seed))[0] == (
        "* the best mean of those with a value in every seed, = a tie with it, ! not of every seed."
    )


def tie_in_gauc(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
    for one in records:
        if one["trial"]["method"] == "gating":
            one["metrics"]["gauc"] = {"value": 0.737, "reason": "", "counts": {}}


def test_a_tie_that_no_test_has_found_is_told_from_the_others(
    make_analysed: MakeRun, make_run: MakeRun
) -> None:
    alike = "the same printed figure, or a difference that changes its sign between seeds"
    told = f"a tie with it (a test in log loss, AUC and RelaImpr; elsewhere {alike})"
    run = make_analysed(edit=tie_in_gauc)
    assert notes(run)[0] == f"* the best mean, = {told}."
    assert f"$^{{=}}$: {told}." in to_latex(build(run))
    assert f"$^{{=}}$: a tie with it ({alike})." in to_latex(build(make_run(edit=tie_in_gauc)))
    assert "$^{=}$: a tie with it." in to_latex(build(make_analysed()))


def test_whom_all_are_held_against_is_explained_below_the_table(make_analysed: MakeRun) -> None:
    told = "best single: fm, the base model with the lowest validation log loss."
    assert told in notes(make_analysed())
    chosen = make_analysed(change=lambda found: replace(found, chosen="gating"))
    assert "best single:" not in str(list(summary(build(chosen))))


def test_bounds_of_the_table_are_explained_below_it(make_analysed: MakeRun) -> None:
    told = "bound: base models picked by test labels; adapting or calibrating can beat it."
    assert told in notes(make_analysed())

    def without(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for of in (records, manifest["trials"]):
            of[:] = [one for one in of if one["kind"] != "bound"]

    assert told not in notes(make_analysed(edit=without))


def test_methods_of_a_note_say_in_how_many_seeds(make_analysed: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        edit_of({"lr": (12, 12, PLAIN)})(records, manifest)
        edit_of({"fm": (12, 12, PLAIN)}, seeds=(0, 2))(records, manifest)
        edit_of({"gating": (5, 0, PLAIN)}, seeds=(1,))(records, manifest)

    found = notes(make_analysed(edit=edit))
    assert "Still improving at the cap: lr and fm (2 of 3 seeds) (--section trust)." in found
    assert "Never better than its start: gating (1 of 3 seeds) (--section trust)." in found


@pytest.mark.parametrize(
    ("letters", "told"),
    [
        (20, f"{'b' * 20} and 3 more"),
        (40, "4 methods"),
    ],
)
def test_where_no_two_names_fit_on_a_line_methods_are_counted(
    make_analysed: MakeRun, letters: int, told: str
) -> None:
    names = ("gating", "average", "user-best", "metaselector-simplified")

    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for trial in [one["trial"] for one in records] + manifest["trials"]:
            if trial["method"] in names:
                trial["method"] = "abcd"[names.index(trial["method"])] * letters
        for one in records:
            if one["trial"]["method"][0] * letters == one["trial"]["method"]:
                one["details"] |= {"epochs": 5, "best_epoch": 0}

    (found,) = [line for line in notes(make_analysed(edit=edit)) if line.startswith("Never")]
    assert found == f"Never better than its start: {told} (--section trust)."


def renamed(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
    """Two methods of 40 letters that differ in the middle alone."""
    of = {"gating": f"{'g' * 20}1{'x' * 19}", "user-best": f"{'g' * 20}2{'x' * 19}"}
    for trial in [one["trial"] for one in records] + manifest["trials"]:
        trial["method"] = of.get(trial["method"], trial["method"])


def test_a_long_name_is_shortened_before_a_column_is_left_out(make_analysed: MakeRun) -> None:
    lines = shown(make_analysed(edit=renamed)).splitlines()
    (head,) = [line for line in lines if line.startswith("method")]
    assert all(word in head for word in ("log loss", "verdict", "AUC", "CPU s"))
    names = [line.split()[0] for line in lines if line.startswith("ggg")]
    assert len(set(names)) == 2
    assert all("…" in name for name in names)


def test_columns_without_room_are_named_and_where_they_are(make_analysed: MakeRun) -> None:
    run = make_analysed()
    assert "--all adds RelaImpr % and GAUC." in shown(run)
    assert "No room" not in shown(run, 160)


def test_names_in_a_narrow_column_lose_their_middle_and_stay_apart() -> None:
    assert squeezed(["fm", "a-very-long-name-of-a-model"], 11) == ["fm", "a-ver…model"]
    same = squeezed(["aaaaa1bbbbbbbbbbbbbb", "aaaaa2bbbbbbbbbbbbbb"], 11)
    assert len(set(same)) == 2
    assert all(cell_len(name) <= 11 for name in same)
    assert squeezed(["漢" * 10], 11) == ["漢漢漢…漢漢"]
    # one name in two rows is no clash
    assert squeezed(["a-very-long-name-of-a-model"] * 2, 11) == ["a-ver…model"] * 2


def test_names_that_lose_what_tells_them_apart_are_cut_elsewhere() -> None:
    middle = [f"metaselector-rate={rate}-inner-steps=5" for rate in (0.001, 0.003, 0.01)]
    assert squeezed(middle, 24) == [
        "metas….001-inner-steps=5", "metas….003-inner-steps=5", "metas…0.01-inner-steps=5",
    ]  # fmt: skip
    start = [f"some-rate-of-{place}-{'x' * 40}" for place in range(2)]
    assert squeezed(start, 24) == ["some-rate-of-0-xx…xxxxxx", "some-rate-of-1-xx…xxxxxx"]
    nine = [f"{name}{steps}" for name in (one[:-1] for one in middle) for steps in (1, 5, 10)]
    assert len(set(squeezed(nine, 24))) == 9
    # of three the first and the last differ at their start alone, the first two at their end alone
    apart = [f"{'a' * 30}1", f"{'a' * 30}2", f"b{'a' * 29}1"]
    assert squeezed(apart, 11) == ["aaaaa…aaaa1", "aaaaa…aaaa2", "baaaa…aaaa1"]
    far = [f"{'a' * 15}{place}{'a' * 40}{place}{'a' * 15}" for place in range(2)]
    assert squeezed(far, 11) == [short(name, 11) for name in far]


def test_a_tie_beside_0_is_told_of(make_analysed: MakeRun) -> None:
    def change(analysis: Analysis) -> Analysis:
        methods = tuple(
            replace(one, against_best_single={"logloss": replace(pair, verdict="tie")})
            if one.name == "gating" and (pair := one.against_best_single["logloss"])
            else one
            for one in analysis.methods
        )
        return replace(analysis, methods=methods)

    told = "A tie though the interval leaves out 0: gating (--section answer)."
    assert told in notes(make_analysed(change=change))
    assert told not in notes(make_analysed())


def test_a_run_without_results_says_so(make_run: MakeRun) -> None:
    def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        for one in records:
            one |= failed("no luck")

    told = shown(make_run(edit=edit))
    assert "there is nothing to compare" in told
    assert "verdict" not in told
