"""Tables for a paper: they compile, hold the report's figures, and say what those are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from bench.records import Run
from bench.report import Report, Row, build, to_latex
from bench.report.sections.quality import without_twin
from bench.report.words.figures import interval, signed
from bench.report.words.latex_text import in_latex, latex_name
from bench.report.words.metrics import figure
from tests.report.analyses import paired
from tests.report.conftest import failed, mean_loss
from tests.report.latex import needs_latex, typeset

MakeRun = Callable[..., Run]
Records = list[dict[str, Any]]


def words(text: str) -> str:
    """A text's words, a blank between two."""
    return " ".join(text.split())


@needs_latex
def test_a_reader_of_the_paper_sees_the_figures_of_the_report(
    make_analysed: MakeRun, tmp_path: Path
) -> None:
    report = build(make_analysed())
    lines = typeset(to_latex(report), tmp_path).splitlines()
    (section,) = report.sections
    assert not any(line.startswith("best-single") for line in lines)
    for row in without_twin(section.rows):
        shown = "fm = best-single" if row.name == "fm" else row.name
        (line,) = (line for line in lines if line.startswith(f"{shown}  "))
        texts = [
            figure(metric, one.estimate.mean, section.places(metric))
            for metric, one in row.figures.items()
        ]
        pair = section.pair(row)
        if pair is not None and row.subject != section.reference:
            assert pair.difference is not None
            texts += [signed(pair.difference, 4), interval(pair.low, pair.high, 4), pair.verdict]
        assert [text for text in texts if text not in line] == []
        assert ("reference" in line) == (row.subject == "fm")


def test_the_best_is_bold_a_tie_is_marked_and_bounds_are_in_italics(
    make_analysed: MakeRun,
) -> None:
    lines = to_latex(build(make_analysed())).splitlines()
    assert [line.split(" &")[0].strip() for line in lines if r" & \textbf{." in line] == [
        "metaselector"
    ]
    assert [line.split(" &")[0].strip() for line in lines if "$^{=}$ &" in line] == [
        "user-calibration"
    ]
    italic = [line for line in lines if line.strip().startswith(r"\textit")]
    assert len(italic) == 2
    assert all("verdict" not in line and "textbf" not in line for line in italic)
    assert sum(line.strip() == r"\midrule" for line in lines) == 3  # head, methods, base models


def caption_of(tex: str) -> str:
    (told,) = re.findall(r"\\caption\[[^]]*\]\{(.*)\}$", tex, re.MULTILINE)
    return str(told)


def comments_of(tex: str) -> str:
    return " ".join(line[2:] for line in tex.splitlines() if line.startswith("% "))


def test_the_caption_says_how_to_read_the_table(make_analysed: MakeRun) -> None:
    told = caption_of(to_latex(build(make_analysed())))
    for what in (
        "ml-1m, protocol cold", "604 test users (21,037 rows)", "means over 3 seeds", "sample standard deviation",
        r"95\% intervals (bootstrap over users)", "$t$-tests over users and seeds, Holm-adjusted", "Bold", "$^{=}$",
        "the best single model (fm)", "not ranked",
    ):  # fmt: skip
        assert what in told


def test_comments_say_how_it_was_made(make_analysed: MakeRun) -> None:
    told = comments_of(to_latex(build(make_analysed())))
    for what in (
        "seeds: 0, 1, 2", "the best single model (fm)", "cluster bootstrap", "2,000 resamples", "t-interval over seeds",
        "Satterthwaite 1946", "Holm 1979", "lowest mean log loss of validation users", "read the test labels",
    ):  # fmt: skip
        assert what in told


@needs_latex
def test_a_caption_takes_at_most_five_lines(make_analysed: MakeRun, tmp_path: Path) -> None:
    lines = typeset(to_latex(build(make_analysed())), tmp_path).splitlines()
    first = next(place for place, line in enumerate(lines) if "Table 1:" in line)
    head = next(place for place, line in enumerate(lines) if "log loss" in line and "AUC" in line)
    caption = [line for line in lines[first:head] if line.strip() and "vs best single" not in line]
    assert "not ranked" in words(" ".join(caption))
    assert len(caption) <= 5


def test_one_seed_claims_no_spread(make_analysed: MakeRun) -> None:
    told = to_latex(build(make_analysed(seeds=(0,))))
    assert "(21,037 rows), one seed." in caption_of(told)
    assert "The spread over training runs is not in the figures of one seed." in comments_of(told)
    assert "pm$" not in told.split(r"\toprule")[1]
    assert "over users, Holm" in caption_of(told)
    assert "Satterthwaite" not in told


def test_differences_are_from_the_method_that_was_asked_for(make_analysed: MakeRun) -> None:
    run = make_analysed()
    (found,) = run.analyses.values()
    found["chosen"] = "average"
    losses = mean_loss("average", (0, 1, 2))
    for one in found["methods"]:
        if one["name"] != "average":
            pair = paired(mean_loss(one["name"], (0, 1, 2)) - losses, 0.002)
            one["against_chosen"] = {"logloss": asdict(pair)}
    told = to_latex(build(run))
    assert r"vs average\\" in told
    assert "Differences from average with" in caption_of(told)
    assert "the difference from average plus" in comments_of(told)


