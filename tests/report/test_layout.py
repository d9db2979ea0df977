"""The report as a reader sees it: in a terminal, in a pipe, in Markdown, with names that mean harm."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len
from rich.console import Console

from bench.cli import main
from bench.records import Run
from bench.report import build, document, in_markdown, print_blocks, short, to_markdown, visible
from tests.report.conftest import failed

Records = list[dict[str, Any]]
MakeRun = Callable[..., Run]
OnDisk = Callable[[Run], Run]

HOSTILE = {
    "html": "<script>alert(1)</script>",
    "ansi": "\x1b[31mred\x1b[0m\x07",
    "long": "x" * 10_000,
    "emoji": "😀" * 60,
    "right-to-left": "שלום \u202e gnp.exe",
    "markdown": "a|b `c` *d* [e](f)",
    "lines": "two\nlines\r\n| --- |",
    "rich": "[bold]markup[/bold]",
    "surrogate": "\ud800",
}
hostile = pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)


def shown(run: Run, width: int = 80, encoding: str = "utf-8") -> str:
    """As in a pipe."""
    return printed(run, encoding, width=width)


def in_terminal(run: Run) -> str:
    return printed(run, force_terminal=True, color_system="standard", width=80)


def printed(run: Run, encoding: str = "utf-8", **console: Any) -> str:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding, write_through=True) as out:
        print_blocks(document(build(run)), Console(file=out, **console))
        return raw.getvalue().decode(encoding)


def renamed(name: str) -> Callable[[Records, dict[str, Any]], None]:
    """gating, its dataset and a failure's reason all bear the name."""

    def edit(records: Records, manifest: dict[str, Any]) -> None:
        for trial in [one["trial"] for one in records] + manifest["trials"]:
            trial["dataset"] = name
            if trial["method"] == "gating":
                trial["method"] = name
        manifest["datasets"] = {name: manifest["datasets"]["ml-1m"]}
        manifest["suite"]["name"] = name
        next(one for one in records if one["trial"]["method"] == "user-best").update(failed(name))

    return edit


@pytest.mark.fault(35)
def test_every_line_fits_80_columns_and_no_name_is_cut(make_run: MakeRun) -> None:
    text = shown(make_run())
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "…" not in text
    lines = text.splitlines()
    assert any(
        re.match(r"metaselector-simplified +\.58", line) for line in lines
    )  # one line, figures beside the name
    assert any(line.startswith("fm = best-single ") for line in lines)


