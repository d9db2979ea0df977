"""`bench_gate` in somebody's own repository: green, red with the table, and what it costs who does not use it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.gate import Cell, GateResult
from bench.pytest import BenchInconclusiveWarning, _choice, _gated, _tell
from tests.gate.runs import make_run, users_of
from tests.run.conftest import write_ratings

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = ROOT / "tests" / "fixtures" / "own_model_repo"


def python(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins"))),
        "BENCH_CACHE": str(repository / ".cache"),
        "COLUMNS": "100",
    }
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=False
    )


def run_pytest(repository: Path) -> subprocess.CompletedProcess[str]:
    return python(repository, "pytest", "-p", "bench.pytest", "-p", "no:cacheprovider")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a run of its model as the base."""
    folder = tmp_path_factory.mktemp("own") / "repository"
    shutil.copytree(REPOSITORY, folder)
    write_ratings(folder / "ratings.csv", users=150)
    made = python(folder, "bench.cli", "run", "suite.yaml", "--out", "results/baseline")
    assert made.returncode == 0, made.stderr
    return folder


def copy(repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(repository, tmp_path / "repository"))


@pytest.mark.slow
def test_what_did_not_change_is_green(repository: Path) -> None:
    result = run_pytest(repository)
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout


@pytest.mark.slow
def test_a_model_made_worse_is_red_with_the_table(repository: Path, tmp_path: Path) -> None:
    worse = copy(repository, tmp_path)
    model = worse / "item_rate.py"
    model.write_text(model.read_text("utf-8").replace("SIGN = 1.0", "SIGN = -1.0"), "utf-8")
    result = run_pytest(worse)
    assert result.returncode == 1
    assert "Regressed: of 2 figures 2 regressed" in result.stdout
    assert "item-rate logloss, item-rate auc: worse by more than the margin" in result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.slow
def test_a_base_that_lacks_a_method_is_red(repository: Path, tmp_path: Path) -> None:
    more = copy(repository, tmp_path)
    suite = more / "suite.yaml"
    text = suite.read_text("utf-8")
    model = "  item-rate: {use: item-rate}\n"
    assert model in text
    suite.write_text(text.replace(model, f"{model}  second: {{use: item-rate}}\n"), "utf-8")
    result = run_pytest(more)
    assert result.returncode == 1
    assert "Incomplete: of 4 figures 2 incomplete, 2 ok" in result.stdout
    assert "not in BASE: run the base anew" in result.stdout


@pytest.mark.slow
def test_without_a_base_nothing_is_run(repository: Path, tmp_path: Path) -> None:
    bare = copy(repository, tmp_path)
    shutil.rmtree(bare / "results")
    result = run_pytest(bare)
    assert result.returncode == 1
    assert "results/baseline" in result.stdout
    assert "Traceback" not in result.stdout


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'pandas', 'numpy', 'scipy', 'pydantic', 'rich', 'click'}"
    code = f"import sys, pytest; before = set(sys.modules); import bench.pytest; print({heavy} & (set(sys.modules) - before))"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "set()"


# -- what is refused before anything is run


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    folder = tmp_path / "results" / "baseline"
    make_run(folder, {"fm": users_of()})
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "records").symlink_to(folder / "records")
    return folder


def refused(baseline: Path, out: str, aspects: list[str]) -> str:
    """What the fixture says; its suite is not there, which a run would say."""
    root = baseline.parents[1]
    before = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
    with pytest.raises(pytest.fail.Exception) as failed:
        _gated(root / "suite.yaml", baseline, root / out, aspects, {"executor": "inline"})
    after = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
    assert after == before
    return str(failed.value)


@pytest.mark.parametrize(
    "out",
    [
        "results/baseline",
        "results/../results/baseline",
        "link",
        "link/records",
        "linked",
        "results/baseline/records",
        "results/baseline/again",
    ],
)
def test_a_run_over_the_base_is_refused(baseline: Path, out: str) -> None:
    told = refused(baseline, out, ["quality"])
    assert "would write over the base" in told
    assert "give `out` a folder beside it" in told


@pytest.mark.parametrize("out", ["results/candidate", "results/baseline-2", "results", "elsewhere"])
def test_a_run_beside_the_base_is_not(baseline: Path, out: str) -> None:
    assert "suite.yaml" in refused(baseline, out, ["quality"])


def test_a_base_where_a_run_keeps_its_records_is_refused(tmp_path: Path) -> None:
    base = tmp_path / "out" / "records"
    make_run(base, {"fm": users_of()})
    assert "would write over the base" in refused(base, "out", ["quality"])


def test_an_aspect_that_there_is_none_of_is_refused(baseline: Path) -> None:
    told = refused(baseline, "candidate", ["quality", "memmory"])
    assert told == "bench: unknown aspect 'memmory'; did you mean 'memory'?"


# -- an inconclusive gate

UNSETTLED = GateResult(
    "base", "candidate", (Cell("quality", "ml", "cold", "fm", "auc", "inconclusive", "one seed"),)
)


def test_an_inconclusive_gate_fails_and_says_how_to_let_it_pass() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"one seed[\s\S]*bench_inconclusive = warn"):
        _tell(UNSETTLED, "fail")


def test_an_inconclusive_gate_warns_where_that_is_asked_for() -> None:
    with pytest.warns(BenchInconclusiveWarning, match="Inconclusive: of 1 figure 1 inconclusive"):
        _tell(UNSETTLED, "warn")


@pytest.mark.parametrize("verdict", ["regressed", "incomplete"])
def test_nothing_else_is_let_pass(verdict: str) -> None:
    cell = Cell("quality", "ml", "cold", "fm", "auc", verdict, "why")  # type: ignore[arg-type]
    with pytest.raises(pytest.fail.Exception, match="why"):
        _tell(GateResult("base", "candidate", (cell,)), "warn")


def test_another_choice_is_refused() -> None:
    with pytest.raises(pytest.fail.Exception, match="fail or warn, not 'pass'"):
        _choice("pass")
