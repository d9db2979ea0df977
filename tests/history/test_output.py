"""A history on a page, in drawings, in a terminal, on the command line."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

from bench.cli import main
from bench.history import History, blocks, history, runs_in_time, to_html, with_changes
from bench.history.charts import place_charts
from bench.history.model import CPU, Change
from bench.history.places import by_place
from bench.records import Run
from bench.report import print_blocks, short
from bench.report.charts.model import Chart, Points
from bench.report.draw.files import as_file
from bench.report.draw.scale import scale_of, ticks
from tests.history.generated import MakeRun, Records, identity, of_one_step, otava_script, runs_of
from tests.history.test_history import of
from tests.report.conftest import mean_loss
from tests.report.test_names import Page, every, replaced

_SVG = "{http://www.w3.org/2000/svg}"
STEP = [0.0] * 5 + [0.03] * 5


def changed(found: History) -> History:
    """fm's loss changed at run 5."""
    loss = mean_loss("fm", (0,))
    change = Change(5, loss, loss + 0.03, 1e-6)
    series = tuple(
        replace(one, changes=(change,))
        if one.quantity == "logloss" and one.method.startswith("fm")
        else one
        for one in found.series
    )
    return found.told(series, looked=True, notes=())


def charts(found: History) -> dict[str, Chart]:
    ((_, series),) = by_place(found).items()
    return {chart.title: chart for chart in place_charts(found, series)}


def dots(chart: Chart) -> dict[str, tuple[float, float]]:
    """Id of each dot to its place in the drawing."""
    root = ET.fromstring(as_file(chart, "svg"))
    return {
        group.get("id", ""): (float(used.get("x", 0)), float(used.get("y", 0)))
        for group in root.iter(f"{_SVG}g")
        if (used := group.find(f".//{_SVG}use")) is not None
        and group.get("id", "").startswith("metric-")
    }


def test_each_dot_stands_at_its_run_and_figure(make_run: MakeRun) -> None:
    found = changed(history(runs_of(make_run, STEP)))
    seen = dots(charts(found)["log loss over runs"])
    leads = {"metaselector": (0.5299, 0.0), "ffm": (0.6010, 0.0), "fm": (0.6003, 0.03)}
    expected = {
        f"metric-logloss-run-{number}-0-{run}": (run + 1, start + (step if run >= 5 else 0.0))
        for number, (start, step) in enumerate(leads.values())
        for run in range(10)
    }
    expected["metric-logloss-change-2-0"] = (6, 0.6303)
    assert seen.keys() == expected.keys()
    (x0, y0), (x1, y1) = (
        seen[key] for key in ("metric-logloss-run-0-0-0", "metric-logloss-run-2-0-9")
    )
    for key, (run, loss) in expected.items():
        across = x0 + (x1 - x0) * (run - 1) / 9
        up = y0 + (y1 - y0) * (loss - 0.5299) / (0.6303 - 0.5299)
        assert seen[key] == pytest.approx((across, up), abs=0.02)


