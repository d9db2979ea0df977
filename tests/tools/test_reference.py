"""Reference runs: what is kept of a run, and that docs/reference.md says what is kept."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.records import load
from tools.reference.keep import draw, keep
from tools.reference.page import page_of

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "results" / "golden"
KEPT = ROOT / "results" / "reference"
FIGURES = ROOT / "docs" / "reference"


def files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_a_kept_run_has_what_a_comparison_reads_and_no_arrays(tmp_path: Path) -> None:
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "of-before").touch()
    kept = keep(GOLDEN, tmp_path)
    assert kept == tmp_path / "golden"
    left_out = files(GOLDEN) - files(kept)
    assert left_out
    assert {name.split("/")[0] for name in left_out} <= {"blobs", "report.html"}
    assert files(kept) <= files(GOLDEN)
    assert all((kept / name).read_bytes() == (GOLDEN / name).read_bytes() for name in files(kept))
    for other in (GOLDEN, kept):
        compared = CliRunner().invoke(main, ["compare", str(kept), str(other)])
        assert compared.exit_code == 0, compared.output


def test_a_run_without_a_result_or_an_analysis_is_no_reference(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(GOLDEN, run)
    (run / "analysis.json").unlink()
    with pytest.raises(SystemExit, match="it has no analysis; run the suite again"):
        keep(run, tmp_path / "kept")
    next((run / "records").iterdir()).unlink()
    with pytest.raises(SystemExit, match="some trials have no result"):
        keep(run, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_page_has_each_run_with_its_answer_and_its_figures(tmp_path: Path) -> None:
    kept = keep(GOLDEN, tmp_path / "results")
    draw(GOLDEN, tmp_path / "docs" / "reference" / kept.name)
    page = page_of(tmp_path / "results", tmp_path / "docs" / "reference")
    assert "\n## golden\n" in page
    assert f"**{best(GOLDEN)} has the lowest log loss, " in page
    shown = images(page)
    assert shown
    assert all((tmp_path / "docs" / file).exists() for file in shown)


def test_the_committed_page_says_what_the_committed_runs_say() -> None:
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == page_of(KEPT, FIGURES)


@pytest.mark.parametrize("suite", ["movielens-100k", "movielens-1m-cold", "movielens-1m-warm"])
def test_each_shipped_suite_has_its_reference(suite: str) -> None:
    run = load(KEPT / suite)
    assert run.manifest["seeds"] == [0, 1, 2]
    assert run.analyses
    assert not run.lacking
    assert (KEPT / suite / "suite.yaml").exists()
    assert {file.suffix for file in (FIGURES / suite).rglob("*") if file.is_file()} == {".svg"}


def best(folder: Path) -> str:
    """Of the methods and base models of one dataset, that of the lowest mean log loss."""
    losses: dict[str, list[float]] = {}
    for record in load(folder).records:
        if record["kind"] != "bound":
            value = record["metrics"]["logloss"]["value"]
            losses.setdefault(record["trial"]["method"], []).append(value)
    return min(losses, key=lambda name: sum(losses[name]) / len(losses[name]))


def images(page: str) -> list[str]:
    return re.findall(r"!\[[^]]*\]\(([^)]+)\)", page)