def test_without_an_analysis_the_file_says_so(make_run: MakeRun) -> None:
    told = to_latex(build(make_run()))
    assert "No analysis: no intervals, no verdicts." in caption_of(told)
    assert "verdict &" not in told
    assert "Holm" not in told


def test_what_failed_is_counted_and_has_no_figure(make_analysed: MakeRun) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "user-best" and one["trial"]["seed"] != 1:
                one.update(failed("no"))
            if one["trial"]["method"] == "gating":
                one.update(failed("no"))

    told = to_latex(build(make_analysed(edit=edit)))
    assert "Only 31 of 36 trials have a result." in told
    assert re.search(r"user-best & \.5\d+.*\$\^\{\\dagger\}\$ &", told)
    assert r"$^{\dagger}$: of fewer seeds" in caption_of(told)
    assert re.search(r"gating & --", told)


@needs_latex
def test_a_run_without_results_is_a_sentence(make_run: MakeRun, tmp_path: Path) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        for one in records:
            one.update(failed("no"))

    text = typeset(to_latex(build(make_run(edit=edit))), tmp_path)
    assert "ml-1m, protocol cold: none of 36 trials has a result" in words(text)


def test_a_run_without_trials_says_so(make_run: MakeRun) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        records.clear()
        manifest["trials"].clear()

    assert "0 of 0 trials have a result" in to_latex(build(make_run(edit=edit)))


@needs_latex
def test_one_base_model_is_a_table_too(make_run: MakeRun, tmp_path: Path) -> None:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        records[:] = [one for one in records if one["trial"]["method"] == "lr"]
        manifest["trials"] = [one for one in manifest["trials"] if one["method"] == "lr"]

    text = words(typeset(to_latex(build(make_run(seeds=(0,), edit=edit))), tmp_path))
    assert "lr = best-single .6022 .7420" in text
    assert text.count(".6022") == 1


@needs_latex
def test_a_hundred_methods_are_several_tables_that_fit_their_pages(
    make_analysed: MakeRun, tmp_path: Path
) -> None:
    report = with_methods(build(make_analysed()), [f"method-{n:03}" for n in range(100)])
    lines = typeset(to_latex(report), tmp_path).splitlines()
    for n in range(100):
        assert sum(line.strip().startswith(f"method-{n:03} ") for line in lines) == 1
    assert sum("Continues Table 1." in line for line in lines) == 3


def with_methods(report: Report, names: list[str]) -> Report:
    """More methods like the first."""
    (section,) = report.sections
    more: list[Row] = [replace(section.rows[0], name=name) for name in names]
    return replace(report, sections=(replace(section, rows=(*more, *section.rows)),))


def test_a_comment_has_a_cut_name_in_full(make_analysed: MakeRun) -> None:
    report = with_methods(build(make_analysed()), ["x" * 60 + "1", "漢字" * 9, "short"])
    comments = [line for line in to_latex(report).splitlines() if re.match(r"% .*\.\.\.", line)]
    cut = [line.removeprefix("% ").split(" is ") for line in comments]
    assert [full for _, full in cut] == ["x" * 60 + "1", r"\u6f22\u5b57" * 9]
    assert [len(seen) for seen, _ in cut] == [42, 42]  # 40 cells, the last sign of three dots


def test_two_tables_have_two_labels(make_analysed: MakeRun) -> None:
    report = build(make_analysed())
    (section,) = report.sections
    twice = replace(report, sections=(section, replace(section, dataset="ML 1m")))
    labels = re.findall(r"\\label\{(.*)\}", to_latex(twice))
    assert labels == ["tab:movielens-1m-cold-ml-1m-cold", "tab:movielens-1m-cold-ml-1m-cold-n2"]


def test_a_part_of_a_table_has_no_other_tables_label(make_analysed: MakeRun) -> None:
    report = with_methods(build(make_analysed()), [f"method-{n:03}" for n in range(30)])
    (section,) = report.sections
    other = replace(section, protocol="cold 2")
    for sections in ((section, other), (other, section)):
        labels = re.findall(r"\\label\{(.*)\}", to_latex(replace(report, sections=sections)))
        assert len(set(labels)) == len(labels) == 4
        assert [label.endswith("-2") for label in labels][1::2] == [True, True]


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a_b & c%", r"a\_b \& c\%"),
        ("\\input{x}", r"\textbackslash{}input\{x\}"),
        ("Größe", r"Gr\"{o}\ss{}e"),
        ("e\u0301", r"\'{e}"),
        ("漢", r"\textbackslash{}u6f22"),
        ("a\nb\x1b\u202e", r"a\textbackslash{}nb\textbackslash{}x1b\textbackslash{}u202e"),
        ("--", "-{}-"),
        ("[1pt]", "{[}1pt{]}"),
        (" a  b", r"\ a\  b"),
    ],
)
def test_text_is_taken_literally(text: str, latex: str) -> None:
    assert in_latex(text) == latex


def test_names_that_escapes_make_long_are_cut_and_stay_apart() -> None:
    one, other = (latex_name("漢字" * 9 + end) for end in "ab")
    assert one != other
    assert max(len(one), len(other)) < 150
