"""A finished run that nothing has changed for is found again without its data and plugins; after any change it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.cli import run as command
from bench.records import load
from bench.records.status_file import RunNow, StatusFile
from bench.run import execution
from tests.run.conftest import write_ratings

PLUGIN = Path(__file__).parent.parent / "fixtures" / "light_plugin.py"
WORDS = "all 6 trials are recorded; nothing to run"


@pytest.fixture
def again(tmp_path, monkeypatch):
    """`bench run suite.yaml ...` in this process; whether it was run at all, or found."""
    plain, calls = command._run, []
    monkeypatch.setattr(command, "_run", lambda *given: (calls.append(1), plain(*given))[1])
    monkeypatch.chdir(tmp_path)

    def again(*arguments, code=0):
        calls.clear()
        folders = ("--out", "out", "--cache-dir", "cache")
        told = CliRunner().invoke(
            main, ["run", "suite.yaml", "--executor", "inline", *folders, *arguments]
        )
        assert told.exit_code == code, (told.output, told.exception)
        return bool(calls), told

    return again


def test_it_is_found_and_the_report_is_the_same(again, write_suite):
    write_suite()
    ran, first = again()
    assert ran
    ran, second = again()
    assert not ran
    assert second.stdout == first.stdout
    assert WORDS in second.stderr


def test_neither_torch_nor_pandas_nor_a_plugin_is_imported(write_suite, tmp_path):
    write_suite()
    script = (
        "import sys\n"
        "from bench.cli import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "names = ('torch', 'pandas', 'pyarrow', 'sklearn', 'bench_ctr', 'bench_data', 'bench.data', 'bench.worker')\n"
        "print([name for name in names if name in sys.modules])\n"
    )
    line = ["run", "suite.yaml", "--out", "out", "--cache-dir", "cache", "--executor", "inline"]

    def last_line():
        done = subprocess.run(
            [sys.executable, "-c", script, *line], capture_output=True, text=True, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    assert "'torch'" in last_line()
    assert last_line() == "[]"


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def edit_in_silence(path):
    """Another content of the same length, under the old time."""
    before = path.stat()
    content = path.read_bytes()
    path.write_bytes(content.replace(b",1,", b",0,", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


CHANGES = {
    "the suite": lambda: edit(Path("suite.yaml"), "epochs: 1", "epochs: 2"),
    "what it includes": lambda: edit(Path("part.yaml"), "folds: 2", "folds: 3"),
    "the data": lambda: write_ratings(Path("ratings.csv"), seed=4),
    "the data in silence": lambda: edit_in_silence(Path("ratings.csv")),
    "a plugin": lambda: edit(Path("mine.py"), "that is never read", "that nobody reads"),
    "a record": lambda: next(Path("out/records").iterdir()).unlink(),
    "a blob": lambda: next(Path("out/blobs").glob("*.npy")).unlink(),
    "a blob's content": lambda: next(Path("out/blobs").glob("*.npy")).write_bytes(b"x"),
    "a table": lambda: next(Path("out/blobs").glob("*.parquet")).unlink(),
    "the analysis": lambda: Path("out/analysis.json").unlink(),
    "the note": lambda: next(Path("cache/runs").iterdir()).write_text("{}"),
}


SAID_ELSEWHERE = {
    "what it includes",
    "the data",
    "a blob",
    "the analysis",
    "a table",
}  # of a like kind


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change, id=name, marks=[pytest.mark.slow] if name in SAID_ELSEWHERE else [])
        for name, change in CHANGES.items()
    ],
)
def test_after_a_change_it_is_run(again, write_suite, tmp_path, change):
    protocols = "  cold: {use: user-holdout, setting: cold, users: {train: 0.5, valid: 0.25, test: 0.25}, folds: 2}\n"
    text = write_suite().read_text("utf-8")
    head, _, rest = text.partition("protocols:\n")
    (tmp_path / "part.yaml").write_text(f"protocols:\n{protocols}", "utf-8")
    rest = rest[rest.index("\ntrain:") + 1 :]
    (tmp_path / "suite.yaml").write_text(
        head.replace("version: 1", "version: 1\ninclude: part.yaml\nplugins: [mine.py]") + rest, "utf-8"
    )  # fmt: skip
    (tmp_path / "mine.py").write_text(PLUGIN.read_text("utf-8"), "utf-8")
    assert again()[0]
    assert not again()[0]
    change()
    assert again()[0]
    assert load("out").manifest["status"] == "complete"
    assert not again()[0]


OPTIONS = [
    ("--threads", "2"), ("--seeds", "1"), ("--only", "lr"), ("--set", "train.epochs=2"), ("--rerun", "all"),
    ("--no-plugin-autoload",), ("--data-dir", "."), ("--plugins", str(PLUGIN)),
]  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=options[0], marks=[] if number < 3 else pytest.mark.slow)
        for number, options in enumerate(OPTIONS)
    ],
)
def test_another_command_is_run(again, write_suite, options):
    write_suite()
    again()
    assert again(*options)[0]


def test_a_slip_is_still_said(again, write_suite):
    write_suite()
    again()
    assert again("--executor", "lokal", code=2)[0]


def test_a_file_that_comes_before_another_is_read(again, write_suite, tmp_path):
    """Below the suite's folder, where the data folder's was read."""
    write_suite()
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "ratings.csv").rename(data / "ratings.csv")
    assert again("--data-dir", "data")[0]
    assert not again("--data-dir", "data")[0]
    write_ratings(tmp_path / "ratings.csv", seed=9)
    assert again("--data-dir", "data")[0]


def test_a_run_with_a_failure_is_tried_again(again, write_suite):
    faulty = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"
    write_suite(
        models="  lr: {use: lr}\n  bad: {use: faulty, fault: raise}",
        protocol="base_predictions: in-sample",
    )
    for _ in range(2):
        assert again("--plugins", str(faulty), code=4)[0]


def test_what_changes_while_it_runs_is_not_remembered(again, write_suite, tmp_path, monkeypatch):
    """Nobody knows which content was read."""
    write_suite()
    execute = execution._do
    monkeypatch.setattr(
        execution, "_do", lambda *given: (execute(*given), os.utime(tmp_path / "ratings.csv"))[0]
    )
    again()
    assert not list((tmp_path / "cache" / "runs").glob("*"))


def test_a_cache_without_the_note_does_no_harm(again, write_suite, tmp_path):
    write_suite()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "runs").write_text("a file in the way")
    assert again()[0]
    assert again()[0]


def test_what_a_killed_run_had_said_is_forgotten_when_nothing_is_left_to_do(
    again, write_suite, tmp_path
):
    """It came back with a copy of the folder, say."""
    write_suite()
    again()
    now = RunNow(pid=1, steps=2, ended=1, failed=0, trials=6, recorded=1, seconds=1.0, quiet_s=0.0)
    killed = StatusFile(tmp_path / "out")
    killed.write(now)
    killed._close()  # as its process's end does
    assert "ended without saying so" in CliRunner().invoke(main, ["status", "out"]).stdout
    ran, _ = again()
    assert not ran
    told = CliRunner().invoke(main, ["status", "out"])
    assert (told.exit_code, told.stdout) == (0, "out: complete: 6 of 6 trials have a result\n")
