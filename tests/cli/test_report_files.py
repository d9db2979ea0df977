"""`bench report` and the files that it writes."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.records import load
from bench.report import build, to_bibtex, to_csv, to_json, to_latex, to_markdown
from tests.cli.test_hostile_input import make_run

FUNCTIONS: dict[str, Callable[..., str]] = {
    "--markdown": to_markdown,
    "--latex": to_latex,
    "--csv": to_csv,
    "--bibtex": to_bibtex,
}
every = pytest.mark.parametrize("option", FUNCTIONS)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run")


def report(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def expected(option: str, run: Path) -> bytes:
    return FUNCTIONS[option](build(load(run))).encode("utf-8")


@every
def test_a_file_is_written_in_place_of_the_table(option: str, run: Path, tmp_path: Path) -> None:
    result = report(run, option, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == expected(option, run)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [f"wrote {tmp_path / 'file'}"]


@pytest.mark.parametrize("asked", [("--all",), ("--section", "cost"), ("--json",)], ids=" ".join)
def test_what_is_asked_for_beside_a_file_is_printed(
    run: Path, tmp_path: Path, asked: tuple[str, ...]
) -> None:
    result = report(run, "--csv", tmp_path / "file", *asked)
    assert (tmp_path / "file").read_bytes() == expected("--csv", run)
    assert result.stdout == report(run, *asked).stdout != ""


def test_of_several_runs_a_file_is_written_in_place_of_the_table(run: Path, tmp_path: Path) -> None:
    result = report(run, make_run(tmp_path / "other"), "--markdown", tmp_path / "file")
    assert (tmp_path / "file").stat().st_size > 0
    assert result.stdout == ""
    assert report(run, tmp_path / "other").stdout != ""


@every
def test_a_file_that_was_written_is_said_on_standard_error(
    option: str, run: Path, tmp_path: Path
) -> None:
    result = report(run, option, tmp_path / "file")
    assert result.stderr.splitlines()[0] == f"wrote {tmp_path / 'file'}"
    assert "wrote" not in report(run, option, "-").output


@pytest.mark.parametrize(
    "command",
    [
        ("report", "RUN", "--html", "FILE"),
        ("report", "RUN", "OTHER", "--html", "FILE"),
        ("report", "RUN", "OTHER", "--markdown", "FILE"),
        ("history", "RUN", "--html", "FILE"),
        ("gate", "RUN", "OTHER", "--junit", "FILE"),
        ("gate", "RUN", "OTHER", "--markdown", "FILE"),
        ("schema", "--out", "FILE"),
    ],
    ids=" ".join,
)
def test_every_command_says_so_in_one_way(
    run: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    make_run(tmp_path / "other")
    paths = {"RUN": run, "OTHER": tmp_path / "other", "FILE": tmp_path / "file"}
    result = CliRunner().invoke(main, [str(paths.get(part, part)) for part in command])
    assert f"wrote {tmp_path / 'file'}\n" in result.stderr
    assert "wrote" not in result.stdout
    assert (tmp_path / "file").stat().st_size > 0


def test_of_a_folder_it_is_said_how_many_files(run: Path, tmp_path: Path) -> None:
    result = report(run, "--figures", tmp_path / "figures")
    files = sum(one.is_file() for one in (tmp_path / "figures").rglob("*"))
    assert f"wrote {tmp_path / 'figures'} ({files} files)\n" in result.stderr


@every
def test_a_hyphen_prints_it_in_place_of_the_table(option: str, run: Path) -> None:
    assert report(run, option, "-").stdout_bytes == expected(option, run)


def test_all_files_and_json_in_one_command(run: Path, tmp_path: Path) -> None:
    options = [part for option in FUNCTIONS for part in (option, tmp_path / option)]
    result = report(run, *options, "--json")
    assert json.loads(result.stdout) == json.loads(json.dumps(to_json(build(load(run)))))
    for option in FUNCTIONS:
        assert (tmp_path / option).read_bytes() == expected(option, run)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--latex", "-", "--csv", "-"), "--latex and --csv can't both go to standard output"),
        (("--json", "--csv", "-"), "--json and --csv can't both go to standard output"),
        (("--latex", "x", "--csv", "./x"), "--latex and --csv can't both go to ./x"),
    ],
)
def test_two_answers_do_not_go_to_one_place(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = report(run, *options)
    assert result.exit_code == 2
    assert said in result.output
    assert not Path("x").exists()


@every
def test_a_folder_is_left_as_it_is(option: str, run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    result = report(run, option, folder)
    assert result.exit_code == 5
    assert (
        result.output
        == f"{folder}: can't be written: Is a directory; move the folder of that name away, or choose another file\n"
    )
    assert list(folder.iterdir()) == []


@every
def test_no_folder_is_made(option: str, run: Path, tmp_path: Path) -> None:
    result = report(run, option, tmp_path / "no" / "file")
    assert result.exit_code == 5
    assert "can't be written: No such file or directory; choose another file\n" in result.output
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("option", [*FUNCTIONS, "--html"])
@pytest.mark.parametrize("file", ["manifest.json", "records", "link"])
def test_a_file_of_a_run_is_not_replaced(option: str, file: str, run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other")
    (tmp_path / "link").symlink_to(other / "manifest.json")
    kept = {
        "manifest.json": other / "manifest.json",
        "records": next((other / "records").iterdir()),
        "link": tmp_path / "link",
    }[file]
    before = kept.read_bytes()
    result = report(run, option, kept)
    assert result.exit_code == 5
    assert f"{kept}: not written, it belongs to the run in {other}" in result.stderr
    assert kept.read_bytes() == before
    assert load(other).records


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("records", "not written, it belongs to the run in"),
        ("blobs/deeper", "not written, it belongs to the run in"),
        ("manifest.json", "is no folder; choose another one"),
    ],
)
def test_no_figure_is_put_among_a_run_s_parts(folder: str, told: str, run: Path) -> None:
    before = sorted(run.rglob("*"))
    result = report(run, "--figures", run / folder)
    assert result.exit_code == 5
    assert told in result.stderr
    assert sorted(run.rglob("*")) == before


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("n" * 300, "can't be written: File name too long; choose another folder"),
        (
            "run/manifest.json/below",
            "can't be written: Not a directory; move the file that is in the place of its folder away, or",
        ),
        ("dangling", "is no folder; choose another one"),
    ],
)
def test_figures_that_have_no_folder_to_go_to_are_refused_with_the_reason(
    folder: str, told: str, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    result = report(run, "--figures", tmp_path / folder)
    assert result.exit_code == 5, result.output
    assert told in result.stderr


def test_a_file_that_is_named_as_a_run_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = report(tmp_path / "file")
    assert result.exit_code == 2
    assert "is not a run; name the folder that `bench run` wrote" in result.stderr


def test_of_a_run_only_its_page_is_made_again(run: Path) -> None:
    assert report(run, "--html", run / "report.html").exit_code == 0
    assert report(run, "--csv", run / "mine.csv").exit_code == 0
    assert (run / "report.html").exists()
    assert (run / "mine.csv").exists()


def test_an_earlier_file_stays_whole_where_there_is_no_space(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("before")
    monkeypatch.setattr(os, "fsync", _full)
    result = report(run, "--csv", tmp_path / "file")
    assert result.exit_code == 5
    assert "can't be written: No space left on device" in result.output
    assert (tmp_path / "file").read_text() == "before"
    assert {one.name for one in tmp_path.iterdir()} == {"run", "file"}


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_link_and_the_rights_of_a_file_stay(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("before")
    (tmp_path / "file").chmod(0o600)
    (tmp_path / "link").symlink_to("file")
    assert report(run, "--csv", tmp_path / "link").exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == expected("--csv", run)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_a_device_is_written_to_and_stays_one(run: Path) -> None:
    assert report(run, "--csv", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.fault(43)
def test_half_a_character_is_written_as_an_escape(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    from tests.cli.test_hostile_input import edit

    def rename(value: Any) -> None:
        value["suite"]["name"] = "half \ud800"

    edit(run / "manifest.json", rename, seal=True)
    assert report(run, "--csv", tmp_path / "file").exit_code == 0
    with (tmp_path / "file").open(newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["suite"] == "half \\ud800"
    assert "half \\ud800" in report(run, "--csv", "-").stdout


def test_a_run_that_lacks_trials_says_so_where_a_file_alone_is_asked_for(
    run: Path, tmp_path: Path
) -> None:
    """It ends with 4, and the table that says why is not printed."""
    (record, *_) = sorted((run / "records").glob("*.json"))
    record.unlink()
    result = report(run, "--csv", tmp_path / "file")
    assert result.exit_code == 4
    assert result.stdout == ""
    wrote, why = result.stderr.splitlines()
    assert wrote.startswith("wrote ")
    assert " trials have a result" in why
