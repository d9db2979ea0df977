"""The one command, with next to nothing to measure."""

from __future__ import annotations

import json

import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers import measuring
from benchmarks.peers.cases import CURVES, EPOCHS
from benchmarks.peers.environments import InstallError, python_of
from benchmarks.peers.libraries import OURS
from benchmarks.peers.results import keep

SPEEDS = {"triad": 1e10, "gather, 10 k table rows of 1": 1e10, "float32 GEMM": 1e11}


def no_other(library, home):
    if library.name != OURS:
        raise InstallError("no CMake")
    return python_of(library, home)


@pytest.mark.slow
def test_it_measures_and_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "EPOCHS", EPOCHS[:1])
    curves = [c for c in CURVES if c.library in (OURS, "xLearn") and c.model.kind == "lr"]
    monkeypatch.setattr(command, "CURVES", curves[1:])
    monkeypatch.setattr(command, "speeds", lambda widths: SPEEDS if widths == {1} else {})
    monkeypatch.setattr(command, "one_thread", lambda: None)
    monkeypatch.setattr(measuring, "python_of", no_other)
    monkeypatch.delenv("BENCH_DATA", raising=False)
    wanted = ["--out", str(tmp_path), "--home", str(tmp_path), "--only", "xLearn"]
    command.main([*wanted, "--rows", "20000", "--repeats", "1"])

    folder = tmp_path / "performance"
    page = (tmp_path / "performance.md").read_text("utf-8")
    assert "| LR | 2,048 | metaselector-bench | " in page
    assert "| xLearn | not installed: no CMake |" in page
    assert page.count("Not measured.") == 5
    assert (folder / "auc-lr.svg").is_file()
    (line,) = json.loads((folder / "curves.json").read_text())["lines"]
    assert line["points"][-1]["auc"] > 0.6
    (limit,) = json.loads((folder / "limits.json").read_text())["rows"]
    assert 0 < limit["least_s"]["table rows"] < limit["measured_s"] < 1e-3
    assert "numba" in json.loads((folder / "libraries.json").read_text())["versions"][OURS]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rows", "100"], "too few to time"),
        (["--repeats", "0"], "at least 1"),
        (["--only", "sklearn"], "invalid choice: 'sklearn'"),
    ],
)
def test_what_cannot_be_asked_for(words, said, capsys):
    with pytest.raises(SystemExit):
        command.main(words)
    assert said in capsys.readouterr().err


def test_a_page_that_would_be_lost_is_refused_before_anything_is_installed(tmp_path, monkeypatch):
    page = tmp_path / "performance.md"
    page.write_text("# My notes\n", "utf-8")
    monkeypatch.setattr(command, "one_thread", lambda: None)
    monkeypatch.setattr(command, "installed", lambda *_: pytest.fail("installed"))
    for words in ([], ["--limits"]):
        with pytest.raises(SystemExit, match="was not written by this command"):
            command.main(["--out", str(tmp_path), *words])
    assert page.read_text("utf-8") == "# My notes\n"


def test_limits_are_measured_again_for_epochs_that_are_kept(tmp_path, monkeypatch, capsys):
    wanted = ["--out", str(tmp_path), "--limits"]
    with pytest.raises(SystemExit, match="no epochs are kept"):
        command.main(wanted)
    monkeypatch.setattr(command, "EPOCHS", EPOCHS[:1])
    monkeypatch.setattr(command, "speeds", lambda widths: SPEEDS if widths == {1} else {})
    monkeypatch.setattr(command, "one_thread", lambda: None)
    run = {"points": [{"cpu_s": 0.5}]}
    epoch = {"library": OURS, "model": "LR", "batch": 2048, "rows": 10_000, "runs": [run]}
    data = {
        "name": "generated",
        "fields": ["a"],
        "sizes": [3],
        "train_rows": 10_000,
        "test_rows": 0,
    }
    keep(tmp_path / "performance.md", "epochs", {"data": data, "repeats": 1, "rows": [epoch]})
    monkeypatch.setattr(command, "write_page", lambda page: page)
    command.main(wanted)
    (limit,) = json.loads((tmp_path / "performance" / "limits.json").read_text())["rows"]
    assert limit["measured_s"] == 0.5 / 10_000
    # one kind of row: 8 fields of one number, read forward, and read and written backward; Adam beside
    assert limit["looked_up"] > 3 * 4 * 8