def test_the_answer_comes_first_and_how_changes_are_found_last(
    make_run: MakeRun, tmp_path: Path
) -> None:
    def better(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "gating":
                one["metrics"]["logloss"]["value"] = 0.5

    plain = with_changes(history(runs_of(make_run, [0.0] * 3, {2: better})), None)
    first, _, started, _, best, *_, last = printed(plain, tmp_path).rstrip().split("\n")
    assert (first, started[:8]) == ("History of 3 runs", "Started ")
    assert best == "ml-1m / cold: gating is best in run-002: log loss .5000; .5980 in run-000."
    assert last == plain.notes[0]
    assert len(last) <= 80
    html = to_html(plain)
    assert html.index("gating is best in run-002") < html.index("<main") < html.index(last)
    edits = {2: lambda *of: (better(*of), identity(data="f" * 64)(*of))}
    text = printed(history(runs_of(make_run, [0.0] * 3, edits)), tmp_path)
    assert "log loss .5000; .5980 in run-000 is not comparable." in " ".join(text.split())


def test_a_cost_from_the_cache_is_marked(make_run: MakeRun, tmp_path: Path) -> None:
    found = history(runs_of(make_run, [0.0, 0.1, 0.1], dict.fromkeys(range(3), of_one_step)))
    assert [point.measured for point in of(found, "fm", CPU).points] == [True, True, False]
    text = printed(found, tmp_path)
    assert re.search(r"^fm, own CPU s +3 +6\.350 +6\.980c$", text, re.MULTILINE)
    assert re.search(r"^fm, log loss +3 +\.6003 +\.7003$", text, re.MULTILINE)
    # of ten methods each CPU time and peak; of the nine but fm the second run's too
    assert "c: 38 costs of an earlier run" in " ".join(text.split())
    chart = charts(found)["own CPU s over runs"]
    hollow = [mark for mark in chart.panels[0].marks if isinstance(mark, Points) and mark.hollow]
    assert [mark.x for mark in hollow] == [(2.0, 3.0)] * 2
    assert "Hollow: measured in an earlier run" in chart.note
    assert chart.numbers is not None
    marks = {cell.mark for cell in chart.numbers.rows[2].cells}
    assert marks == {"c"}
    assert "Hollow" not in charts(found)["log loss over runs"].note


def test_a_line_is_not_joined_across_a_break_and_the_note_says_why(make_run: MakeRun) -> None:
    found = history(runs_of(make_run, [0.0] * 4, {2: identity(data="f" * 64)}))
    chart = charts(found)["log loss over runs"]
    (panel,) = chart.panels
    joined = [mark.x for mark in panel.marks if type(mark).__name__ == "Line"]
    assert joined[:3] == [(1.0, 2.0), (3.0,), (4.0,)]
    assert [mark.at for mark in panel.marks if type(mark).__name__ == "Rule"] == [2.5, 3.5]
    assert "not comparable across run-002: data" in chart.note


def test_the_terminal_has_changes_first_and_fits_80_columns(
    make_run: MakeRun, tmp_path: Path
) -> None:
    found = changed(history(runs_of(make_run, STEP, {2: identity(data="f" * 64)})))
    text = printed(found, tmp_path)
    lines = text.split("\n")
    assert max(map(cell_len, lines)) <= 80
    rows = [line for line in lines if re.match(r"\S+, (log loss|own CPU s|peak MB) ", line)]
    assert rows[0].startswith("fm, log loss")
    assert "+5.0% at run-005" in rows[0]
    assert "fm, log loss: change at run-005: +5.0%, .6003 to .6303 (worse)" in lines
    assert any(line.startswith("not comparable across run-002: data") for line in lines)


def printed(found: History, folder: Path) -> str:
    with (folder / "out").open("w", encoding="utf-8") as out:
        print_blocks(blocks(found), Console(file=out, width=80))
    return (folder / "out").read_text("utf-8")


def test_a_hundred_runs_make_a_page_of_a_size_that_loads(make_run: MakeRun) -> None:
    html = to_html(history(runs_of(make_run, [place / 1e4 for place in range(100)])))
    assert len(html) < 3_000_000


@every
def test_names_are_shown_as_text_everywhere(make_run: MakeRun, name: str, tmp_path: Path) -> None:
    words = dict.fromkeys(("ml-1m", "movielens-1m-cold", "P1"), name)
    words |= {"fm": f"fm{name}", "cold": f"{name}3", "ml-1m/cold": f"{name}/{name}3"}
    as_folder = name.replace("/", "-")
    runs = [
        run._replace(
            folder=Path("/runs") / f"{place}{as_folder}",
            manifest=replaced(run.manifest, words),
            records=tuple(replaced(one, words) for one in run.records),
        )
        for place, run in enumerate(runs_of(make_run, STEP, {2: identity(data="f" * 64)}))
    ]
    found = changed(history(runs))
    text = printed(found, tmp_path)
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(map(cell_len, text.split("\n"))) <= 80
    html = to_html(found)
    page = Page(html)
    assert not page.tags & {"img", "b", "i"}
    assert html.count("<script") == 1
    assert html.count("<h1") == 1
    assert "<h4" not in html.split("<main")[0]
    assert not [one for one in page.attributes if one.startswith("on")]
    assert short(f"fm{name}").strip()[:12] in page.text


@pytest.fixture
def folder(make_run: MakeRun, on_disk: Callable[[Run], Run], tmp_path: Path) -> Path:
    for run in runs_of(make_run, [0.0, 0.0, 0.03, 0.03]):
        on_disk(run._replace(folder=tmp_path / "runs" / run.folder.name))
    return tmp_path / "runs"


def bench(*arguments: str, **variables: str) -> Any:
    return CliRunner().invoke(main, ["history", *arguments], env={"BENCH_OTAVA": None, **variables})


def test_the_command_ends_with_0_whatever_otava_says(folder: Path, tmp_path: Path) -> None:
    page = str(tmp_path / "x.html")
    without = bench(str(folder), "--html", page)
    assert without.exit_code == 0, without.output
    assert (without.stdout, without.stderr) == ("", f"wrote {page}\n")
    assert bench(str(folder)).stdout.rstrip().splitlines()[-1].startswith("No changes looked for: ")
    assert "History of 4 runs" in Path(page).read_text("utf-8")
    broken = otava_script(tmp_path / "broken", "exit 9")
    failed = bench(str(folder), "--json", BENCH_OTAVA=str(broken))
    assert failed.exit_code == 0
    told = json.loads(failed.stdout)
    assert told["looked_for_changes"] is False
    assert [run["name"] for run in told["runs"]] == [f"run-{place:03d}" for place in range(4)]


def test_the_figures_of_the_page_are_written_as_files(folder: Path, tmp_path: Path) -> None:
    ended = bench(str(folder), "--figures", str(tmp_path / "figures"))
    assert ended.exit_code == 0, ended.output
    (place,) = (tmp_path / "figures").iterdir()
    assert place.name == "movielens-1m-cold+ml-1m+cold"
    names = {chart.name for chart in charts(history(runs_in_time([folder]).runs)).values()}
    assert names == {"metric-logloss", "cost-cpu", "cost-memory"}
    assert {file.name for file in place.iterdir()} == {
        f"{name}.{kind}" for name in names for kind in ("svg", "pdf", "png")
    }


def test_a_run_that_can_not_be_read_is_left_out_by_name(folder: Path, tmp_path: Path) -> None:
    (folder / "run-001" / "manifest.json").write_text("{")
    page = tmp_path / "x.html"
    ended = bench(str(folder), "--html", str(page))
    assert ended.exit_code == 4, ended.output
    assert ended.stdout == ""
    told = " ".join(ended.stderr.split())
    assert "Left out, since it can't be read:" in told
    assert "run-001/manifest.json" in told.replace(" ", "")
    assert "run-001/manifest.json" in page.read_text("utf-8")
    as_json = json.loads(bench(str(folder), "--json").stdout)
    assert [run["name"] for run in as_json["runs"]] == ["run-000", "run-002", "run-003"]
    assert [one["folder"] for one in as_json["unreadable"]] == [str(folder / "run-001")]
    for place in (0, 2, 3):
        (folder / f"run-{place:03d}" / "manifest.json").write_text("{")
    assert bench(str(folder)).exit_code == 5


def test_where_each_line_has_one_run_it_is_said_first(make_run: MakeRun, tmp_path: Path) -> None:
    found = history(runs_of(make_run, [0.0, 0.0], {1: identity(data="f" * 64)}))
    text = " ".join(printed(found, tmp_path).split())
    assert text.startswith("History of 2 runs Each line has one run: nothing to follow yet; ")
    assert "changed first" not in text
    assert "Each line has one run" in to_html(found)
    joined = history(runs_of(make_run, [0.0, 0.0]))
    assert "Each line has one run" not in printed(joined, tmp_path)
    (axis,) = {panel.x for chart in charts(joined).values() for panel in chart.panels}
    assert [text for _, text in ticks(axis, scale_of(axis, (), "x"), 8)] == ["1", "2"]


def test_wrong_asking_is_an_error(folder: Path, tmp_path: Path) -> None:
    unknown = bench(str(folder), "--metric", "ndgc")
    assert unknown.exit_code == 2
    assert "no run has it" in unknown.output
    empty = bench(str(tmp_path))
    assert empty.exit_code == 2
    assert "no run, nor a folder that holds runs" in " ".join(empty.output.split())
    assert bench().exit_code == 2


def test_of_runs_without_a_result_there_is_nothing_to_follow(
    make_run: MakeRun, tmp_path: Path
) -> None:
    def nothing(records: Records, manifest: dict[str, Any]) -> None:
        records.clear()
        manifest["trials"] = []

    found = history(runs_of(make_run, [0.0, 0.0], {0: nothing, 1: nothing}))
    assert found.series == ()
    assert "No run has a figure" in printed(found, tmp_path)
    assert "No run has a figure" in to_html(found)
