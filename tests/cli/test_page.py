"""The page that a run leaves, and the figures that a report writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from tests.run.conftest import write_ratings, write_small_suite


def bench(*arguments: Any) -> Result:
    result = CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code in (0, 2, 5), result.output
    return result


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    write_ratings(folder / "ratings.csv", users=60)
    return write_small_suite(folder, protocol="support: {share: 0.3}")


def run(suite: Path, *options: Any, out: str) -> tuple[Path, Result]:
    folder, cache = suite.parent / out, suite.parent / "cache"
    told = bench(
        "run", suite, "--out", folder, "--cache-dir", cache, "--executor", "inline", *options
    )
    return folder, told


def test_a_run_leaves_its_page_and_says_where(suite: Path) -> None:
    folder, told = run(suite, "--page", out="with")
    page = (folder / "report.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "<svg" in page
    assert f"Page: {folder / 'report.html'}" in told.stderr
    verified = bench("verify", folder)
    assert verified.exit_code == 0
    assert "report.html" not in verified.output


def test_a_run_that_is_recorded_makes_only_a_page_that_is_gone_or_of_other_records(
    suite: Path,
) -> None:
    folder, _ = run(suite, "--page", out="again")
    page = folder / "report.html"
    before = page.stat().st_ino
    run(suite, "--page", out="again")
    assert page.stat().st_ino == before
    page.write_text("an older version's", "utf-8")
    run(suite, "--page", out="again")
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    page.unlink()
    run(suite, "--page", out="again")
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def more(suite: Path, folder: Path) -> None:
    """Records that the page has not."""
    run(suite, "--no-page", out=folder.name)


def another_base(suite: Path, folder: Path) -> None:
    """RelaImpr is derived: no record is another."""
    run(suite, "--no-page", *PART, "--set", "relaimpr_base=lr", out=folder.name)


def merged(suite: Path, folder: Path) -> None:
    there, _ = run(suite, "--no-page", *PART, "--seeds", "1", out=f"{folder.name}-there")
    assert bench("verify", folder, "--merge", there).exit_code == 0


PART = ("--only", "lr", "--only", "fm")


@pytest.mark.parametrize("change", [more, another_base, merged])
def test_a_page_of_earlier_records_is_not_told_to_be_of_these(suite: Path, change: Any) -> None:
    folder, first = run(suite, "--page", *PART, out=f"stale-{change.__name__}")
    page = folder / "report.html"
    assert f"Page: {page}" in first.stderr.splitlines()
    assert f"Page: {page}" in bench("report", folder).stderr.splitlines()
    before = page.read_bytes()
    change(suite, folder)
    assert page.read_bytes() == before
    told = bench("report", folder)
    anew = f"bench report {folder} --html {page}"
    assert (
        f"{page} is of earlier records, or an earlier version; {anew} draws it anew"
        in told.stderr.splitlines()
    )
    assert "Page:" not in told.stderr
    bench(*anew.split()[1:])
    assert f"Page: {page}" in bench("report", folder).stderr.splitlines()


def test_a_run_tells_that_the_page_is_of_earlier_records(suite: Path) -> None:
    folder, _ = run(suite, "--page", *PART, out="told")
    _, told = run(suite, "--no-page", out="told")
    assert f"{folder / 'report.html'} is of earlier records, or an earlier version; " in told.stderr


def test_without_a_page_there_is_none_and_it_says_how_to_get_one(suite: Path) -> None:
    folder, told = run(suite, "--no-page", out="without")
    assert not (folder / "report.html").exists()
    assert f"Page: bench report {folder} --html FILE" in told.stderr


def test_the_environment_may_say_so(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_PAGE", "1")
    folder, _ = run(suite, out="asked")
    assert (folder / "report.html").exists()


def test_a_page_that_cant_be_written_costs_nothing_but_itself(suite: Path) -> None:
    folder, _ = run(suite, "--no-page", out="in-the-way")
    (folder / "report.html").mkdir()
    (folder / "manifest.json").touch()
    _, told = run(suite, "--page", "--rerun", "all", out="in-the-way")
    assert told.exit_code == 0
    page = folder / "report.html"
    assert f"no page: {page} is a folder; move it away" in told.stderr.splitlines()
    assert f"Page: bench report {folder} --html FILE" in told.stderr.splitlines()
    assert "log loss" in told.stdout
    refused = bench("report", folder, "--html", page)
    assert refused.exit_code == 5
    assert (
        f"{page}: can't be written: Is a directory; move the folder of that name away, or choose another file"
        in refused.output
    )
    assert page.is_dir()


def test_figures_are_written_in_three_formats(suite: Path, tmp_path: Path) -> None:
    folder, _ = run(suite, "--no-page", out="figures")
    bench("report", folder, "--figures", tmp_path / "figures")
    (place,) = (tmp_path / "figures").iterdir()
    found = {file.name for file in place.iterdir()}
    assert {"differences.svg", "differences.pdf", "differences.png"} <= found
    assert (place / "differences.svg").read_bytes().startswith(b"<?xml")
    assert (place / "differences.pdf").read_bytes().startswith(b"%PDF")
    assert (place / "differences.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("part", ["answer", "cost", "for-whom", "trust", "made"])
def test_each_part_is_printed_where_it_is_asked_for(suite: Path, part: str) -> None:
    folder, _ = run(suite, "--no-page", out="parts")
    every = bench("report", folder, "--all").stdout
    told = bench("report", folder, "--section", part).stdout
    assert set(told.split("\n")) <= set(every.split("\n"))
    assert len(told) < len(every)


@pytest.mark.parametrize("command", ["report", "report several", "history"])
def test_a_page_may_be_printed(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    folder, _ = run(suite, "--no-page", out="printed")
    other, _ = run(suite, "--no-page", out="printed-too")
    monkeypatch.chdir(tmp_path)
    runs = [folder, other] if command == "report several" else [folder]
    told = bench(command.split()[0], *runs, "--html", "-")
    assert told.stdout.startswith("<!DOCTYPE html>")
    assert told.stdout.rstrip().endswith("</html>")
    assert not list(tmp_path.iterdir())


def test_a_part_that_there_is_not_is_refused(suite: Path) -> None:
    folder, _ = run(suite, "--no-page", out="parts")
    assert bench("report", folder, "--section", "costs").exit_code == 2


def test_a_page_that_cant_be_drawn_costs_nothing_but_itself(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise ZeroDivisionError("float division by zero")

    monkeypatch.setattr("bench.report.page.of_report.to_html", broken)
    folder, told = run(suite, "--page", out="undrawn")
    assert told.exit_code == 0
    assert "log loss" in told.stdout
    assert "no page: ZeroDivisionError: float division by zero; this is a bug" in told.stderr
    assert not (folder / "report.html").exists()


def test_of_a_pool_of_one_whose_methods_are_all_alike_there_is_a_page(suite: Path) -> None:
    folder, _ = run(suite, "--page", "--only", "lr", "--only", "average", out="alike")
    assert (folder / "report.html").exists()
