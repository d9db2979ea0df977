"""What holds for every command: help without imports, and one way to end."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.cli._group import LazyGroup
from bench.cli._output import printable
from bench.errors import PredictionError, StorageError, SuiteError

HEAVY = ["torch", "pandas", "scipy", "sklearn", "numpy"]


def imported_by(*arguments: str) -> set[str]:
    """Which heavy modules a command has imported when it is through."""
    script = (
        "import sys; from bench.cli import main\n"
        f"main({list(arguments)!r}, standalone_mode=False)\n"
        f"print('\\nimported', *[name for name in {[*HEAVY, 'pydantic']!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return set(result.stdout.rpartition("imported")[2].split())


@pytest.mark.parametrize(
    "arguments", [("--help",), ("list",), ("list", "--json"), ("describe", "--help")]
)
def test_help_and_list_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported_by(*arguments) == set()


@pytest.mark.parametrize("command", ["fetch", "info"])
def test_data_of_a_suite_are_prepared_without_torch(command: str, tmp_path: Path) -> None:
    suite = str(Path(__file__).parents[2] / "suites/golden.yaml")
    cache = ("--cache-dir", str(tmp_path / "cache"))
    assert "torch" not in imported_by("data", command, suite, *cache)
    assert list((tmp_path / "cache/data").iterdir())


@pytest.mark.parametrize("command", list(main.targets))
def test_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    assert imported_by(command, "--help") <= {"pydantic"}


@pytest.mark.parametrize(
    "module",
    [
        "bench",
        "bench.cli",
        "bench.registry",
        "bench.interfaces",
        "bench.hookspecs",
        "bench.settings",
        "bench.suite",
    ],
)
def test_the_light_modules_import_nothing_heavy(module: str) -> None:
    script = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert result.stdout.split() == []


def test_help_shows_every_command_and_its_summary() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    assert all(name in text and summary in text for name, (_, summary) in main.targets.items())


@pytest.mark.parametrize("command", list(main.targets))
def test_every_command_is_there_and_takes_traceback(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert "--traceback" in result.output


def group_that(end: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> LazyGroup:
    """A group whose one command `act` ends so."""
    monkeypatch.setattr(
        sys.modules[__name__], "act", click.Command("act", callback=end), raising=False
    )
    monkeypatch.setitem(sys.modules, "acting", sys.modules[__name__])
    return LazyGroup("bench", help="", targets={"act": ("acting:act", "")})


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SuiteError("wrong", file="s.yaml", line=2, column=3), 2, "s.yaml:2:3: wrong"),
        (PredictionError("12 of 40 logits are NaN"), 4, "12 of 40 logits are NaN"),
        (StorageError("cut short"), 5, "cut short"),
        (
            OSError(errno.ENOSPC, "No space left on device", "run/x"),
            5,
            "run/x: No space left on device; free some space, or choose another folder",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "run/x"),
            5,
            "run/x: Permission denied; make its folder writable, or choose another folder",
        ),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(
    error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = CliRunner().invoke(group_that(raising(error), monkeypatch), ["act"])
    assert result.exit_code == code
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_what_a_plugin_raises_and_is_no_exception_says_nothing_of_a_comparison(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1 is the code of a run that regressed."""
    result = CliRunner().invoke(group_that(raising(GeneratorExit()), monkeypatch), ["act"])
    assert result.exit_code == 70


def test_traceback_shows_where_an_error_was_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    group = group_that(raising(SuiteError("wrong")), monkeypatch)
    for arguments in (["act", "--traceback"], ["--traceback", "act"]):
        lines = CliRunner().invoke(group, arguments).stderr.splitlines()
        assert lines[0] == "Traceback (most recent call last):"
        assert lines[-1] == "wrong"


def test_a_bug_never_looks_like_a_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(
        group_that(raising(ZeroDivisionError("oops")), monkeypatch), ["act"]
    )
    assert result.exit_code == 70
    assert "ZeroDivisionError: oops" in result.stderr
    assert result.stderr.endswith("internal error: this is a bug of the harness or of a plugin\n")


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["check"], ["list", "shoes"], ["list", "--no-such-option"]]
)
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


@pytest.mark.fault(35)
def test_a_closed_pipe_is_quiet() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "bench.cli", "list"]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert result.returncode == 141
    assert result.stderr == ""


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert printable("a\x1b[2J\u202eb\r\n\x00c é 🙂") == "a\\x1b[2J\\u202eb\\r\n\\x00c é 🙂"


@pytest.mark.fault(43)
def test_an_error_cannot_paint_the_terminal(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(tmp_path / "\x1b[31mred.yaml")], color=True)
    assert result.exit_code == 2
    assert "\\x1b[31mred.yaml: no such file" in result.stderr
