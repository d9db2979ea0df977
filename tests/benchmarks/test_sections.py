"""Sections of the performance page: measured small, they have the columns that they announce."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.peers.page import PAGE, write_page
from benchmarks.peers.results import keep, kept
from benchmarks.sections import __main__ as command
from benchmarks.sections.rounds import in_rounds, times_as_fast
from tests.benchmarks.measured import MACHINE


def test_works_take_turns_and_the_first_round_does_not_count():
    done = []
    seconds = in_rounds({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, rounds=2)
    assert "".join(done) == "ababab"
    assert [len(rounds) for rounds in seconds.values()] == [2, 2]


def test_a_ratio_has_an_interval_where_rounds_differ():
    assert times_as_fast([2.0, 4.0], [1.0, 2.0]) == "2.00 [2.00, 2.00]"
    assert times_as_fast([3.0], [1.0]) == "3.00"


@pytest.fixture
def asked(monkeypatch):
    """What sections were measured with; they measure nothing."""
    calls = []

    def fake(name):
        def measure(rounds, quick, **also):
            calls.append((name, rounds, quick, also))
            return {"machine": MACHINE, "head": ["a"], "rows": [[f"of {name}"]]}

        return measure

    for name, section in command.SECTIONS.items():
        monkeypatch.setitem(command.SECTIONS, name, section._replace(measure=fake(name)))
    monkeypatch.setattr(command, "one_thread", lambda: None)
    return calls


def test_it_says_what_it_measures_and_where_it_wrote(asked, tmp_path, capsys):
    page = tmp_path / "page.md"
    command.main(["metrics", "growth", "metrics", "--page", str(page)])
    assert [call[:3] for call in asked] == [("metrics", 5, False), ("growth", 5, False)]
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "metrics: AUC and AUC by user of a million rows"
    assert said[1] == f"metrics: {tmp_path / 'page' / 'metrics.json'} and {page} are written"
    assert len(said) == 4
    assert "| of growth |" in page.read_text("utf-8")


def test_without_a_name_all_are_measured(asked, tmp_path):
    command.main(["--page", str(tmp_path / "page.md")])
    assert [call[0] for call in asked] == list(command.SECTIONS)


def test_the_page_shows_the_command_that_was_given(asked, tmp_path):
    page = tmp_path / "my page.md"
    (tmp_path / "suites").mkdir()
    words = ["metrics", "suites", "--quick", "--rounds", "2", "--beside", str(tmp_path)]
    command.main([*words, "--page", str(page)])
    text = page.read_text("utf-8")
    assert f"$ python -m benchmarks.sections metrics --rounds 2 --quick --page '{page}'" in text
    assert "$ python -m benchmarks.sections suites --quick --beside CHECKOUT --page" in text
    assert "of `--quick`: Metrics, Whole suites." in text
    assert [call[3] for call in asked] == [{}, {"beside": tmp_path}]


def test_the_committed_page_is_measured_by_a_name_alone():
    asked = command._parser().parse_args(["metrics"])
    assert asked.page == PAGE
    assert command._command("metrics", asked) == "python -m benchmarks.sections metrics"


def test_quick_replaces_no_exact_figures(asked, tmp_path):
    page = tmp_path / "page.md"
    command.main(["metrics", "--page", str(page)])
    with pytest.raises(SystemExit, match=r"exact figures of .*metrics\.json.*--page"):
        command.main(["metrics", "--quick", "--page", str(page)])
    command.main(["growth", "--quick", "--page", str(page)])
    command.main(["growth", "--quick", "--page", str(page)])
    command.main(["growth", "--page", str(page)])
    assert kept(page, "growth")["quick"] is False
    assert "--quick" not in page.read_text("utf-8")


def test_a_page_that_would_lose_something_is_refused_before_anything_is_measured(asked, tmp_path):
    page = tmp_path / "page.md"
    keep(page, "metrics", {"machine": MACHINE, "head": ["a"], "rows": [["x"]]})
    written = write_page(page)
    (tmp_path / "page" / "metrics.json").unlink()
    with pytest.raises(SystemExit, match="shows 'Metrics'"):
        command.main(["growth", "--page", str(page)])
    assert asked == []
    assert page.read_text("utf-8") == written
    assert not list((tmp_path / "page").iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["metrix"], "no section 'metrix'; did you mean 'metrics'? There are growth, prepare, "),
        (["[]"], "no section '[]'; There are growth"),
        (["metrics", "--rounds", "0"], "'0' rounds; give a number, at least 1"),
        (["metrics", "--rounds", "many"], "'many' rounds"),
        (["metrics", "--beside", "tests/.."], "--beside is for suites, not for metrics"),
        (["suites", "--beside", "tests"], "tests has no folder suites"),
    ],
)
def test_what_cannot_be_asked_for(asked, words, said, capsys, monkeypatch):
    monkeypatch.chdir(command.suites.ROOT)
    with pytest.raises(SystemExit):
        command.main(words)
    assert said in capsys.readouterr().err
    assert asked == []


def test_help_names_every_section_and_option(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    for name, section in command.SECTIONS.items():
        assert f"{name} {section.about}" in said
    assert "the folder of its name without suffix" in said
    assert "prepare and suites run once" in said
    assert "[]" not in said


@pytest.mark.slow
def test_every_section_is_measured_and_on_the_page(tmp_path):
    page = tmp_path / "performance.md"
    command = ["-m", "benchmarks.sections", "--quick", "--rounds", "1", "--page", str(page)]
    subprocess.run([sys.executable, *command], check=True)
    for name in ("growth", "prepare", "metrics", "meta-step", "suites"):
        found = kept(page, name)
        assert {len(row) for row in found["rows"]} == {len(found["head"])}
        assert found["rows"][-1][0] in page.read_text("utf-8")
        if (
            name == "growth"
        ):  # it was a difference of two fits once, and below 0 where tables were large
            assert all(float(cell.replace(",", "")) > 0 for row in found["rows"] for cell in row)
