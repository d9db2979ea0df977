"""What a gate found, in a terminal, as Markdown, as JUnit's XML, for GitHub: nothing that a name holds gets out."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from bench.gate import Cell, GateResult
from bench.gate.print import annotation_lines, gate_blocks, summary, to_junit, to_markdown
from bench.report import print_blocks

HOSTILE = "x\n::error::y\r\n| <script>alert(1)</script> @all \x1b[31m\x00\ud800 %0A::set-output name=a::b ]]> \u202e"


def cell(
    verdict: str = "regressed", method: str = "fm", reason: str = "why", **more: object
) -> Cell:
    figures = {
        "base": 0.7,
        "candidate": 0.69,
        "change": 0.01,
        "low": 0.005,
        "high": 0.015,
        "margin": 2e-3,
    }
    aspect = more.pop("aspect", "quality")
    measure = more.pop("measure", "auc")
    return Cell(aspect, "ml", "cold", method, measure, verdict, reason, **(figures | more))  # type: ignore[arg-type]


def result(*cells: Cell, **more: object) -> GateResult:
    return GateResult("results/base", "results/candidate", cells, **more)  # type: ignore[arg-type]


EACH = result(
    cell("regressed", reason="worse by more than the margin, beyond chance"),
    cell("inconclusive", "lr", "one seed"),
    cell("incomplete", "nfm", "not in CANDIDATE", base=None, candidate=None, change=None, low=None),
    cell("better", "dcn-v2"),
    cell("ok", "deepfm"),
    cell("ok", "deepfm", aspect="memory", measure="peak_rss_bytes", base=3e8, candidate=3.1e8),
    differs=("Python: 3.11 -> 3.12", "code: fm (pkg): abc -> def"),
    notes=("A note.",),
)
WORST = result(
    *(cell(verdict, HOSTILE, HOSTILE) for verdict in ("regressed", "inconclusive", "incomplete")),
    differs=(f"{HOSTILE}: a -> b",),
    notes=(HOSTILE,),
)


def in_terminal(found: GateResult, *, every: bool = False) -> str:
    console = Console(file=io.StringIO(), width=80)
    print_blocks(gate_blocks(found, every=every), console)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_the_verdict_is_first_and_what_is_ok_is_counted() -> None:
    text = in_terminal(EACH)
    counts = "1 incomplete, 1 regressed, 1 inconclusive, 1 better, 2 ok"
    assert " ".join(text.split()).startswith(f"Incomplete: of 6 figures {counts}")
    assert "deepfm" not in text
    assert text.index("nfm auc") < text.index("fm auc  .7000") < text.index("lr auc")
    assert "fm auc: worse by more than the margin, beyond chance." in text


def test_all_shows_what_is_ok_too() -> None:
    text = in_terminal(EACH, every=True)
    assert "Fine, memory: ml / cold" in text
    assert "deepfm peak RSS  300.0 MB   310.0 MB" in text


@pytest.mark.parametrize("found", [EACH, WORST], ids=["plain", "hostile"])
def test_no_line_is_wider_than_the_terminal(found: GateResult) -> None:
    assert max(map(len, in_terminal(found, every=True).split("\n"))) <= 80


def test_nothing_measured_is_said() -> None:
    assert summary(result()) == "Incomplete: nothing was measured"
    assert "Incomplete: nothing was measured" in to_markdown(result())
    assert ET.fromstring(to_junit(result())).get("errors") == "1"
    assert list(annotation_lines(result())) == [
        "::error title=bench gate%3A incomplete::Incomplete: nothing was measured"
    ]


def test_a_cell_without_dataset_has_no_empty_place() -> None:
    speed = Cell(
        "throughput", "", "", "", "train fm", "regressed", "slower", 1.0, 1.3, 0.3, 0.2, 0.4, 0.1
    )
    text = in_terminal(result(speed))
    assert "Regressed, throughput\n" in text
    assert "train fm     1        1.3   +30.0 %  [+20.0 %, +40.0 %]  10.0 %" in text


# -- JUnit


def test_junit_has_a_test_case_a_cell() -> None:
    suite = ET.fromstring(to_junit(EACH)).find("testsuite")
    assert suite is not None
    numbers = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert numbers == {"tests": "6", "failures": "1", "errors": "1", "skipped": "1"}
    kinds = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert kinds["fm auc"] == ["failure"]
    assert kinds["lr auc"] == ["skipped"]
    assert kinds["nfm auc"] == ["error"]
    assert kinds["deepfm auc"] == []
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "regressed: worse by more than the margin, beyond chance"
    assert "worse by +.0100 [+.0050, +.0150], margin .0020" in (failure.text or "")


def test_junit_of_hostile_names_is_xml() -> None:
    tree = ET.fromstring(to_junit(WORST).encode("utf-8"))
    assert len(list(tree.iter("testcase"))) == 3
    assert not list(tree.iter("script"))
    assert "\x1b" not in to_junit(WORST)


# -- Markdown


def test_markdown_leads_with_a_light() -> None:
    assert to_markdown(EACH).startswith("### 🔴 Incomplete: of 6 figures")
    assert to_markdown(result(cell("ok"))).startswith("### 🟢 Fine: of 1 figure 1 ok")
    assert to_markdown(result(cell("inconclusive"))).startswith("### 🟡 Inconclusive")


def test_markdown_of_hostile_names_is_text() -> None:
    text = to_markdown(WORST, every=True)
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    assert "<script" not in html
    assert "@all" not in text
    assert {len(row.split(" | ")) for row in text.split("\n") if row.startswith("| ")} == {6}


def test_markdown_fits_a_comment() -> None:
    many = result(*(cell("regressed", f"m{i}", f"reason {i} " * 30) for i in range(2000)))
    assert len(to_markdown(many, every=True)) < 65_536


# -- GitHub


def test_annotations_are_errors_and_warnings() -> None:
    lines = list(annotation_lines(EACH))
    assert lines == [
        "::error title=bench gate%3A regressed::ml/cold fm auc: worse by more than the margin, beyond chance (worse by "
        "+.0100, margin .0020)",
        "::error title=bench gate%3A incomplete::ml/cold nfm auc: not in CANDIDATE",
        "::warning title=bench gate%3A inconclusive::ml/cold lr auc: one seed (worse by +.0100, margin .0020)",
    ]


def test_a_hostile_name_gives_no_command_of_its_own() -> None:
    lines = list(annotation_lines(WORST))
    assert len(lines) == 3
    for line in lines:
        level, message = line[2:].split("::", 1)
        assert level.split(" ")[0] in ("error", "warning")
        assert not {"\n", "\r", "::"} & set(message)
        assert "::" not in message
        assert "%0A" not in message.replace("%250A", "")


def test_annotations_have_an_end() -> None:
    many = result(*(cell("regressed", f"m{i}") for i in range(500)))
    assert len(list(annotation_lines(many))) == 10
