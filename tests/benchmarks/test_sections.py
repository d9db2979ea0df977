"""Sections of the performance page: measured small, they have the columns that they announce."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.peers.results import kept
from benchmarks.sections.rounds import in_rounds, times_as_fast


def test_works_take_turns_and_the_first_round_does_not_count():
    done = []
    seconds = in_rounds({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, rounds=2)
    assert "".join(done) == "ababab"
    assert [len(rounds) for rounds in seconds.values()] == [2, 2]


def test_a_ratio_has_an_interval_where_rounds_differ():
    assert times_as_fast([2.0, 4.0], [1.0, 2.0]) == "2.00 [2.00, 2.00]"
    assert times_as_fast([3.0], [1.0]) == "3.00"


@pytest.mark.slow
def test_every_section_is_measured_and_on_the_page(tmp_path):
    page = tmp_path / "performance.md"
    command = ["-m", "benchmarks.sections", "--quick", "--rounds", "1", "--page", str(page)]
    subprocess.run([sys.executable, *command], check=True)
    for name in ("growth", "prepare", "metrics", "meta-step", "suites"):
        found = kept(page, name)
        assert {len(row) for row in found["rows"]} == {len(found["head"])}
        assert found["rows"][-1][0] in page.read_text("utf-8")
