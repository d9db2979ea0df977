"""`bench check`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import main

Bench = Callable[..., Result]
HOOK = "from bench import hookimpl\n@hookimpl\n"


def test_a_suite_that_is_right_is_counted(bench: Bench, suite: Path) -> None:
    result = bench("check", suite)
    assert result.exit_code == 0
    assert (
        result.stdout
        == f"{suite}: OK: 1 dataset x 1 protocol x (1 method + 2 base models + 2 bounds) x 2 seeds = 10 trials\n"
    )
    assert result.stderr == ""


def test_json(bench: Bench, suite: Path) -> None:
    assert json.loads(bench("check", suite, "--json").stdout) == {
        "suite": "small",
        "datasets": 1,
        "protocols": 1,
        "methods": 1,
        "base_models": 2,
        "bounds": 2,
        "seeds": 2,
        "trials": 10,
        "unavailable": [],
        "notes": [],
    }


def test_a_suite_of_base_models_alone_has_no_methods_to_count(bench: Bench, suite: Path) -> None:
    suite.write_text(
        suite.read_text("utf-8").replace("methods:\n  gating: {selector: {use: gate}}\n", ""),
        "utf-8",
    )
    assert bench("check", suite).stdout.endswith(
        "x (2 base models + 2 bounds) x 2 seeds = 8 trials\n"
    )


def test_every_error_is_told_and_exits_2(bench: Bench, suite: Path) -> None:
    suite.write_text(
        suite.read_text("utf-8")
        .replace("{use: net}", "{use: net, droput: 0}")
        .replace("gate", "gaet"),
        "utf-8",
    )
    result = bench("check", suite)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{suite}:9:19: unknown parameter 'droput' of base model 'net'; did you mean 'dropout'?",
        f"{suite}:11:28: unknown selector 'gaet'; did you mean 'gate'? or is it in a file? give it with --plugins FILE, or "
        "under `plugins:`",
    ]


def test_every_error_as_json(bench: Bench, suite: Path) -> None:
    suite.write_text(
        suite.read_text("utf-8")
        .replace("{use: net}", "{use: net, droput: 0}")
        .replace("gate", "gaet"),
        "utf-8",
    )
    result = bench("check", suite, "--json")
    assert result.exit_code == 2
    told = json.loads(result.stdout)
    assert told["exit_code"] == 2
    assert [(one["file"], one["line"], one["column"]) for one in told["errors"]] == [
        (str(suite), 9, 19),
        (str(suite), 11, 28),
    ]
    assert (
        told["errors"][0]["message"]
        == "unknown parameter 'droput' of base model 'net'; did you mean 'dropout'?"
    )
    assert len(result.stderr.splitlines()) == 2


def test_an_error_without_a_place_as_json(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["compare", str(tmp_path), str(tmp_path), "--json"])
    assert result.exit_code == 2
    (error,) = json.loads(result.stdout)["errors"]
    assert (error["file"], error["line"], error["column"]) == (None, None, None)
    assert f"{error['message']}\n" == result.stderr


def test_a_quarantined_plugin_that_the_suite_does_not_use_is_a_warning(
    bench: Bench, suite: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import no_such_module\n", "utf-8")
    result = bench("check", suite, "--plugins", bad)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: plugin {bad} is quarantined: ModuleNotFoundError")


@pytest.mark.fault(1)
@pytest.mark.parametrize(
    "content",
    [
        "import no_such_module\nNAME = 'gone'\n",
        HOOK + "def bench_models(): return {'gone': 'no_such_module:A'}\n",
    ],
    ids=["quarantined", "unavailable"],
)
def test_a_plugin_that_the_suite_uses_and_that_is_not_there_exits_4(
    bench: Bench, suite: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "bad.py").write_text(content, "utf-8")
    suite.write_text(
        suite.read_text("utf-8").replace("{use: net}", "{use: gone}") + "plugins: [bad.py]\n",
        "utf-8",
    )
    result = bench("check", suite)
    assert result.exit_code == 4
    assert (
        result.stdout
        == f"{suite}: incomplete: 1 dataset x 1 protocol x (1 method + 2 base models + 2 bounds) x 2 seeds = 10 trials\n"
    )
    assert f"{suite}: base model 'gone'" in result.stderr
    assert "No module named 'no_such_module'" in result.stderr


def test_one_seed_is_noted_and_no_fault(bench: Bench, suite: Path) -> None:
    result = bench("check", suite, "--set", "seeds=[0]")
    assert result.exit_code == 0
    assert (
        result.stdout
        == f"{suite}: OK: 1 dataset x 1 protocol x (1 method + 2 base models + 2 bounds) x 1 seed = 5 trials\n"
    )
    assert result.stderr.startswith(f"{suite}: note: one seed: ")
    assert "verdicts over seeds will be withheld" in result.stderr
    assert (
        len(json.loads(bench("check", suite, "--set", "seeds=[0]", "--json").stdout)["notes"]) == 1
    )


def test_values_set_on_the_command_line_are_checked_and_counted(bench: Bench, suite: Path) -> None:
    result = bench(
        "check",
        suite,
        "--set",
        "grid={base_models.trees.depth: [1, 2, 3]}",
        "--set",
        "seeds=[0, 1, 2]",
    )
    assert result.stdout.endswith("x (1 method + 4 base models + 2 bounds) x 3 seeds = 21 trials\n")
    result = bench("check", suite, "--set", "base_models.trees.deptj=1")
    assert result.exit_code == 2
    assert result.stderr == (
        "--set base_models.trees.deptj=1: unknown parameter 'deptj' of base model 'trees'; did you mean 'depth'?\n"
    )


@pytest.mark.fault(38)
def test_a_million_trials_are_refused_by_their_count(bench: Bench, suite: Path) -> None:
    numbers = list(range(1, 101))
    grid = {f"base_models.net.{key}": numbers for key in ("dropout", "hidden", "clip")}
    result = bench("check", suite, "--set", f"grid={json.dumps(grid)}")
    assert result.exit_code == 2
    assert "1,000,002 methods x 2 seeds = 2,000,004 trials; at most 10,000" in result.stderr
