"""The one command, with next to nothing to measure."""

from __future__ import annotations

import json

import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers import measuring
from benchmarks.peers.cases import CURVES, EPOCHS
from benchmarks.peers.environments import InstallError, python_of
from benchmarks.peers.libraries import OURS

SPEEDS = {"triad": 1e10, "gather, 10 k table rows": 1e10, "float32 GEMM": 1e11}


def no_other(library, home):
    if library.name != OURS:
        raise InstallError("no CMake")
    return python_of(library, home)


@pytest.mark.slow
def test_it_measures_and_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "EPOCHS", EPOCHS[:1])
    curves = [c for c in CURVES if c.library in (OURS, "xLearn") and c.model.kind == "lr"]
    monkeypatch.setattr(command, "CURVES", curves[1:])
    monkeypatch.setattr(command, "speeds", lambda: SPEEDS)
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
