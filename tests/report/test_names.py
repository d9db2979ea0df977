"""Names from users' files and messages of plugins: shown as text, wherever they come from and whatever reads the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len
from rich.console import Console

from bench.cli._common import echo_json
from bench.records import Run
from bench.report import (
    Report,
    build,
    document,
    print_blocks,
    short,
    to_json,
    to_latex,
    to_markdown,
)
from tests.report.conftest import failed
from tests.report.latex import needs_latex, typeset

MakeRun = Callable[..., Run]

NAMES = {
    "image": "<img src=x onerror=alert(1)>",
    "script": "</script><script>alert(2)</script>",
    "svg": "<svg/onload=alert(3)>",
    "comment": "<!-- x --> ]]>",
    "entity": "&lt;b&gt; &amp; &#60;i&#62;",
    "template": "{{7*7}} ${7*7} <%= 7*7 %>",
    "line separator": "a\u2028b\u2029c\x85d",
    "line ends": "two\nlines\r\n\r\n| a | b |\n| --- | --- |",
    "right to left": "שלום \u202e gnp.exe \u2066x\u2069",
    "zero width": "in\u200bvis\u200dible\ufeff\u2060",
    "fillers": "\u3164\u115f\u2800\u034f\ufe0f\U000e0101",
    "colours": "\x1b[31mred\x1b[0m\x07\x9b1m",
    "terminal link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "emoji": "😀" * 60,
    "family": "👩\u200d👩\u200d👧",
    "accents": "a" + "\u0301" * 10_000,
    "wide": "漢字" * 5_000,
    "long": "x" * 10_000,
    "link": "[click](javascript:alert(4))",
    "image link": "![x](http://evil.example/x.png)",
    "reference": "[x]: http://evil.example 'title'",
    "autolink": "<http://evil.example>",
    "bare link": "http://evil.example/a_b_c",
    "bare www": "see www.evil.example",
    "address": "someone@evil.example mailto:me@evil.example @everyone",
    "code": "`` `x` ``",
    "fence": "~~~ ```",
    "maths": "$`x`$ $$y$$ \\(z\\)",
    "pipes": "a|b\\|c\\\\|d",
    "backslash": "x\\",
    "emphasis": "*a* _b_ **c** ~~d~~",
    "list": "- item",
    "number": "1. item",
    "plus": "+ item",
    "heading": "# head ===",
    "quote": "> quote",
    "rule": "---",
    "commands": "\\input{/etc/passwd}\\write18{touch x}\\newpage",
    "end": "^^5cend{document}\\end{tabular}}\\end{table}",
    "special": "50% {of} $x_1^2$ & #2 ~ \\verb|x|",
    "braces": "}}}{{{",
    "options": "[3pt] *",
    "ligatures": "?`--''``,,<<>> -- fi",
    "blanks": "  a  b  ",
    "letters": "Größe Ærø Łódź ĳ ŋ þ ð ñ ç ő Ș",
    "signs": "– — ‘x’ “y” … ± × ≤ ∞ µ ° €",
    "combining": "e\u0301 x\u0302\u0303 \u0301",
    "digits": "-1.5 +2",
    "empty": "",
    "rich": "[bold]x[/bold] [link=http://evil.example]y[/] :smile:",
}
every = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
SHOWN = {"p", "h1", "h2", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}


Named = Callable[[str], Report]


@pytest.fixture(scope="module")
def known() -> dict[str, Report]:
    return {}


@pytest.fixture
def named(make_analysed: MakeRun, known: dict[str, Report]) -> Named:
    """The report of a run in which suite, dataset, protocol, a method, a base model, segments, files and messages bear a
    name."""

    def make(name: str) -> Report:
        if name not in known:
            known[name] = build(run_of(name))
        return known[name]

    def run_of(name: str) -> Run:
        def edit(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
            manifest["datasets"]["ml-1m"] |= {
                "truth": {name: name},
                "label": f"{name} >= 4",
                "order": name,
            }
            manifest["splits"]["ml-1m/cold"] |= {"time": {name: name}, "setting": name}
            manifest["plugins"]["quarantined"] = [{"origin": name, "reason": name}]
            for one in records:
                if one["trial"]["method"] == "average":
                    one["details"] |= {"warnings": [name], "calibrated": name}
                if one["trial"]["method"] == "user-best":
                    one.update(failed(name))
                if one["trial"]["method"] == "ffm":
                    one["details"]["predictions"] = {"file": name, "sha256": name, "rows": 1}
            manifest["metrics"].append(name)

        run = make_analysed(seeds=(0,), edit=edit)
        (found,) = run.analyses.values()
        found["notes"] = [name]
        found["methods"][4]["against_best_single"]["logloss"] |= {
            **dict.fromkeys(("low", "high", "seeds_low", "seeds_high")),
            **dict.fromkeys(("p", "seeds_p", "p_both", "p_holm")),
            "verdict": "withheld",
            "reason": name,
        }
        words = {
            "gating": name,
            "lr": f"{name}2",
            "ml-1m": name,
            "cold": name,
            "movielens-1m-cold": name,
        }
        words |= {"1 to 20 rows": name, "below 40 %": name, "ml-1m/cold": f"{name}/{name}"}
        return run._replace(
            manifest=replaced(run.manifest, words),
            records=tuple(replaced(one, words) for one in run.records),
            analyses=replaced(run.analyses, words),
        )

    return make


def replaced(value: Any, words: dict[str, str]) -> Any:
    """Every text and key that is one of the words, replaced."""
    if isinstance(value, dict):
        return {words.get(key, key): replaced(one, words) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(one, words) for one in value]
    return words.get(value, value) if isinstance(value, str) else value


class Page(HTMLParser):
    """The tags, attributes and text of a page, and how many cells each row of a table has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.cells: list[list[int]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {key for key, _ in attrs}
        if tag == "table":
            self.cells.append([])
        elif tag == "tr":
            self.cells[-1].append(0)
        elif tag in ("td", "th"):
            self.cells[-1][-1] += 1

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.fault(43)
@every
def test_a_terminal_gets_text_and_nothing_else(named: Named, name: str, tmp_path: Path) -> None:
    file = tmp_path / "out"
    with file.open("w", encoding="utf-8") as out:
        print_blocks(document(named(name)), Console(file=out, width=80))
    text = file.read_text("utf-8")
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(map(cell_len, text.split("\n"))) <= 80
    assert len(text) < 40_000
    assert "".join(short(name)[:12].split()) in "".join(text.split())


@pytest.mark.fault(43)
@every
def test_markdown_renders_as_text_without_links_tags_or_further_cells(
    named: Named, name: str
) -> None:
    text = to_markdown(named(name))
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text) < 60_000
    page = Page(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))
    assert page.tags <= SHOWN
    assert page.attributes <= {"style"}
    assert all(len(set(rows)) == 1 for rows in page.cells)
    assert short(name).strip() in page.text.replace("\u2060", "")