@pytest.mark.fault(35)
@pytest.mark.parametrize("width", [20, 44, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_console(make_run: MakeRun, width: int) -> None:
    text = shown(make_run(seeds=(0, 1)), width)
    assert max(map(cell_len, text.splitlines())) <= max(
        width, 34
    )  # a name and one column need so much
    for figure in (".5303", ".8121", "+27.59", ".7367", "327.1", "26.0"):
        assert figure in text


@pytest.mark.parametrize("width", [48, 60, 80, 120, 200])
def test_what_an_analysis_adds_fits_too(make_analysed: MakeRun, width: int) -> None:
    text = shown(make_analysed(), width)
    assert max(map(cell_len, text.splitlines())) <= width
    for figure in (
        "[-.0725, -.0683]",
        "better",
        ".5801 to .5905",
        "314.3",
        "+.0320",
        ".5506+",
        ".7363",
    ):
        assert figure in text


def test_at_80_columns_the_first_table_has_the_answer(make_analysed: MakeRun) -> None:
    lines = shown(make_analysed()).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Quality"))
    assert re.split(r" {1,}", lines[start + 4])[:2] == ["metaselector", ".5306"]
    assert re.search(r"-\.0704 \[-\.0725, -\.0683\] +better", lines[start + 4])


def test_figures_are_aligned_on_the_point(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "average":
                one["metrics"]["logloss"]["value"] = 12.5

    lines = shown(make_run(seeds=(0,), edit=edit)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Quality"))
    names = ("metaselector", "user-calibration", "average", "fm", "perfect-user (bound)")
    table = [line for line in lines[start:] if line.startswith(names)][:5]
    assert len({line.index(".") for line in table}) == 1


def test_heads_and_figures_end_in_one_column(make_run: MakeRun) -> None:
    lines = shown(make_run()).splitlines()
    start = lines.index("Cost")
    head, figures = lines[start + 2], lines[start + 4]
    assert [found.end() for found in re.finditer(r"krows/s|CPU s|wall s|MB", head)] == [
        found.end() for found in re.finditer(r"[\d,.]+", figures)
    ]


def test_bounds_stand_below_a_rule(make_run: MakeRun) -> None:
    lines = shown(make_run()).splitlines()
    first = next(i for i, line in enumerate(lines) if "(bound)" in line)
    assert set(lines[first - 1]) == {"─"}
    assert lines[first - 2].startswith("deepfm")


def test_the_best_is_bold_and_starred_and_ties_look_like_ties(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] == "user-calibration":
                one["metrics"]["logloss"]["value"] = 0.52995 + 0.003 * (one["trial"]["seed"] - 1)

    run = make_run(edit=edit)
    assert "\x1b[1m.5299 ±.0030*" in in_terminal(run) or "\x1b[1m.5300 ±.0030*" in in_terminal(run)
    text = shown(run)
    assert "±.0007=" in text
    assert (
        "= a tie with it: the same printed figure, or a difference that changes its sign"
        in " ".join(text.split())
    )


@pytest.mark.fault(35)
def test_without_a_terminal_there_is_plain_text(make_run: MakeRun) -> None:
    assert "\x1b" not in shown(make_run())
    assert not set(shown(make_run())) & set("│┃|┏└╭")
    assert "\x1b[1m" in in_terminal(make_run())


def test_in_a_pipe_no_line_ends_with_blanks(make_analysed: MakeRun, on_disk: OnDisk) -> None:
    run = make_analysed()
    assert [line for line in shown(run).splitlines() if line != line.rstrip()] == []
    assert [
        line for line in report(on_disk(run).folder).output.splitlines() if line != line.rstrip()
    ] == []


def test_a_pipe_and_a_terminal_have_the_same_text(make_analysed: MakeRun) -> None:
    plain = re.sub(r"\x1b\[[\d;]*m", "", in_terminal(make_analysed()))
    assert [line.rstrip() for line in plain.splitlines()] == shown(make_analysed()).splitlines()


@pytest.mark.fault(35)
def test_an_encoding_without_the_signs_gets_others(make_run: MakeRun) -> None:
    text = shown(make_run(edit=renamed("é–x")), encoding="ascii")
    assert ".5306 +-.0007*" in text
    assert r"\xe9-x" in text
    assert "|" not in text


def test_one_seed_has_no_sd(make_run: MakeRun) -> None:
    text = shown(make_run(seeds=(7,)))
    assert "±" not in text
    assert "one seed, so no sd" in text


@pytest.mark.fault(43)
@hostile
def test_hostile_names_are_shown_harmless_in_a_terminal(make_run: MakeRun, name: str) -> None:
    text = shown(make_run(seeds=(0,), edit=renamed(name)))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert len(text) < 12_000
    assert not set(text) & set("\x1b\x07\r\u202e\ud800")
    assert short(name)[:10] in text


@pytest.mark.fault(43)
@hostile
def test_hostile_names_are_shown_literally_in_markdown(make_run: MakeRun, name: str) -> None:
    text = to_markdown(build(make_run(seeds=(0,), edit=renamed(name))))
    assert len(text) < 12_000
    assert not set(text) & set("\x1b\x07\r\u202e\ud800<")
    tables = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {
        7,
        6,
        9,
    }  # quality, bounds, cost, base models: nobody adds a cell
    assert "`" not in text.replace("\\`", "")


def test_names_of_json_are_as_they_are(make_run: MakeRun, on_disk: OnDisk) -> None:
    run = on_disk(make_run(seeds=(0,), edit=renamed("\x1b[31m<é|")))
    result = CliRunner().invoke(main, ["report", str(run.folder), "--json"])
    assert json.loads(result.stdout)["sections"][0]["dataset"] == "\x1b[31m<é|"


def test_long_names_that_start_alike_still_differ() -> None:
    one, other = "x" * 10_000 + "1", "x" * 10_000 + "2"
    assert short(one) != short(other)
    assert cell_len(short("😀" * 60)) <= 40
    assert short("metaselector-simplified") == "metaselector-simplified"


def test_escapes_name_the_character() -> None:
    assert visible("a\x1b\n\u202e\u2028é😀") == "a\\x1b\\n\\u202e\\u2028é😀"
    assert in_markdown("<a|b>&`_") == "&lt;a\\|b&gt;&amp;\\`\\_"


# -- the command


def report(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def test_the_command_prints_the_table(make_run: MakeRun, on_disk: OnDisk) -> None:
    run = on_disk(make_run(seeds=(0,)))
    result = report(run.folder)
    assert result.exit_code == 0
    assert "metaselector-simplified" in result.output


def test_markdown_goes_to_a_file_or_to_stdout(
    make_run: MakeRun, on_disk: OnDisk, tmp_path: Path
) -> None:
    run = on_disk(make_run(seeds=(0,)))
    written = report(run.folder, "--markdown", tmp_path / "table.md")
    assert (tmp_path / "table.md").read_text("utf-8") == to_markdown(build(run))
    assert written.stdout == ""
    assert report(run.folder, "--markdown", "-").output == to_markdown(build(run))


def test_a_file_that_can_not_be_written_is_one_line(
    make_run: MakeRun, on_disk: OnDisk, tmp_path: Path
) -> None:
    result = report(
        on_disk(make_run(seeds=(0,))).folder, "--markdown", tmp_path / "no" / "table.md"
    )
    assert result.exit_code == 5
    assert (
        result.output
        == f"{tmp_path / 'no' / 'table.md'}: can't be written: No such file or directory; choose another file\n"
    )


@pytest.mark.fault(32)
def test_the_command_ends_with_4_where_trials_failed(make_run: MakeRun, on_disk: OnDisk) -> None:
    assert report(on_disk(make_run(seeds=(0,), edit=renamed("x"))).folder).exit_code == 4


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    result = report(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "is not a run" in result.output
    assert result.output.count("\n") == 1


@pytest.mark.fault(21)
def test_a_damaged_record_is_one_line(make_run: MakeRun, on_disk: OnDisk) -> None:
    run = on_disk(make_run(seeds=(0,)))
    path = run.folder / "records" / f"{run.records[0]['id']}.json"
    path.write_text(path.read_text().replace("0.602", "0.502"))
    result = report(run.folder)
    assert result.exit_code == 5
    assert f"{path.name}: truncated or edited" in result.output
    assert result.output.count("\n") == 1


def test_a_name_that_is_cut_stands_in_full_below_the_table(make_run: MakeRun) -> None:
    """Names that a grid makes are long, and what tells them apart stands at their end."""
    name = "metaselector[hidden=[64,32],inner_steps=5,frozen_fields=[item_id]]"
    run = make_run(edit=renamed(name))
    cut = short(name)
    assert cut != name
    assert f"{cut} is {name}" in " ".join(shown(run, width=200).split())
    assert f"- {in_markdown(cut)}: is {in_markdown(name)}" in to_markdown(build(run))
    assert " is gating" not in shown(make_run())
