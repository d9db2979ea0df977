"""The figures of AUC by seconds can be read: every line has its name, nothing is cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.peers.figure import draw
from benchmarks.peers.libraries import OURS
from benchmarks.peers.page import PAGE
from benchmarks.peers.results import folder_of

ROOT = Path(__file__).resolve().parents[3]


def line(name: str, library: str, aucs: list[float], model: str = "LR") -> dict:
    points = [{"checkpoint": n, "cpu_s": 0.3 * n, "auc": auc} for n, auc in enumerate(aucs, 1)]
    return {"model": model, "line": name, "library": library, "points": points}


LINES = [
    line(f"{OURS}, AdaGrad", OURS, [0.6, 0.7]),
    line(f"{OURS}, Adam", OURS, [0.6, 0.65]),
    line("FuxiCTR, Adam", "FuxiCTR", [0.5, 0.8]),
    line("LIBLINEAR", "LIBLINEAR", [0.55, 0.6]),
]


def committed() -> list[list[dict]]:
    found = json.loads((ROOT / folder_of(PAGE) / "curves.json").read_text("utf-8"))
    models = dict.fromkeys(line["model"] for line in found["lines"])
    return [[line for line in found["lines"] if line["model"] == model] for model in models]


def test_names_stand_in_the_order_of_the_lines_ends():
    (axes,) = draw("LR", LINES, "generated").axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["FuxiCTR, Adam", f"{OURS}, AdaGrad", f"{OURS}, Adam", "LIBLINEAR"]


def test_no_two_lines_look_alike():
    for lines in (LINES, *committed()):
        (axes,) = draw("LR", lines, "generated").axes
        looks = {(drawn.get_color(), drawn.get_marker()) for drawn in axes.get_lines()}
        assert len(looks) == len(lines)
        assert len({colour for colour, _ in looks}) == len(lines)


def test_it_says_what_markers_are_and_nothing_of_what_is_not_there():
    words = [text.get_text() for text in draw("LR", LINES, "generated").texts]
    assert "markers: epochs or tolerances" in words[1]
    trees = [line("LightGBM", "LightGBM", [0.6, 0.7], "trees")]
    words = [text.get_text() for text in draw("trees", trees, "generated").texts]
    assert "markers: trees," in words[1]
    assert "Adam" not in words[1]


@pytest.mark.parametrize("lines", committed(), ids=lambda lines: lines[0]["model"])
def test_nothing_is_cut_off(lines):
    figure = draw(lines[0]["model"], lines, "generated")
    (axes,) = figure.axes
    figure.draw_without_rendering()
    whole = figure.bbox
    drawn = [axes.yaxis.label, axes.xaxis.label, axes.get_legend(), *figure.texts]
    for box in (artist.get_window_extent() for artist in drawn):
        assert whole.x0 <= box.x0 <= box.x1 <= whole.x1
        assert whole.y0 <= box.y0 <= box.y1 <= whole.y1
    low, high = axes.get_xlim()
    assert len([tick for tick in axes.get_xticks() if low <= tick <= high]) >= 3
