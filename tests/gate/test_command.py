"""`bench gate`: exit codes, files, and what a runner of GitHub's reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from tests.gate.runs import make_run, users_of

WORSE = users_of(0.01, spread=0.01, between_seeds=2e-4, by=1)
HOSTILE = "::add-mask::x"


@pytest.fixture
def gate(tmp_path: Path) -> Callable[..., Result]:
    """Of a BASE that has `fm` and one with this name, and a CANDIDATE in which that one is what `losses` say."""

    def run(losses: Any, *options: str, name: str = "lr", **made: Any) -> Result:
        base, candidate = tmp_path / "base", tmp_path / "candidate"
        make_run(base, {"fm": users_of(), name: users_of()}, **made)
        methods = {"fm": users_of()} | ({} if losses is None else {name: losses})
        make_run(candidate, methods, **made)
        return CliRunner().invoke(main, ["gate", str(base), str(candidate), *options])

    return run


@pytest.mark.parametrize(
    ("losses", "made", "code", "first"),
    [
        (users_of(), {}, 0, "Fine: of 4 figures 4 ok"),
        (WORSE, {}, 1, "Regressed: of 4 figures 2 regressed, 2 ok"),
        (WORSE, {"seeds": (0,)}, 3, "Inconclusive: of 4 figures 2 inconclusive, 2 ok"),
        (None, {}, 4, "Incomplete: of 4 figures 2 incomplete, 2 ok"),
    ],
)
def test_the_exit_code_is_the_verdict(
    gate: Callable[..., Result], losses: Any, made: dict[str, Any], code: int, first: str
) -> None:
    result = gate(losses, **made)
    assert result.exit_code == code
    assert result.stdout.split("\n")[0] == first
    assert gate(losses, "--json", **made).exit_code == code


def test_json_has_every_cell(gate: Callable[..., Result]) -> None:
    found = json.loads(gate(WORSE, "--json").stdout)
    assert (found["verdict"], found["exit_code"], len(found["cells"])) == ("regressed", 1, 4)


def test_one_aspect_alone_is_judged(gate: Callable[..., Result]) -> None:
    found = json.loads(gate(WORSE, "--json", "--aspect", "memory", peak={"fm": 3e8}).stdout)
    assert [cell["measure"] for cell in found["cells"]] == ["peak_rss_bytes"]


def test_files_are_written_whatever_the_verdict(
    gate: Callable[..., Result], tmp_path: Path
) -> None:
    junit, markdown = tmp_path / "gate.xml", tmp_path / "gate.md"
    result = gate(WORSE, "--junit", str(junit), "--markdown", str(markdown))
    assert result.exit_code == 1
    assert ET.parse(junit).getroot().get("failures") == "2"
    assert markdown.read_text("utf-8").startswith("### 🔴 Regressed")
    assert gate(WORSE, "--markdown", "-").stdout == markdown.read_text("utf-8")


def test_a_file_that_can_not_be_written_ends_with_5(gate: Callable[..., Result]) -> None:
    result = gate(WORSE, "--junit", "/nowhere/gate.xml")
    assert result.exit_code == 5
    assert "/nowhere/gate.xml: can't be written" in result.stderr


def test_github_gets_a_summary_and_annotations(
    gate: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    result = gate(WORSE, "--github")
    assert result.exit_code == 1
    assert summary.read_text("utf-8").startswith("# before\n### 🔴 Regressed")
    assert "\n::error title=bench gate%3A regressed::ml/cold lr auc: worse by" in result.stdout


def test_a_name_that_reads_as_a_command_is_text(gate: Callable[..., Result]) -> None:
    """The table has names at the start of a line: a runner is told to read no command there."""
    text = gate(WORSE, "--github", name=HOSTILE).stdout
    (mark,) = re.findall(r"^::stop-commands::([0-9a-f]{32})$", text, re.MULTILINE)
    before, _, after = text.partition(f"::{mark}::\n")
    assert f"\n{HOSTILE} auc" in before
    assert HOSTILE not in after
    assert {line.split(" ")[0] for line in after.splitlines()} == {"::error"}


@pytest.mark.parametrize("other", ["base", "other/../base", "link"])
def test_a_folder_is_not_judged_by_itself(tmp_path: Path, other: str) -> None:
    base = tmp_path / "base"
    make_run(base, {"fm": users_of()})
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(base)
    for sides in ([base, tmp_path / other], [tmp_path / other, base]):
        result = CliRunner().invoke(main, ["gate", *map(str, sides)])
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"BASE and CANDIDATE are one folder, {sides[0]}" in result.stderr
        assert (
            "give CANDIDATE a folder of its own (`bench run SUITE --out FOLDER`)" in result.stderr
        )


def test_runs_that_can_not_be_compared_end_with_2_and_an_annotation(tmp_path: Path) -> None:
    def other(records: list[dict[str, Any]]) -> None:
        for record in records:
            record["identity"]["data"] = "e" * 64

    make_run(tmp_path / "base", {"fm": users_of()})
    make_run(tmp_path / "candidate", {"fm": users_of()}, edit=other)
    folders = str(tmp_path / "base"), str(tmp_path / "candidate")
    result = CliRunner().invoke(main, ["gate", *folders, "--github"])
    assert result.exit_code == 2
    assert result.stdout.startswith(
        "::error title=bench gate::BASE and CANDIDATE can't be compared"
    )


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("name", "what"), [("base-1.json", "a file"), ("main", "not there")])
def test_what_is_no_folder_asks_for_speed(
    tmp_path: Path, name: str, what: str, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(Path("run"), {"fm": users_of()})
    Path("base-1.json").write_text("{}", "utf-8")
    sides = ["run", "run"]
    sides[side] = name
    result = CliRunner().invoke(main, ["gate", *sides])
    assert result.exit_code == 2
    assert f"{name}: {what}, where the folder of a run belongs" in result.stderr
    assert "judged with --speed" in result.stderr
