"""The page says what the results say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.peers import page as page_module
from benchmarks.peers.libraries import OURS
from benchmarks.peers.page import PAGE, SECTIONS, write_page
from benchmarks.peers.results import keep
from benchmarks.peers.tables import curve_table, epoch_table, limit_table
from tests.benchmarks.measured import MACHINE

ROOT = Path(__file__).resolve().parents[3]
DATA = {
    "name": "generated",
    "fields": ["a", "b"],
    "sizes": [3, 4],
    "train_rows": 1000,
    "test_rows": 250,
}


def run(cpu_s: float, auc: float, wall_s: float = 1.0) -> dict:
    point = {"checkpoint": 1, "cpu_s": cpu_s, "wall_s": wall_s, "auc": auc}
    return {"reading": {"cpu_s": 0.5, "wall_s": 0.5}, "points": [point], "peak_mb": 100.0}


def row(library: str, runs: list[dict], batch: int = 2048) -> dict:
    case = {"model": "FM-16", "beside": 2048, "batch": batch, "library": library, "rows": 1000}
    return {**case, "runs": runs}


EPOCHS = [
    row(OURS, [run(0.1, 0.8), run(0.2, 0.8)]),
    row("FuxiCTR", [run(0.4, 0.7995), run(0.8, 0.7995)]),
    row("xLearn", [run(0.05, 0.798, wall_s=2.0), run(0.1, 0.798, wall_s=2.0)], batch=1),
    row("RecBole", [run(0.4, 0.8), {"failed": "it | broke"}]),
]


def line(name: str, points: list[tuple[float, float]], library: str = OURS) -> dict:
    told = [
        {"checkpoint": n, "cpu_s": s, "wall_s": s, "auc": auc}
        for n, (s, auc) in enumerate(points, 1)
    ]
    about = {"model": "FM-16", "line": name, "library": library, "peak_mb": 50.0}
    return {**about, "reading": {"cpu_s": 0.25, "wall_s": 0.25}, "points": told}


LINES = [
    line("ours, AdaGrad", [(0.1, 0.79), (0.2, 0.8), (0.4, 0.79)]),
    line("xLearn, AdaGrad", [(1.0, 0.7), (2.0, 0.79)], "xLearn"),
    {"model": "FM-16", "line": "RecBole, Adam", "library": "RecBole", "failed": "killed"},
]


def test_an_epoch_is_told_by_its_ratio_to_ours():
    _, _, ours, fuxi, xlearn, recbole = (
        text[2:-2].split(" | ") for text in epoch_table(EPOCHS).splitlines()
    )
    assert ours == ["FM-16", "2,048", OURS, "7", "1", "1", "100", ".8000"]
    assert fuxi[3:] == ["2", "4.00 [4.00, 4.00]", "1.00 [1.00, 1.00]", "100", ".7995"]
    assert xlearn[1] == "a row"
    assert xlearn[4:6] == ["0.50 [0.50, 0.50]", "2.00 [2.00, 2.00]"]
    assert xlearn[-1] == ".7980"  # worse, and the only one that goes a row at a time
    assert recbole[3] == "failed: it \\| broke"


def test_ours_is_marked_where_it_is_worse():
    table = epoch_table([row(OURS, [run(0.1, 0.79)]), row("FuxiCTR", [run(0.4, 0.8)])])
    assert ".7900*" in table
    assert ".8000*" not in table


def test_a_star_is_for_what_is_worse_at_the_same_batch():
    results = [
        row(OURS, [run(0.2, 0.8)]),
        row("FuxiCTR", [run(0.2, 0.7985)]),
        row("xLearn", [run(0.2, 0.9)], batch=1),
        row("Vowpal Wabbit", [run(0.2, 0.898)], batch=1),
        row("RecBole", [{"failed": "broken"}]),
    ]
    found = [text[2:-2].split(" | ")[-1] for text in epoch_table(results).splitlines()[2:6]]
    assert found == [".8000", ".7985*", ".9000", ".8980*"]


def test_others_have_no_ratio_where_ours_failed():
    table = epoch_table([row(OURS, [{"failed": "broken"}]), row("FuxiCTR", [run(0.4, 0.8)])])
    assert "| FuxiCTR | 2 | – | – |" in table


def test_seconds_to_come_near_the_best():
    _, _, ours, xlearn, recbole = (
        text[2:-2].split(" | ") for text in curve_table(LINES).splitlines()
    )
    assert ours == ["ours, AdaGrad", "1, 2, 3 epochs", ".8000", "0.20", "0.45", "50"]
    assert xlearn == ["xLearn, AdaGrad", "1, 2 epochs", ".7900", "not in 2 epochs", "–", "50"]
    assert recbole[1:3] == ["", "failed: killed"]


def test_checkpoints_are_told_in_their_unit():
    """The last table row: what did not come near, and at which checkpoints it was asked."""
    points = [(1.0, 0.7), (2.0, 0.7)]
    liblinear, trees = (line(name, points, name) for name in ("LIBLINEAR", "LightGBM"))
    trees["model"] = "trees"
    for told, asked, failed in (
        (liblinear, "tolerances 1, 2", "not at 2 tolerances"),
        (trees, "1, 2 trees", "not in 2 trees"),
    ):
        best = {**LINES[0], "model": told["model"]}
        found = curve_table([best, told]).splitlines()[-1][2:-2].split(" | ")
        assert (found[1], found[3]) == (asked, failed)


def test_the_limit_is_the_largest_of_three():
    least = {"streaming": 1e-9, "table rows": 5e-9, "arithmetic": 2e-9}
    told = {"model": "FM-16", "batch": 2048, "streamed": 9, "looked_up": 70, "operations": 300}
    known, unknown = (
        limit_table([{**told, "least_s": least, "measured_s": seconds}]).splitlines()[-1]
        for seconds in (2e-8, None)
    )
    assert known.endswith("| 1.0 | 5.0 | 2.0 | 20.0 | 4.0 |")
    assert unknown.endswith("| – | – |")


@pytest.fixture
def page(tmp_path):
    page = tmp_path / "performance.md"
    common = {"machine": MACHINE, "data": DATA}
    keep(page, "epochs", {**common, "repeats": 2, "rows": EPOCHS})
    keep(page, "curves", {**common, "lines": LINES})
    given = {
        "machine": MACHINE,
        "command": "python -m some",
        "text": ["Words."],
        "head": ["a", "b"],
    }
    keep(page, "growth", {**given, "rows": [["x", "1"]]})
    return page


def test_sections_without_results_say_so(page):
    written = write_page(page)
    assert page.read_text("utf-8") == written
    sections = dict(part.split("\n", 1) for part in written.split("\n## ")[1:])
    measured = {title for title, body in sections.items() if "Not measured." not in body}
    assert {
        "An epoch",
        "AUC by seconds",
        "Growth with table rows, batch, fields and width",
    } < measured
    assert {section.title for section in SECTIONS} - measured == {
        "The limit",
        "Preparing data",
        "Metrics",
        "Meta-training",
        "Whole suites",
        "The libraries",
    }
    assert sections["Metrics"] == "Not measured. `python -m benchmarks.sections metrics` does.\n"
    assert sections["The limit"] == "Not measured. `python -m benchmarks.peers` does.\n"
    assert "Some CPU, 2 cores, 8 GB" in sections["An epoch"]
    assert "| x | 1 |" in sections["Growth with table rows, batch, fields and width"]
    assert "$ python -m some" in sections["Growth with table rows, batch, fields and width"]


def test_what_was_measured_small_is_said_to_be(page):
    assert "--quick" not in write_page(page)
    given = {"machine": MACHINE, "head": ["a"], "rows": [["x"]], "quick": True}
    keep(page, "metrics", given)
    head, *_ = (written := write_page(page)).split("\n## ")
    assert "of `--quick`: Metrics." in head
    assert written.count("Measured with `--quick`: small and inexact") == 1


def test_words_that_the_tables_use_are_explained(page):
    keep(page, "limits", {"machine": MACHINE, "data": DATA, "speeds": {}, "rows": []})
    written = write_page(page)
    for word in ("FM-16", "FFM-16", "Times ours", "in order", "Triad", "gather", "GEMM", "Near"):
        assert f"*{word}*" in written
    assert "(#growth-with-table-rows-batch-fields-and-width)" in written


def test_the_same_results_give_the_same_bytes(page, tmp_path):
    figure = tmp_path / "performance" / "auc-fm-16.svg"
    one = write_page(page), figure.read_bytes()
    assert one == (write_page(page), figure.read_bytes())
    keep(page, "curves", {"machine": MACHINE, "data": DATA, "lines": [LINES[1]]})
    write_page(page)
    assert figure.read_bytes() != one[1]


def test_results_that_cannot_be_read_are_named(page, tmp_path):
    file = tmp_path / "performance" / "epochs.json"
    for content in ("{", "[]"):
        file.write_text(content)
        with pytest.raises(ValueError, match=r"epochs\.json: .*delete it and measure again"):
            write_page(page)


def test_the_committed_page_is_what_its_results_say(tmp_path):
    committed = ROOT / PAGE
    folder = committed.with_suffix("")
    if folder.is_dir():
        shutil.copytree(folder, tmp_path / folder.name)
    assert write_page(tmp_path / PAGE.name) == committed.read_text("utf-8")
    for figure in (tmp_path / folder.name).glob("*.svg"):
        assert figure.read_bytes() == (folder / figure.name).read_bytes()


def test_every_section_has_its_own_file():
    names = [section.name for section in page_module.SECTIONS]
    assert len(set(names)) == len(names)
