"""Tables of the command line."""

from __future__ import annotations

import io

import click
import pytest

from bench.cli._table import echo_table

HOSTILE = ("\x1b[31mred", "[bold]markup[/bold]", "two\nlines", "x" * 200)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.fault(35)
def test_a_piped_table_is_aligned_and_plain(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table(("name", "kind"), [("a", "model"), ("longer-name", "selector")])
    assert (
        capsys.readouterr().out == "name         kind\na            model\nlonger-name  selector\n"
    )


@pytest.mark.fault(43)
def test_hostile_cells_stay_on_their_line(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table(("name",), [(cell,) for cell in HOSTILE])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["name", "\\x1b[31mred", "[bold]markup[/bold]", "two lines", "x" * 200]


@pytest.mark.fault(35, 43)
def test_a_terminal_shows_hostile_cells_whole_within_its_width(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    echo_table(("name",), [(cell,) for cell in HOSTILE])
    text = click.unstyle(terminal.getvalue())
    assert "\\x1b[31mred" in text
    assert "[bold]markup[/bold]" in text
    assert text.count("x") >= 200
    assert max(map(len, text.splitlines())) <= 40