@pytest.mark.fault(43)
@every
def test_markdown_gives_github_nothing_to_link_to_mention_or_typeset(
    named: Named, name: str
) -> None:
    text = to_markdown(named(name))
    assert not re.search(r"(?i)www\.|(?<!\\)://|mailto:|@(?!&#8288;)|(?<!\\)(?:\\\\)*[`$]", text)
    assert "<" not in text


@pytest.mark.fault(43)
@every
def test_json_is_ascii_strict_and_safe_inside_a_page(
    named: Named, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    echo_json(to_json(named(name)))
    out = capsys.readouterr().out
    assert out.isascii()
    assert not set(out) & set("<>&")
    told = json.loads(out, parse_constant=pytest.fail)
    (section,) = told["sections"]
    assert (told["suite"], section["dataset"], section["protocol"]) == (name, name, name)
    assert {name, f"{name}2"} <= {row["name"] for row in section["rows"]}
    assert name in {method["name"] for method in section["analysis"]["methods"]}


def test_a_page_of_the_oracle_does_not_pass_what_is_not_escaped() -> None:
    page = Page(
        MarkdownIt("commonmark")
        .enable("table")
        .render("<svg/onload=alert(1)> ![x](http://evil.example)")
    )
    assert not page.tags <= SHOWN


@pytest.mark.fault(43)
def test_accents_without_end_are_cut() -> None:
    assert len(short("a" + "\u0301" * 10_000)) < 100


@pytest.mark.fault(43)
@needs_latex
def test_pdflatex_typesets_every_name_and_obeys_none(named: Named, tmp_path: Path) -> None:
    tables = [to_latex(named(name)) for name in NAMES.values()]
    read = typeset("\n\\clearpage\n".join(tables), tmp_path)
    assert {file.stem for file in tmp_path.iterdir()} == {"paper"}
    shown = _bare(read)
    for name in NAMES.values():
        if short(name).isascii():
            assert _bare(short(name)) in shown
    assert read.count("perfect-sample") == len(NAMES)


def _bare(text: str) -> str:
    """Without what a PDF says otherwise: blanks, underscores (which are rules), typographic signs."""
    signs = str.maketrans({"’": "'", "‘": "`", "”": '"', "ˆ": "^", "˜": "~", "_": None})
    return "".join(text.translate(signs).split())
