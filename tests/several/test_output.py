"""Runs side by side on a page, in drawings, in a terminal, on the command line."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

from bench.cli import main
from bench.records import Run
from bench.report import blocks_to_markdown, print_blocks, short
from bench.report.charts.model import Chart
from bench.report.draw.files import as_file
from bench.several import Several, blocks, side_by_side, to_html
from bench.several.charts import place_charts
from tests.report.conftest import TRIALS, failed, mean_loss
from tests.report.test_names import Page, every, replaced
from tests.several.test_side_by_side import environment, other_identity, runs, shifted, unchanged

MakeRun = Callable[..., Run]
_SVG = "{http://www.w3.org/2000/svg}"


def dots(chart: Chart) -> dict[str, float]:
    """Id of each dot to its x in the drawing."""
    root = ET.fromstring(as_file(chart, "svg"))
    return {
        group.get("id", ""): float(used.get("x", 0))
        for group in root.iter(f"{_SVG}g")
        if (used := group.find(f".//{_SVG}use")) is not None and "-run-" in group.get("id", "")
    }


def drawn(several: Several, place: int = 0) -> dict[str, Chart]:
    return {chart.name: chart for chart in place_charts(several, several.places[place])}


def test_each_dot_stands_at_its_mean(make_run: MakeRun) -> None:
    shifts = (0.0, 0.01, -0.02)
    several = side_by_side(runs(make_run, *map(shifted, shifts)))
    found = dots(drawn(several)["runs"])
    names = [line.name for line in several.places[0].groups[0].lines if line.kind != "bound"]
    expected = {
        f"runs-0-run-{run}-{row}": mean_loss(name, (0, 1, 2)) + by
        for run, by in enumerate(shifts)
        for row, name in enumerate(names)
    }
    assert found.keys() == expected.keys()
    low, high = min(expected, key=expected.__getitem__), max(expected, key=expected.__getitem__)
    scale = (found[high] - found[low]) / (expected[high] - expected[low])
    for key, value in expected.items():
        assert found[key] == pytest.approx(found[low] + (value - expected[low]) * scale, abs=0.02)


def test_seconds_stand_on_a_logarithmic_scale(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, unchanged, unchanged))
    chart = drawn(several)["cost"]
    found = dots(chart)
    assert chart.panels[0].x.scale == "log"
    assert len(found) == 2 * sum(kind != "bound" for kind, *_ in TRIALS.values())
    assert found["cost-0-run-0-0"] == found["cost-0-run-1-0"]


def test_figures_that_are_not_comparable_share_no_chart(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, unchanged, other_identity("data"), unchanged))
    charts = drawn(several)
    assert set(charts) == {"runs-1", "runs-2", "cost-1", "cost-2"}
    assert "alone (data differ)" in charts["runs-2"].title
    assert len(charts["runs-2"].panels[0].marks) == 1


def test_a_run_looks_the_same_in_all_charts(make_run: MakeRun) -> None:
    """The second run has no seconds that can be set beside the others'."""
    machines = (environment(), environment(processor="P2"), environment())
    charts = drawn(side_by_side(runs(make_run, *machines)))
    looks = {
        name: {mark.label[-1]: mark.role for mark in charts[name].panels[0].marks}  # type: ignore[union-attr]
        for name in ("runs", "cost")
    }
    assert looks["runs"] == {"A": "series 1", "B": "series 2", "C": "series 3"}
    assert looks["cost"] == {"A": "series 1", "C": "series 3"}


def test_of_machines_unlike_no_cost_is_drawn(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, environment(), environment(processor="P2")))
    assert drawn(several)["cost"].nothing


def test_twelve_runs_fit_80_columns_and_two_panels(make_run: MakeRun, tmp_path: Path) -> None:
    several = side_by_side(runs(make_run, *[shifted(place / 1000) for place in range(12)]))
    with (tmp_path / "out").open("w") as out:
        print_blocks(blocks(several), Console(file=out, width=80))
    text = (tmp_path / "out").read_text()
    assert max(map(cell_len, text.split("\n"))) <= 80
    assert "+.0110" in text
    chart = drawn(several)["runs"]
    assert [len(panel.marks) for panel in chart.panels] == [8, 4]
    assert chart.panels[0].x == chart.panels[1].x


def test_a_hundred_runs_make_a_page_of_a_size_that_loads(make_run: MakeRun) -> None:
    several = side_by_side(
        runs(make_run, *[shifted(place / 1e4) for place in range(100)], seeds=(0,))
    )
    html = to_html(several)
    assert len(html) < 3_000_000
    assert "The first 24 of 100 runs are drawn." in html


