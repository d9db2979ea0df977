"""Standard output is the answer and nothing else, and that it can't be written is never taken for a verdict."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

LOUD = Path(__file__).parents[1] / "fixtures" / "loud_plugin.py"
PLUGINS = ("--plugins", str(LOUD), "--no-plugin-autoload")
SUITE = """\
version: 1
name: loud
datasets:
  data: {use: loud-data}
protocols:
  cold: {use: user-holdout, setting: cold, users: {train: 0.6, valid: 0.2, test: 0.2}, base_predictions: in-sample}
base_models:
  theirs: {use: loud}
seeds: [0]
metrics: [loud-mean]
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench.cli", *arguments]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, made with a loud plugin; `first` holds its answer."""
    folder = tmp_path_factory.mktemp("loud")
    (folder / "suite.yaml").write_text(SUITE, "utf-8")
    folders = ("--out", "out", "--cache-dir", "cache")
    ran = subprocess.run(
        command("run", "suite.yaml", "--json", *folders, *PLUGINS),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    (folder / "first").write_text(ran.stdout, "utf-8")
    return folder


RUN = ("run", "suite.yaml", "--out", "again", "--rerun", "all", "--cache-dir", "cache")
COMMANDS = {
    "list": ("list",),
    "check": ("check", "suite.yaml"),
    "describe": ("describe", "loud"),
    "data info": ("data", "info", "loud-data", "--cache-dir", "fresh"),
    "data list": ("data", "list", "--cache-dir", "cache"),
    "plan": ("plan", "suite.yaml", "--cache-dir", "cache"),
    "run inline": (*RUN, "--executor", "inline"),
    "test-plugin": ("test-plugin", "loud"),
}
USUALLY_TRIED = ("check", "test-plugin")


@pytest.mark.fault(11)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in USUALLY_TRIED else pytest.mark.slow)
        for name in COMMANDS
    ],
)
def test_json_is_one_document_whatever_plugins_print(done: Path, name: str) -> None:
    result = subprocess.run(
        command(*COMMANDS[name], "--json", *PLUGINS),
        cwd=done,
        capture_output=True,
        text=True,
        check=False,
    )
    # its import puts another stream in the place of standard output, which the kit does not pass
    assert result.returncode == (1 if name == "test-plugin" else 0), result.stderr
    assert isinstance(json.loads(result.stdout), dict)
    ways = ("print", "write", "real", "descriptor", "printf", "child", "thread")
    # several processes write at once, so what one of them says may share a line with another's
    assert [way for way in ways if f"{way} import" not in result.stderr] == []
    assert "at exit" not in result.stderr, "no stranger's code runs where a command ends"


@pytest.mark.fault(11)
def test_a_run_in_other_processes_answers_with_one_document_too(done: Path) -> None:
    assert json.loads((done / "first").read_text("utf-8"))["exit_code"] == 0


@pytest.mark.fault(11)
def test_an_answer_for_people_has_no_line_of_a_plugin_either(done: Path) -> None:
    result = subprocess.run(
        command("describe", "loud", *PLUGINS), cwd=done, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[1:] == [
        "The rate of what it was fitted on.",
        "",
        "no parameters",
    ]


def test_an_error_is_said_after_a_plugin_has_closed_its_standard_output(done: Path) -> None:
    result = subprocess.run(
        command("describe", "quiet", *PLUGINS), cwd=done, capture_output=True, text=True
    )
    assert result.returncode == 2
    assert any("'quiet'" in line for line in result.stderr.splitlines()), result.stderr
    assert result.stdout == ""


def test_an_encoding_that_lacks_a_character_is_no_error(done: Path) -> None:
    result = subprocess.run(
        command("describe", "lr"),
        cwd=done,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert result.stdout.startswith(b"lr \\xb7 base model")


def test_a_wrong_command_line_is_json_too(done: Path) -> None:
    result = subprocess.run(
        command("report", "no-such-run", "--json", "--no-such-option"),
        cwd=done,
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(result.stdout)
    assert result.returncode == answer["exit_code"] == 2
    assert "--no-such-option" in answer["errors"][0]["message"]


# -- output that can't be written

ANSWERS = {
    "help": ("--help",),
    "list": ("list",),
    "check --json": ("check", "suite.yaml", "--json", *PLUGINS),
    "an error --json": ("check", "no-such-suite.yaml", "--json"),
    "report": ("report", "out"),
    "compare": ("compare", "out", "out"),
}


@pytest.mark.fault(22, 35)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("name", ANSWERS)
def test_no_space_for_the_answer_is_5_and_one_line(done: Path, name: str) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            command(*ANSWERS[name]), cwd=done, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 5
    *before, line = [each for each in result.stderr.splitlines() if "output:" in each]
    assert line == "output: No space left on device; free some space, or write it elsewhere"
    assert before == []
    assert "Traceback" not in result.stderr


@pytest.mark.fault(35)
@pytest.mark.parametrize("name", ["help", "list", "an error --json", "report", "compare"])
def test_a_reader_that_goes_away_is_141_and_quiet(done: Path, name: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        command(*ANSWERS[name]), cwd=done, stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert result.returncode == 141
    assert "Traceback" not in result.stderr
    assert "Broken pipe" not in result.stderr


@pytest.mark.fault(35)
def test_a_command_whose_errors_nobody_reads_ends_so_too(done: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    for arguments in (("check", "no-such-suite.yaml"), ("list", "--wrong")):
        result = subprocess.run(command(*arguments), cwd=done, stdout=writer, stderr=writer)
        assert result.returncode == 141
    os.close(writer)


@pytest.mark.fault(22, 35)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("report", "out"), 0), (("check", "no-such-suite.yaml"), 2), (("list", "--wrong"), 2)],
)
def test_no_space_for_what_is_said_beside_the_answer_changes_nothing(
    done: Path, arguments: tuple[str, ...], code: int
) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(command(*arguments), cwd=done, stdout=subprocess.PIPE, stderr=full)
    assert result.returncode == code


@pytest.mark.fault(35)
def test_standard_output_that_is_closed_is_said(done: Path) -> None:
    shell = ["sh", "-c", '"$@" >&-', "sh", *command("list")]
    result = subprocess.run(shell, cwd=done, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 5
    assert result.stderr.startswith("output: standard output is closed")


@pytest.mark.fault(35)
def test_a_terminal_s_own_width_is_that_of_the_answer(done: Path) -> None:
    """Standard error and input may be no terminal, or another."""
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "cols", "60"], stdin=theirs, check=True)
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    process = subprocess.Popen(
        command("report", "out"),
        cwd=done,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**environment, "TERM": "xterm"},
    )
    os.close(theirs)
    lines = re.sub(r"\x1b\[[\d;]*m", "", _all_of(ours)).splitlines()
    assert process.wait() == 0
    assert 50 < max(map(len, lines)) <= 60


def _all_of(terminal: int) -> str:
    """What was written on a terminal until its last writer closed it."""
    shown = b""
    with open(terminal, "rb", buffering=0) as stream:
        try:
            while chunk := stream.read(65536):
                shown += chunk
        except OSError:  # Linux's end of a pseudo-terminal
            pass
    return shown.decode()