def test_where_the_runs_that_are_drawn_have_no_result_nothing_is(make_run: MakeRun) -> None:
    """The last of 25 has one."""

    def nothing(records: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for one in records:
            one.update(failed("out of memory"))

    several = side_by_side(runs(make_run, *[nothing] * 24, unchanged, seeds=(0,)))
    assert {chart.nothing != "" for chart in drawn(several).values()} == {True}
    assert ".6003" in blocks_to_markdown(blocks(several))


def test_runs_of_nothing_are_shown(make_run: MakeRun) -> None:
    def nothing(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        records.clear()
        manifest["trials"] = []

    several = side_by_side(runs(make_run, nothing, nothing, seeds=(0,)))
    assert several.places == ()
    assert several.exit_code == 4
    assert "no trial has a result" in to_html(several)


@every
def test_names_are_shown_as_text_everywhere(make_run: MakeRun, name: str, tmp_path: Path) -> None:
    words = dict.fromkeys(("ml-1m", "movielens-1m-cold", "P1"), name)
    words |= {"fm": f"{name}2", "cold": f"{name}3", "ml-1m/cold": f"{name}/{name}3"}
    both = [
        run._replace(
            folder=Path("/runs") / re.sub(r"[\x00/]", "-", name)[:200] / str(place),
            manifest=replaced(run.manifest, words),
            records=tuple(replaced(one, words) for one in run.records),
        )
        for place, run in enumerate(
            runs(make_run, environment(), environment(processor="P2", torch=name), seeds=(0,))
        )
    ]
    several = side_by_side(both)
    with (tmp_path / "out").open("w", encoding="utf-8") as out:
        print_blocks(blocks(several), Console(file=out, width=80))
    text = (tmp_path / "out").read_text("utf-8")
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(map(cell_len, text.split("\n"))) <= 80
    markdown = blocks_to_markdown(blocks(several))
    assert "<" not in markdown
    html = to_html(several)
    page = Page(html)
    assert not page.tags & {"img", "b", "i"}
    assert html.count("<script") == 1
    assert html.count("<h1") == 1
    assert "<h4" not in html.split("<main")[0]
    assert not [one for one in page.attributes if one.startswith("on")]
    assert short(f"{name}2").strip()[:12] in page.text


@pytest.fixture
def folders(make_run: MakeRun, on_disk: Callable[[Run], Run], tmp_path: Path) -> list[str]:
    for place, run in enumerate(runs(make_run, unchanged, shifted(0.01), seeds=(0,))):
        on_disk(run._replace(folder=tmp_path / f"run{place}"))
    return [str(tmp_path / f"run{place}") for place in range(2)]


def bench(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["report", *arguments])


def test_the_command_prints_and_writes_each_form(folders: list[str], tmp_path: Path) -> None:
    page, text, figures = (str(tmp_path / name) for name in ("x.html", "x.md", "figures"))
    ended = bench(*folders, "--html", page, "--markdown", text, "--figures", figures, "--json")
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout)
    assert [run["name"] for run in told["runs"]] == ["run0", "run1"]
    assert "2 runs side by side" in Path(page).read_text("utf-8")
    assert Path(text).read_text("utf-8").startswith("# 2 runs side by side")
    names = {file.name for file in (Path(figures) / "ml-1m+cold").iterdir()}
    assert names == {
        f"{chart}.{kind}" for chart in ("runs", "cost") for kind in ("svg", "pdf", "png")
    }
    printed = bench(*folders)
    assert printed.exit_code == 0
    assert "Nothing differs in how they were made" in printed.stdout


def test_a_run_that_can_not_be_read_is_left_out_by_name(folders: list[str], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folders[0], broken)
    (broken / "manifest.json").write_text("{")
    page = tmp_path / "x.html"
    ended = bench(folders[0], str(broken), folders[1], "--html", str(page))
    assert ended.exit_code == 4, ended.output
    assert f"Left out, since it can't be read: {broken}/manifest.json: " in ended.stderr
    assert "broken/manifest.json" in page.read_text("utf-8")
    printed = bench(folders[0], str(broken), folders[1])
    assert printed.exit_code == 4
    told = printed.stdout.replace("\n", "").replace(" ", "")
    assert "2runssidebyside" in told
    assert "Leftout,sinceitcan'tberead:" in told
    assert f"{broken}/manifest.json".replace(" ", "") in told
    as_json = json.loads(bench(*folders, str(broken), "--json").stdout)
    assert [one["folder"] for one in as_json["left_out"]] == [str(broken)]
    assert as_json["left_out"][0]["reason"].startswith(f"{broken}/manifest.json: ")
    assert bench(folders[0], str(broken)).exit_code == 5
    assert bench(*folders, str(tmp_path / "nowhere")).exit_code == 2


def test_json_says_which_run_has_no_analysis_that_can_be_used_and_why(folders: list[str]) -> None:
    (Path(folders[0]) / "analysis.json").write_text("{")
    told = json.loads(bench(*folders, "--json").stdout)["runs"]
    assert told[0]["without_analysis"] == ["ml-1m/cold"]
    assert told[0]["analysis_fault"].startswith(f"{folders[0]}/analysis.json: ")


@pytest.mark.parametrize(
    "option",
    [("--against", "fm"), ("--section", "cost"), ("--all",), ("--csv", "x"), ("--latex", "-")],
    ids=lambda one: one[0],
)
def test_what_is_of_one_run_is_refused_of_several(
    folders: list[str], option: tuple[str, ...]
) -> None:
    ended = bench(*folders, *option)
    assert ended.exit_code == 2
    assert f"{option[0]} is of one run's report" in ended.output


def test_one_folder_twice_and_no_folder_are_errors(folders: list[str], tmp_path: Path) -> None:
    twice = bench(folders[0], f"{folders[0]}/.")
    assert twice.exit_code == 2
    assert "are one run" in twice.output
    none = bench(folders[0], str(tmp_path / "nothing"))
    alone = bench(str(tmp_path / "nothing"))
    assert none.exit_code == alone.exit_code == 2
    assert none.output == alone.output
    assert bench().exit_code == 2
